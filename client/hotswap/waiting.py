"""Waiting for what goes on at the API: poll, ever more slowly, until it is over or the time is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hotswap.clock import Deadline
from hotswap.errors import StillRunningError

Watched = TypeVar("Watched")

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 2.0
_GROWTH = 1.4


def wait_for(
    read: Callable[[], Watched],
    is_over: Callable[[Watched], bool],
    deadline: Deadline,
    *,
    seen: Callable[[Watched], None],
    what: str,
    look_again: str,
) -> Watched:
    """
    Read until *is_over*; *seen* hears of each reading.

    The pauses grow to two seconds, so that a long wait stays far below the limit of 60 reads a minute.

    Raises:
        StillRunningError: The deadline passed; *what* says what still runs, *look_again* with which command.
    """
    pause_seconds = FIRST_PAUSE_SECONDS
    while True:
        watched = read()
        seen(watched)
        if is_over(watched):
            return watched
        if deadline.has_passed():
            raise StillRunningError(f"{what} is still going on.", fix=f"look again later: `{look_again}`")
        deadline.clock.sleep(min(pause_seconds, deadline.remaining_seconds()))
        pause_seconds = min(pause_seconds * _GROWTH, LONGEST_PAUSE_SECONDS)
