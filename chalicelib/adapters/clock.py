"""The real time."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present, aware, UTC."""
        return datetime.now(UTC)
