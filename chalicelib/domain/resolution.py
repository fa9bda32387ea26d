"""Resolution: which version serves a tenant, always the same way, and the reason why."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.installations import Installation
from chalicelib.domain.routes import FULL_BPS, Route, SplitBy, Target
from chalicelib.domain.tenants import Tenant, TenantStatus

if TYPE_CHECKING:
    from hashlib import blake2b


class Reason(StrEnum):
    """Which rule matched (CONTRACT §5); the order of the members is the order of the rules."""

    BLOCKED = "blocked"
    NOT_INSTALLED = "not-installed"
    PIN = "pin"
    OVERRIDE = "override"
    EXPERIMENT = "experiment"
    RING = "ring"
    CANARY = "canary"
    STABLE = "stable"
    NOT_DEPLOYED = "not-deployed"


class Resolution(NamedTuple):
    """
    The decision: a target to call, or None when nobody may serve; *reason* says which rule matched.

    With *by_request* the environment's weighted alias chooses anew for each call; *target* is then its primary.
    """

    target: Target | None
    reason: Reason
    by_request: bool = False


# Built once: a member of an enum costs a look-up and a tuple its making, on each decision.
_number = int.from_bytes  # big-endian
_SUSPENDED = TenantStatus.SUSPENDED
_PIN = Reason.PIN
_BLOCKED = Resolution(None, Reason.BLOCKED)
_NOT_INSTALLED = Resolution(None, Reason.NOT_INSTALLED)
_NOT_DEPLOYED = Resolution(None, Reason.NOT_DEPLOYED)


#: Variants, each with the bucket that it ends before.
Arms = tuple[tuple[int, Resolution], ...]
#: `Ways` without their names: Python takes such a tuple apart at once, a named one item by item.
PlainWays = tuple["blake2b | None", Arms, tuple[str, ...], Resolution, int, Resolution, Resolution]


class Ways(NamedTuple):
    """
    Every answer that a route alone can give, worked out when it is first asked; a route never changes.

    *salted* is the hash after plugin and salt, None where no bucket parts stable and candidate. *arms* are the
    variants with the bucket that each ends before; whoever is in one of *rings* gets *by_ring*, a bucket below
    *candidate_below* gets *candidate*, everybody else *otherwise*.
    """

    salted: blake2b | None
    arms: Arms
    rings: tuple[str, ...]
    by_ring: Resolution
    candidate_below: int
    candidate: Resolution
    otherwise: Resolution


def bucket_of(plugin_id: str, salt: str, tenant_id: str) -> int:
    """
    Place a tenant in 0 … 9,999, the same for ever and independent across plugins.

    BLAKE2b with 8 bytes, big-endian: a linear hash such as CRC-32 makes the cohorts of two plugins
    overlap (186 common tenants where 100 are expected).
    """
    return _bucket(_salted(plugin_id, salt), tenant_id)


def _salted(plugin_id: str, salt: str) -> blake2b:
    """Begin the hash; it is loaded when a split first needs it, for OpenSSL comes along: a twentieth of a start."""
    from hashlib import blake2b  # noqa: PLC0415 - told above

    return blake2b(f"{plugin_id}:{salt}:".encode(), digest_size=8)


def _bucket(salted: blake2b, tenant_id: str) -> int:
    state = salted.copy()
    state.update(tenant_id.encode())
    return _number(state.digest()) % FULL_BPS


def resolve(  # noqa: C901, PLR0911 - the rules in their order, each a line; a function for each would be half the time
    route: Route | None,
    tenant: Tenant | None,
    installation: Installation | None,
    now: str,
    override: Target | None = None,
) -> Resolution:
    """
    Decide who serves; the first rule that matches wins. Total: any input gives an answer.

    *now* (RFC 3339) ends expired pins; *override* is the target of a verified override token. Neither leads to a
    version that the route knows as blocked. An unknown tenant is told apart from an uninstalled plugin nowhere:
    neither may learn of the other.
    """
    if tenant is None:
        return _NOT_INSTALLED
    if tenant.status is _SUSPENDED:
        return _BLOCKED
    if installation is None or not installation.is_enabled:
        return _NOT_INSTALLED
    pin = installation.pin
    if (
        pin is not None
        and route is not None
        and pin.holds(route.environment, now)
        and pin.target.version not in route.blocked
    ):
        return Resolution(pin.target, _PIN)
    if override is not None and (route is None or override.version not in route.blocked):
        return Resolution(override, Reason.OVERRIDE)
    if route is None:
        return _NOT_DEPLOYED
    try:
        salted, arms, rings, by_ring, candidate_below, candidate, otherwise = route.ways
    except AttributeError:
        salted, arms, rings, by_ring, candidate_below, candidate, otherwise = _work_out(route)
    if arms and (variant := _variant_of(route, arms, tenant.id)) is not None:
        return variant
    if rings and tenant.ring in rings:
        return by_ring
    if salted is None:
        return otherwise
    # _bucket, written out: a call would be a tenth of the decision.
    state = salted.copy()
    state.update(tenant.id.encode())
    return candidate if _number(state.digest()) % FULL_BPS < candidate_below else otherwise


def _variant_of(route: Route, arms: Arms, tenant_id: str) -> Resolution | None:
    """Find the arm whose part of the buckets holds the tenant; what the arms leave is not in the experiment."""
    bucket = bucket_of(route.plugin_id, route.salt, tenant_id)
    return next((variant for below, variant in arms if bucket < below), None)


def _work_out(route: Route) -> PlainWays:
    """Turn a route into its answers and leave them with it; doing so twice at once does no harm."""
    arms, ends_before = [], 0
    for variant in route.variants:
        ends_before += variant.share_bps
        arms.append((ends_before, Resolution(variant.target, Reason.EXPERIMENT)))
    ways = _of_candidate(route)._replace(arms=tuple(arms))
    if ways.candidate_below:
        ways = ways._replace(salted=_salted(route.plugin_id, route.salt))
    route.ways = plain = (*ways,)
    return plain


def _of_candidate(route: Route) -> Ways:
    """Ask stable and candidate alone; 0 and 100 % are exact and need no hash."""
    stable = Resolution(route.stable, Reason.STABLE) if route.stable is not None else _NOT_DEPLOYED
    nothing = Ways(None, (), (), stable, 0, stable, stable)
    if route.candidate is None:
        return nothing
    by_ring = Resolution(route.candidate, Reason.RING)
    candidate = Resolution(route.candidate, Reason.CANARY)
    ringed = nothing._replace(rings=route.candidate_rings, by_ring=by_ring)
    if route.candidate_bps in (0, FULL_BPS):
        return ringed._replace(otherwise=candidate if route.candidate_bps else stable)
    if route.split_by is SplitBy.REQUEST and route.stable is not None:
        return ringed._replace(otherwise=Resolution(route.stable, Reason.CANARY, by_request=True))
    return ringed._replace(candidate_below=route.candidate_bps, candidate=candidate)
