"""Tenants: the customers of the SaaS product."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class TenantStatus(StrEnum):
    """A suspended tenant is refused every invocation."""

    ACTIVE = "Active"
    SUSPENDED = "Suspended"


class Tier(StrEnum):
    """What a tenant pays for."""

    FREE = "Free"
    STARTER = "Starter"
    PROFESSIONAL = "Professional"
    ENTERPRISE = "Enterprise"


class Tenant(NamedTuple):
    """
    A customer. *ring* is the group of tenants, ordered by risk, that it belongs to.

    *erasing_since* is set once its erasure has begun: from then on nothing of it may be written any more.
    """

    id: str
    name: str
    created_at: str
    updated_at: str
    tier: Tier = Tier.FREE
    ring: str = "general"
    status: TenantStatus = TenantStatus.ACTIVE
    erasing_since: str | None = None
    revision: int = 0


class TenantFilter(NamedTuple):
    """Which tenants a listing shows; None filters nothing."""

    tier: Tier | None = None
    ring: str | None = None
    status: TenantStatus | None = None

    def admits(self, tenant: Tenant) -> bool:
        """Tell whether *tenant* is wanted."""
        pairs = ((self.tier, tenant.tier), (self.ring, tenant.ring), (self.status, tenant.status))
        return all(wanted in (None, found) for wanted, found in pairs)


class Erased(NamedTuple):
    """What went of a tenant: how many items of each kind; *is_complete* is False while more of it is left."""

    counts: Mapping[str, int]
    is_complete: bool
