"""Time as the client sees it: now, elapsed, and waiting; a test brings a clock that does not wait."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the client asks of time."""

    def now(self) -> datetime:
        """Give the present moment, aware, in UTC."""
        ...

    def elapsed_seconds(self) -> float:
        """Give seconds on a clock that never goes back; only differences mean something."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Give the present moment, aware, in UTC."""
        return datetime.now(tz=UTC)

    def elapsed_seconds(self) -> float:
        """Give seconds on a clock that never goes back."""
        return time.perf_counter()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment after which waiting ends."""

    clock: Clock
    ends_at_seconds: float

    @classmethod
    def after(cls, seconds: float, clock: Clock) -> Deadline:
        """Set a deadline *seconds* from now."""
        return cls(clock, clock.elapsed_seconds() + seconds)

    def remaining_seconds(self) -> float:
        """Tell how long is left; never below 0."""
        return max(0.0, self.ends_at_seconds - self.clock.elapsed_seconds())

    def has_passed(self) -> bool:
        """Tell whether the time is over."""
        return self.remaining_seconds() <= 0
