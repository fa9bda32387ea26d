"""Following what goes on for long: read about once a second, and outlive an API that is away for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hotswap.clock import Deadline
from hotswap.errors import ApiError, HotSwapError, StillRunningError, UnreachableError

Followed = TypeVar("Followed")

#: A reading a second at most; what stands still is read less often, so that a day of it stays far below the limits.
EAGER_SECONDS = 1.0
PATIENT_SECONDS = 5.0
_GROWTH = 1.2
_FIRST_SERVER_ERROR = 500
_TOO_MANY = 429


def follow(
    read: Callable[[], Followed],
    is_over: Callable[[Followed], bool],
    deadline: Deadline,
    *,
    seen: Callable[[Followed], None],
    missed: Callable[[str], None],
    what: str,
    look_again: str,
) -> Followed:
    """
    Read until *is_over*; *seen* hears of each reading, *missed* of each that failed and may work the next time.

    Raises:
        StillRunningError: The deadline passed; *what* says what still runs, *look_again* with which command.
        HotSwapError: The API refused, which no waiting changes.
    """
    before: Followed | None = None
    pause_seconds = EAGER_SECONDS
    while True:
        now = _read(read, missed)
        if now is not None:
            seen(now)
            if is_over(now):
                return now
            pause_seconds = EAGER_SECONDS if now != before else min(pause_seconds * _GROWTH, PATIENT_SECONDS)
            before = now
        if deadline.has_passed():
            raise StillRunningError(f"{what} is still going on.", fix=f"look again later: `{look_again}`")
        deadline.clock.sleep(min(pause_seconds, deadline.remaining_seconds()))


def _read(read: Callable[[], Followed], missed: Callable[[str], None]) -> Followed | None:
    try:
        return read()
    except HotSwapError as error:
        is_passing = isinstance(error, UnreachableError) or (
            isinstance(error, ApiError) and (error.status >= _FIRST_SERVER_ERROR or error.status == _TOO_MANY)
        )
        if not is_passing:
            raise
        missed(error.message)
        return None
