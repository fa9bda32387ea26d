"""Times as the product writes them: RFC 3339, UTC, milliseconds."""

from __future__ import annotations

from datetime import datetime


def milliseconds(at: str) -> int:
    """Count the milliseconds from 1970 to *at*, as `rfc3339` writes it."""
    return round(datetime.fromisoformat(at).timestamp() * 1000)


def rfc3339(moment: datetime) -> str:
    """Write an aware UTC *moment*; texts sort as the moments do."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
