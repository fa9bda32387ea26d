"""
Tallies: what one container has counted of its calls, by what they are counted under. Light: the hot path counts.

A tally is amounts by name: ``requests``, ``failures``, ``l<bucket>`` calls of a latency, ``r<group>`` and ``f<group>``
requests and failures of a hundredth of the tenants. Amounts of containers, shards and days simply add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.latency_buckets import bucket_of as latency_bucket_of
from chalicelib.domain.routes import FULL_BPS, SplitBy

if TYPE_CHECKING:
    from chalicelib.domain.routes import Route, Target
    from chalicelib.domain.tenants import Tenant

Tally = dict[str, int]

#: Tenants are counted by the hundredth that their bucket lies in, which is as fine as history needs to be.
GROUPS = 100
GROUP_BPS = FULL_BPS // GROUPS
#: Traffic is kept in pieces of this length.
SLOT_SECONDS = 300
#: A phase is judged in pieces of this length, so that a version that turns bad late is not hidden by its good past.
PIECE_SECONDS = 3_600
DAY_SECONDS = 86_400
#: Who is counted by name is spread over so many items.
PARTS = 16


class Call(NamedTuple):
    """
    A call that came to its end: which *target* served it, and how it went.

    *is_split* says that the route chose, and neither a pin nor an override. *has_failed* is a failure of the version;
    what the caller did wrong is no call of it at all.
    """

    route: Route
    tenant: Tenant
    target: Target
    is_split: bool
    has_failed: bool
    duration_ms: float


class Phase(NamedTuple):
    """
    Calls of one version while the split stood still, *piece* being the hour (since 1970).

    *epoch* is the route's. The version had the buckets from *low_bps* to before *high_bps*, and all of *rings*.
    """

    deployment_id: str
    epoch: int
    piece: int
    version: str
    low_bps: int = 0
    high_bps: int = 0
    rings: tuple[str, ...] = ()
    split_by: SplitBy = SplitBy.TENANT


class Arm(NamedTuple):
    """Calls of one tenant, by its `mark`, in an experiment."""

    deployment_id: str
    version: str
    tenant: str


class Traffic(NamedTuple):
    """All calls of a version, *slot* being the piece of time (`SLOT_SECONDS` since 1970)."""

    plugin_id: str
    environment: str
    slot: int
    version: str


class History(NamedTuple):
    """What tenants of a ring did on *day* (since 1970) while nothing was being tried, by group."""

    plugin_id: str
    environment: str
    day: int
    ring: str


class Tried(NamedTuple):
    """Calls of one tenant, by its `mark`, in an epoch of a trial, from after its first failure in a container on."""

    deployment_id: str
    epoch: int
    version: str
    tenant: str


class Past(NamedTuple):
    """What stable did for one tenant on *day* (since 1970), by its `mark`, from after its first failure on."""

    plugin_id: str
    environment: str
    day: int
    tenant: str


class Exposed(NamedTuple):
    """Which tenants a version on trial has served: their marks, one part of them."""

    deployment_id: str
    version: str
    part: int


Place = Phase | Arm | Traffic | History | Tried | Past


class Batch(NamedTuple):
    """What is written at once, and only once: *token* names it."""

    token: str
    tallies: dict[Place, Tally]
    exposed: dict[Exposed, frozenset[str]]


def tally_of(call: Call) -> Tally:
    """Count one call."""
    tally = {"requests": 1, f"l{latency_bucket_of(call.duration_ms)}": 1}
    if call.has_failed:
        tally["failures"] = 1
    return tally


def add(tally: Tally, more: Tally) -> None:
    """Add *more* to *tally* itself."""
    for name, amount in more.items():
        tally[name] = tally.get(name, 0) + amount


def is_on_trial(call: Call) -> bool:
    """Tell whether something else than stable served it."""
    return call.target != call.route.stable


def phase_of(call: Call, now: float) -> Phase:
    """Say under which phase a call counts; *now* in seconds since 1970."""
    route, target = call.route, call.target
    low = high = 0
    for variant in route.variants:
        low, high = high, high + variant.share_bps
        if variant.target == target:
            break
    else:
        low = high = 0
    is_candidate = target == route.candidate
    return Phase(
        route.deployment_id or "",
        route.epoch,
        int(now // PIECE_SECONDS),
        target.version,
        low,
        route.candidate_bps if is_candidate else high,
        route.candidate_rings if is_candidate else (),
        route.split_by,
    )


def mark(deployment_id: str, tenant_id: str) -> str:
    """
    Stand in for a tenant where tenants are only counted: nobody reads who it was, and nothing is left to erase.

    The hash is loaded when it is first needed, not when an invocation starts.
    """
    from hashlib import blake2b  # noqa: PLC0415 - told above

    return blake2b(f"{deployment_id}:{tenant_id}".encode(), digest_size=8).hexdigest()


def past_mark(plugin_id: str, environment: str, tenant_id: str) -> str:
    """Stand in for a tenant in what is kept of its past there."""
    return mark(f"{plugin_id}/{environment}", tenant_id)


def part_of(tenant_mark: str) -> int:
    """Say in which part of the exposed a mark is kept."""
    return int(tenant_mark[0], PARTS)
