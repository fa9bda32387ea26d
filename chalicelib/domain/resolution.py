"""Resolution: which version serves a tenant, always the same way, and the reason why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.domain.installations import Installation
from chalicelib.domain.routes import FULL_BPS, Route, Target
from chalicelib.domain.tenants import Tenant, TenantStatus

if TYPE_CHECKING:
    from hashlib import blake2b


class Reason(StrEnum):
    """Which rule matched (CONTRACT §5)."""

    BLOCKED = "blocked"
    NOT_INSTALLED = "not-installed"
    NOT_DEPLOYED = "not-deployed"
    CANARY = "canary"
    STABLE = "stable"


@dataclass(frozen=True, slots=True)
class Resolution:
    """The decision: a target to call, or None when nobody may serve; *reason* says which rule matched."""

    target: Target | None
    reason: Reason


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


def resolve(route: Route | None, tenant: Tenant | None, installation: Installation | None) -> Resolution:
    """
    Decide who serves; the first rule that matches wins. Total: any input gives an answer.

    An unknown tenant is told apart from an uninstalled plugin nowhere: neither may learn of the other.
    """
    if tenant is not None and tenant.status is TenantStatus.SUSPENDED:
        return Resolution(None, Reason.BLOCKED)
    if tenant is None or installation is None or not installation.is_enabled:
        return Resolution(None, Reason.NOT_INSTALLED)
    if route is None:
        return Resolution(None, Reason.NOT_DEPLOYED)
    if route.candidate is not None and _is_on_candidate(route, tenant.id):
        return Resolution(route.candidate, Reason.CANARY)
    if route.stable is None:
        return Resolution(None, Reason.NOT_DEPLOYED)
    return Resolution(route.stable, Reason.STABLE)


def _is_on_candidate(route: Route, tenant_id: str) -> bool:
    """0 and 100 % are exact and need no hash."""
    if route.candidate_bps in (0, FULL_BPS):
        return route.candidate_bps == FULL_BPS
    return bucket_of(route.plugin_id, route.salt, tenant_id) < route.candidate_bps
