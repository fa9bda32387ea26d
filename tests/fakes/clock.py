"""A clock that stands still until told, and identifiers that count."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """The time is what the test says."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, *, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)


class FakeIds:
    """Identifiers in the form of ULIDs: 0, 1, 2 …, so a test can foretell them."""

    def __init__(self) -> None:
        self._next = 0

    def new(self, prefix: str) -> str:
        identifier = f"{prefix}_01HSF{self._next:021d}"
        self._next += 1
        return identifier

    def new_secret(self) -> str:
        self._next += 1
        return f"{self._next:043d}"
