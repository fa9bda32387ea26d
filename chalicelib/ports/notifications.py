"""Messages to whoever has subscribed, and the claims that let each go out once."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.domain.notifications import Notification


class Claim(StrEnum):
    """What came of asking to do something that must be done once."""

    OURS = "ours"
    DONE = "done"
    BUSY = "busy"


class Notifier(Protocol):
    """The topic."""

    def publish(self, notification: Notification) -> None:
        """
        Send one message to all subscribers whose filter it passes.

        Raises:
            TransientError: The topic throttles or is unreachable.
        """


class ClaimRepository(Protocol):
    """Who does what must be done once."""

    def take(self, key: str, *, now: datetime, until: datetime) -> Claim:
        """Claim *key*; BUSY while another's claim lasts, DONE for at least two days after it was finished."""

    def finish(self, key: str, *, now: datetime) -> None:
        """Say that it is done."""
