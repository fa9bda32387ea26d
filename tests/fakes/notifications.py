"""The topic and the claims, in memory."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from chalicelib.domain.notifications import Notification
from chalicelib.ports import Claim


@dataclass
class FakeNotifier:
    """The topic; `sent` is what subscribers got."""

    sent: list[Notification] = field(default_factory=list)
    _failures: list[Exception] = field(default_factory=list)

    def fail_next(self, error: Exception) -> None:
        """Let the next publish fail before anybody hears of it."""
        self._failures.append(error)

    def publish(self, notification: Notification) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.sent.append(notification)


@dataclass
class FakeClaims:
    """Claims with their ends; None is a claim that was finished."""

    claims: dict[str, datetime | None] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, key: str, *, now: datetime, until: datetime) -> Claim:
        with self._lock:
            known = self.claims.get(key, now - timedelta(days=1))
            if known is None:
                return Claim.DONE
            if known >= now:
                return Claim.BUSY
            self.claims[key] = until
            return Claim.OURS

    def finish(self, key: str, *, now: datetime) -> None:
        self.claims[key] = None
