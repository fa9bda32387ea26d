"""Create tenants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.ids import check_tenant_id
from chalicelib.domain.tenants import Tenant, Tier
from chalicelib.domain.times import rfc3339
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports


@dataclass(frozen=True, slots=True)
class CreateTenant:
    """Ask for a new tenant."""

    caller: Caller
    tenant_id: str
    name: str
    tier: Tier = Tier.FREE
    ring: str = "general"
    validate_only: bool = False


def create_tenant(command: CreateTenant, ports: Ports) -> Tenant:
    """
    Create a tenant.

    Raises:
        ValidationError: The id breaks the pattern (400).
        ConflictError: The id is taken (409).
    """
    now = rfc3339(ports.clock.now())
    tenant = Tenant(
        id=check_tenant_id(command.tenant_id),
        name=command.name or command.tenant_id,
        created_at=now,
        updated_at=now,
        tier=command.tier,
        ring=command.ring,
    )
    if command.validate_only:
        return tenant
    record = record_of(
        command.caller,
        "CreateTenant",
        f"tenants/{tenant.id}",
        ports,
        tenant_id=tenant.id,
        after={"tier": tenant.tier, "ring": tenant.ring},
    )
    ports.tenants.add(tenant, record)
    return tenant
