"""Tenants: the customers of the SaaS product."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer. *ring* is the group of tenants, ordered by risk, that it belongs to."""

    id: str
    name: str
    created_at: str
    updated_at: str
    tier: Tier = Tier.FREE
    ring: str = "general"
    status: TenantStatus = TenantStatus.ACTIVE
    revision: int = 0
