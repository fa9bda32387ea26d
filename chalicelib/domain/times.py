"""Times as the product writes them: RFC 3339, UTC, milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def rfc3339(moment: datetime) -> str:
    """Write an aware UTC *moment*; texts sort as the moments do."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
