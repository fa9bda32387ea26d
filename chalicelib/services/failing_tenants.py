"""Tenants that have failed in a container: their calls are counted one by one from then on, those of others never."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from chalicelib.domain.tallies import Tally, add

#: So many tenants a container watches at once, those that failed last: what a write of them costs has a bound.
MAX_WATCHED = 20

#: Of what, and which tenant.
Who = TypeVar("Who", bound=Hashable)


class FailingTenants(Generic[Who]):
    """
    What a container has counted of single tenants and not written yet.

    A tenant is watched from its first failure on, which is not counted itself: whether a call counts is known before
    the call, so a tenant's rate of failures here is its true one, although nobody ever counts those who do not fail.
    """

    def __init__(self) -> None:
        self._watched: OrderedDict[Who, None] = OrderedDict()
        self._counted: dict[Who, Tally] = {}

    def note(self, who: Who, *, has_failed: bool) -> None:
        """Count a call of a tenant that is watched, and watch one that fails."""
        if who in self._watched:
            add(self._counted.setdefault(who, {}), {"requests": 1, "failures": int(has_failed)})
        if has_failed:
            self._watched[who] = None
            self._watched.move_to_end(who)
            if len(self._watched) > MAX_WATCHED:
                self._watched.popitem(last=False)

    def take(self) -> dict[Who, Tally]:
        """Hand over what was counted."""
        counted, self._counted = self._counted, {}
        return counted
