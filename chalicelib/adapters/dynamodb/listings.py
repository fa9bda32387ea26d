"""Pages of a query: full unless it has ended, and exact about whether there is more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, TypeVar

from pynamodb.pagination import ResultIterator

from chalicelib.adapters.dynamodb.items import AnyItem
from chalicelib.domain.pages import Page, PageRequest

Thing = TypeVar("Thing")


def start_of(request: PageRequest) -> dict[str, dict[str, Any]] | None:
    """Return where a query goes on, as DynamoDB spells it; every key of ours is a text."""
    if request.position is None:
        return None
    return {name: {"S": value} for name, value in request.position.items()}


def read_page(
    found: ResultIterator[AnyItem],
    request: PageRequest,
    convert: Callable[[AnyItem], Thing],
    *,
    key_names: tuple[str, ...] = ("pk", "sk"),
    admits: Callable[[Thing], bool] = lambda _: True,
) -> Page[Thing]:
    """
    Read one page of *found*; *key_names* are the keys of the table and of the index that was asked.

    One thing more than wanted is looked for, so that the last page says that it is the last.
    """
    converted = ((item, convert(item)) for item in found)
    wanted = list(islice(((item, thing) for item, thing in converted if admits(thing)), request.limit + 1))
    kept = wanted[: request.limit]
    if len(wanted) <= request.limit:
        return Page(tuple(thing for _, thing in kept))
    last: Mapping[str, str] = {name: getattr(kept[-1][0], name) for name in key_names}
    return Page(tuple(thing for _, thing in kept), last)
