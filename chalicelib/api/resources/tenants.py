"""Tenants: the customers of the product."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Line, Listing, Resource
from chalicelib.domain.authorization import Caller
from chalicelib.domain.rings import DEFAULT_RING, RING_PATTERN
from chalicelib.domain.tenants import Tenant, TenantFilter, TenantStatus, Tier
from chalicelib.services.tenants import CreateTenant, UpdateTenant

Ring = Annotated[str, Field(pattern=RING_PATTERN)]


class CreateTenantBody(Body):
    """A new tenant."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": "acme", "name": "ACME Corp.", "tier": "Professional"}]}
    )

    id: Annotated[
        str,
        Field(
            description="Use 1 to 63 characters: a-z, 0-9 and '-'; begin with a letter or digit.",
            json_schema_extra={"pattern": "^[a-z0-9][a-z0-9-]{0,62}$"},
        ),
    ]
    name: Annotated[Line, Field(description="Send what people call the tenant.")] = ""
    tier: Annotated[Tier, Field(description="Use one of " + ", ".join(Tier) + ".")] = Tier.FREE
    ring: Annotated[Ring, Field(description="Use one of the rings that GET /rings lists.")] = DEFAULT_RING

    def to_command(self, caller: Caller, *, validate_only: bool) -> CreateTenant:
        """Make the command of the use case."""
        return CreateTenant(caller, self.id, self.name, self.tier, self.ring, validate_only=validate_only)


class UpdateTenantBody(Body):
    """What is to change of a tenant; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ring": "beta"}, {"status": "Suspended"}]})

    name: Annotated[Line | None, Field(min_length=1, description="Send what people call the tenant.")] = None
    tier: Annotated[Tier | None, Field(description="Use one of " + ", ".join(Tier) + ".")] = None
    ring: Annotated[Ring | None, Field(description="Use one of the rings that GET /rings lists.")] = None
    status: Annotated[
        TenantStatus | None, Field(description="Use Suspended to refuse its invocations, Active to allow them.")
    ] = None

    def to_command(self, caller: Caller, tenant_id: str, *, validate_only: bool) -> UpdateTenant:
        """Make the command of the use case."""
        return UpdateTenant(
            caller, tenant_id, self.name, self.tier, self.ring, self.status, validate_only=validate_only
        )


class TenantListing(Listing):
    """Which tenants a listing shows."""

    tier: Annotated[Tier | None, Field(description="Only tenants of this tier.")] = None
    ring: Annotated[Ring | None, Field(description="Only tenants of this ring.")] = None
    status: Annotated[TenantStatus | None, Field(description="Only tenants with this status.")] = None

    def to_filter(self) -> TenantFilter:
        """Make the filter of the repository."""
        return TenantFilter(self.tier, self.ring, self.status)


class TenantResource(Resource):
    """A customer of the product."""

    id: str
    name: str
    tier: Tier
    ring: str
    status: TenantStatus
    erasing_since: Annotated[str | None, Field(description="Its erasure began then; repeat the DELETE to finish it.")]
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, tenant: Tenant) -> TenantResource:
        """Present a tenant."""
        return cls(
            id=tenant.id,
            name=tenant.name,
            tier=tenant.tier,
            ring=tenant.ring,
            status=tenant.status,
            erasing_since=tenant.erasing_since,
            created_at=tenant.created_at,
            updated_at=tenant.updated_at,
        )
