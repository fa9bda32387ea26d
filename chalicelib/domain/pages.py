"""Pages of a listing: how much, from where, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

#: Where a listing goes on: the key attributes of the last item read, as the table knows them.
Position = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Ask for at most *limit* (1 to 100) items after *position*."""

    limit: int = 50
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items, and where to go on (None: that was all)."""

    items: tuple[Item, ...]
    next_position: Position | None = None
