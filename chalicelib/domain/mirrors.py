"""Mirrors: what an environment's alias shows of its route, and which routes are due to be compared with theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.domain.routes import Route

#: Lambda takes 15 control-plane calls a second from the whole account (Lambda quotas, "API requests"); a sweep
#: takes a third of what a minute has.
MOST_A_SWEEP = 300


@dataclass(frozen=True, slots=True)
class Mirror:
    """
    What an alias shows: its Lambda version, the additional weights, and the epoch of the route it was made from.

    *revision* is the alias's own and guards a change of it; two mirrors that show the same are equal.
    """

    lambda_version: str
    weights_bps: Mapping[str, int]
    epoch: int
    revision: str = field(default="", compare=False)


def mirror_of(route: Route) -> Mirror | None:
    """Say what the alias of a route must show; None: there must be no alias, since nobody serves."""
    if route.primary is None:
        return None
    return Mirror(route.primary.lambda_version, route.weights_bps, route.epoch)


def due(routes: Sequence[Route], minute: int, most: int = MOST_A_SWEEP) -> tuple[Route, ...]:
    """
    Choose the routes of this minute's sweep: all of them, or of many every n-th in turn.

    *minute* counts minutes since any fixed moment; the choice needs no memory of the sweep before.
    """
    turns = -(-len(routes) // most) or 1
    return tuple(routes[minute % turns :: turns])
