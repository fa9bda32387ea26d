"""Resolution: which version serves a tenant, always the same way, and the reason why."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
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


def bucket_of(plugin_id: str, salt: str, tenant_id: str) -> int:
    """
    Place a tenant in 0 … 9,999, the same for ever and independent across plugins.

    BLAKE2b with 8 bytes, big-endian: a linear hash such as CRC-32 makes the cohorts of two plugins
    overlap (186 common tenants where 100 are expected).
    """
    digest = _blake2b()(f"{plugin_id}:{salt}:{tenant_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % FULL_BPS


@cache
def _blake2b() -> type[blake2b]:
    """Load the hash when a split first needs it: OpenSSL comes along, a twentieth of the invoke function's start."""
    from hashlib import blake2b  # noqa: PLC0415 - told above

    return blake2b


def resolve(
    route: Route | None,
    tenant: Tenant | None,
    installation: Installation | None,
    *,
    now: str,
    override: Target | None = None,
) -> Resolution:
    """
    Decide who serves; the first rule that matches wins. Total: any input gives an answer.

    *now* (RFC 3339) ends expired pins; *override* is the target of a verified override token. An unknown tenant
    is told apart from an uninstalled plugin nowhere: neither may learn of the other.
    """
    if tenant is not None and tenant.status is TenantStatus.SUSPENDED:
        return Resolution(None, Reason.BLOCKED)
    if tenant is None or installation is None or not installation.is_enabled:
        return Resolution(None, Reason.NOT_INSTALLED)
    pin = installation.pin
    if pin is not None and route is not None and pin.holds(route.environment, now):
        return Resolution(pin.target, Reason.PIN)
    if override is not None:
        return Resolution(override, Reason.OVERRIDE)
    if route is None:
        return Resolution(None, Reason.NOT_DEPLOYED)
    return _by_route(route, tenant)


def _by_route(route: Route, tenant: Tenant) -> Resolution:
    """Ask the route alone: experiment, ring, canary, stable."""
    if route.variants and (variant := _variant_of(route, tenant.id)) is not None:
        return Resolution(variant, Reason.EXPERIMENT)
    if route.candidate is not None:
        if tenant.ring in route.candidate_rings:
            return Resolution(route.candidate, Reason.RING)
        if 0 < route.candidate_bps < FULL_BPS and route.split_by is SplitBy.REQUEST and route.stable is not None:
            return Resolution(route.stable, Reason.CANARY, by_request=True)
        if _is_on_candidate(route, tenant.id):
            return Resolution(route.candidate, Reason.CANARY)
    if route.stable is None:
        return Resolution(None, Reason.NOT_DEPLOYED)
    return Resolution(route.stable, Reason.STABLE)


def _is_on_candidate(route: Route, tenant_id: str) -> bool:
    """0 and 100 % are exact and need no hash."""
    if route.candidate_bps in (0, FULL_BPS):
        return route.candidate_bps == FULL_BPS
    return bucket_of(route.plugin_id, route.salt, tenant_id) < route.candidate_bps


def _variant_of(route: Route, tenant_id: str) -> Target | None:
    """Find the variant whose part of the buckets holds the tenant; what the variants leave is not in the experiment."""
    bucket = bucket_of(route.plugin_id, route.salt, tenant_id)
    for variant in route.variants:
        if bucket < variant.share_bps:
            return variant.target
        bucket -= variant.share_bps
    return None
