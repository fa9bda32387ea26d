"""Read fields of JSON documents, tolerant of what is absent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Document = Mapping[str, Any]

_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_UNIT_SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


def text_of(document: Document, *names: str) -> str:
    """Give the first of *names* that the document fills, as text; empty when none does."""
    return next((str(document[name]) for name in names if document.get(name) not in (None, "")), "")


def time_of(document: Document, name: str) -> datetime | None:
    """Read an RFC 3339 time; None when it is absent or unreadable."""
    try:
        moment = datetime.fromisoformat(text_of(document, name))
    except ValueError:
        return None

    return moment if moment.tzinfo is not None else None


def number_of(document: Document, name: str) -> float | None:
    """Read a number; None when it is absent."""
    value = document.get(name)

    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def seconds_of(document: Document, name: str) -> float | None:
    """Read an ISO 8601 duration, as ``PT10M``, in seconds; None when it is absent or unreadable."""
    match = _DURATION.fullmatch(text_of(document, name))
    if match is None or match.lastgroup is None:
        return None

    return sum(float(match[unit] or 0) * seconds for unit, seconds in _UNIT_SECONDS.items())
