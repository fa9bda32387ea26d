"""Progress of something that takes a while, told stage by stage."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears of the stages of a long command as they happen."""

    def begin(self, stage: str, text: str = "") -> None:
        """Hear that a stage has begun."""
        ...

    def update(self, text: str) -> None:
        """Hear how the stage goes."""
        ...

    def end(self, text: str) -> None:
        """Hear that the stage is done, and what came of it."""
        ...

    def fail(self, text: str) -> None:
        """Hear that the stage came to a bad end."""
        ...


class SilentProgress:
    """Tells nobody; for `--json` and for the Python client."""

    def begin(self, stage: str, text: str = "") -> None:
        """Do nothing."""

    def update(self, text: str) -> None:
        """Do nothing."""

    def end(self, text: str) -> None:
        """Do nothing."""

    def fail(self, text: str) -> None:
        """Do nothing."""
