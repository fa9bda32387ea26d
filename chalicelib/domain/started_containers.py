"""Started containers: those that Lambda keeps ready for a version, by the hour, and how long somebody needs them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: A version that left the last route or pin keeps its containers for so long: a roll-back finds it warm.
KEPT_FOR: Final = timedelta(hours=1)


class Due(StrEnum):
    """What is to be done with the containers of a version."""

    NOTHING = "nothing"
    START = "start"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class StartedContainers:
    """
    How many containers the manifest of a version asks for, and whether they are kept started now.

    *unneeded_since* is when no route and no pin led to the version any more; None while one does.
    """

    plugin_id: str
    version: str
    alias: str
    containers: int
    is_started: bool = True
    unneeded_since: str | None = None

    def seen(self, *, is_needed: bool, now: str) -> StartedContainers:
        """Note whether anybody needs them at *now*; the first moment without need stays."""
        return replace(self, unneeded_since=None if is_needed else self.unneeded_since or now)

    def turned(self, due: Due) -> StartedContainers:
        """Note that what was due is done."""
        return replace(self, is_started=due is Due.START)

    def due(self, now: datetime, *, is_retained: bool) -> Due:
        """Say what is to be done; *is_retained* is False where nobody wants to go back to the version."""
        if self.unneeded_since is None:
            return Due.NOTHING if self.is_started else Due.START
        is_over = not is_retained or now >= datetime.fromisoformat(self.unneeded_since) + KEPT_FOR
        return Due.RELEASE if self.is_started and is_over else Due.NOTHING
