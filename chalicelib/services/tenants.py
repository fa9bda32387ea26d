"""Create and change tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import require_tenant
from chalicelib.domain.errors import ConflictError, FieldError, ForbiddenError
from chalicelib.domain.ids import check_tenant_id
from chalicelib.domain.rings import DEFAULT_RING
from chalicelib.domain.tenants import Tenant, TenantStatus, Tier
from chalicelib.domain.times import rfc3339
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports


class CreateTenant(NamedTuple):
    """Ask for a new tenant."""

    caller: Caller
    tenant_id: str
    name: str
    tier: Tier = Tier.FREE
    ring: str = DEFAULT_RING
    validate_only: bool = False


class UpdateTenant(NamedTuple):
    """Ask for a change of a tenant; None leaves a field as it is."""

    caller: Caller
    tenant_id: str
    name: str | None = None
    tier: Tier | None = None
    ring: str | None = None
    status: TenantStatus | None = None
    validate_only: bool = False


#: What a TenantOwner may change of its own tenant; the rest decides what it pays and gets.
OWNERS_FIELDS = frozenset({"name"})


def create_tenant(command: CreateTenant, ports: Ports) -> Tenant:
    """
    Create a tenant.

    Raises:
        ValidationError: The id breaks the pattern (400).
        UnprocessableError: There is no such ring (422).
        ConflictError: The id is taken (409).
    """
    ports.rings.get().require(command.ring)
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


def update_tenant(command: UpdateTenant, ports: Ports) -> Tenant:
    """
    Change a tenant; suspending stops its invocations within two seconds, activating lets them through again.

    Raises:
        NotFoundError: There is no such tenant, for this caller (404).
        ForbiddenError: A TenantOwner asks for more than its own name (403).
        UnprocessableError: There is no such ring (422).
        ConflictError: It is being erased (409).
        StaleRevisionError: Somebody else changed it in between (409).
    """
    require_tenant(command.caller, command.tenant_id)
    asked = {"name": command.name, "tier": command.tier, "ring": command.ring, "status": command.status}
    wanted = {name: value for name, value in asked.items() if value is not None}
    _require_own_fields(command.caller, wanted.keys() - OWNERS_FIELDS)
    tenant = ports.tenants.get(command.tenant_id)
    if tenant.erasing_since is not None:
        raise ConflictError(f"Tenant {tenant.id} is being erased.", fix="Repeat the DELETE to finish it.")
    if command.ring not in (None, tenant.ring):
        ports.rings.get().require(command.ring)
    before = {name: getattr(tenant, name) for name in wanted}
    changed = tenant._replace(**wanted, updated_at=rfc3339(ports.clock.now()))  # type: ignore[arg-type]
    if before == wanted or command.validate_only:
        return tenant if before == wanted else changed
    record = record_of(
        command.caller,
        "UpdateTenant",
        f"tenants/{tenant.id}",
        ports,
        tenant_id=tenant.id,
        before=before,
        after=wanted,
    )
    return ports.tenants.save(changed, record)


def _require_own_fields(caller: Caller, others: set[str]) -> None:
    if caller.is_admin or not others:
        return
    fix = "Leave it out, or ask an Admin."
    errors = tuple(FieldError(f"/{name}", "Only an Admin may change it.", fix) for name in sorted(others))
    raise ForbiddenError(f"You may not change {', '.join(sorted(others))} of a tenant.", fix=fix, errors=errors)
