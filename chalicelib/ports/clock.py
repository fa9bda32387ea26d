"""Time and identifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """Return the present, aware, UTC."""


class IdSource(Protocol):
    """Where new identifiers come from."""

    def new(self, prefix: str) -> str:
        """Return *prefix*, ``_`` and a ULID: unique, and sorting by time (``new("dep")`` is ``dep_01J…``)."""

    def new_secret(self) -> str:
        """Return 256 random bits that nobody can foretell, as 43 characters of base64url."""
