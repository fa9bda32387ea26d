"""The key that overrides are signed with."""

from __future__ import annotations

from typing import Protocol


class OverrideKey(Protocol):
    """One key a stack, which never leaves the processes that sign or verify."""

    def find(self) -> bytes | None:
        """Return the key; None while no override was ever made."""

    def ensure(self) -> bytes:
        """Return the key; the first who asks makes it."""
