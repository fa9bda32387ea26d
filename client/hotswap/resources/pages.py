"""Pages of a listing, and walking through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from hotswap.resources.reading import Document
    from hotswap.transport import Transport

Item = TypeVar("Item")

LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a listing, and the opaque cursor of the next one."""

    items: tuple[Item, ...]
    next_cursor: str | None


def walk(
    transport: Transport,
    path: str,
    read: Callable[[Document], Item],
    *,
    limit: int | None = None,
    filters: dict[str, Any] | None = None,
) -> Iterator[Item]:
    """Yield the items of a listing, page after page, *limit* at most (None: all)."""
    cursor: str | None = None
    left = limit
    while left is None or left > 0:
        size = LARGEST_PAGE if left is None else min(left, LARGEST_PAGE)
        query = {**(filters or {}), "limit": size, "cursor": cursor}
        document = transport.request("GET", path, query=query).document
        items = [read(each) for each in document.get("items") or ()][:left]
        yield from items
        left = None if left is None else left - len(items)
        cursor = document.get("nextCursor")
        if not cursor:
            return
