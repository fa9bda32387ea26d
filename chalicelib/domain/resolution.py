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


class Apart(NamedTuple):
    """
    What comes before the split of all: *arms* are the variants with the bucket that each ends before.

    Whoever is in one of *rings* gets *by_ring*.
    """

    arms: Arms
    rings: tuple[str, ...]
    by_ring: Resolution


#: `Ways` without their names: Python takes such a tuple apart at once, a named one item by item.
PlainWays = tuple["blake2b | None", int, Resolution, Resolution, Apart | None]


class Ways(NamedTuple):
    """
    Every answer that a route alone can give, worked out when it is first asked; a route never changes.

    *salted* is the hash after plugin and salt, None where no bucket parts stable and candidate. A bucket below
    *candidate_below* gets *candidate*, everybody else *otherwise*. *apart* is None where there are neither variants
    nor rings, so that most decisions ask for both at once.
    """

    salted: blake2b | None
    candidate_below: int
    candidate: Resolution
    otherwise: Resolution
    apart: Apart | None = None


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


def resolve(  # noqa: PLR0911 - the rules in their order, each a line; a function for each would be half the time
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
        salted, candidate_below, candidate, otherwise, apart = route.ways
    except AttributeError:
        salted, candidate_below, candidate, otherwise, apart = _work_out(route)
    if apart is not None and (found := _apart(apart, route, tenant)) is not None:
        return found
    if salted is None:
        return otherwise
    # _bucket, written out: a call would be a tenth of the decision.
    state = salted.copy()
    state.update(tenant.id.encode())
    return candidate if _number(state.digest()) % FULL_BPS < candidate_below else otherwise


def _apart(apart: Apart, route: Route, tenant: Tenant) -> Resolution | None:
    """Find the variant or the ring of a tenant; None when it has neither: what the arms leave is in no experiment."""
    if apart.arms:
        bucket = bucket_of(route.plugin_id, route.salt, tenant.id)
        for ends_before, variant in apart.arms:
            if bucket < ends_before:
                return variant
    return apart.by_ring if tenant.ring in apart.rings else None


def _work_out(route: Route) -> PlainWays:
    """Turn a route into its answers and leave them with it; doing so twice at once does no harm."""
    arms, ends_before = [], 0
    for variant in route.variants:
        ends_before += variant.share_bps
        arms.append((ends_before, Resolution(variant.target, Reason.EXPERIMENT)))
    ways = _of_candidate(route)
    rings = route.candidate_rings if route.candidate is not None else ()
    if arms or rings:
        ways = ways._replace(apart=Apart((*arms,), rings, Resolution(route.candidate, Reason.RING)))
    if ways.candidate_below:
        ways = ways._replace(salted=_salted(route.plugin_id, route.salt))
    route.ways = plain = (*ways,)
    return plain


def _of_candidate(route: Route) -> Ways:
    """Ask stable and candidate alone; 0 and 100 % are exact and need no hash."""
    stable = Resolution(route.stable, Reason.STABLE) if route.stable is not None else _NOT_DEPLOYED
    nothing = Ways(None, 0, stable, stable)
    if route.candidate is None:
        return nothing
    candidate = Resolution(route.candidate, Reason.CANARY)
    if route.candidate_bps in (0, FULL_BPS):
        return nothing._replace(otherwise=candidate if route.candidate_bps else stable)
    if route.split_by is SplitBy.REQUEST and route.stable is not None:
        return nothing._replace(otherwise=Resolution(route.stable, Reason.CANARY, by_request=True))
    return nothing._replace(candidate_below=route.candidate_bps, candidate=candidate)
