"""Tenants: the customers of the product."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Line, Resource
from chalicelib.domain.authorization import Caller
from chalicelib.domain.tenants import Tenant, TenantStatus, Tier
from chalicelib.services.tenants import CreateTenant


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
    ring: Annotated[
        str,
        Field(pattern="^[a-z][a-z0-9-]{0,39}$", description="Use a ring such as internal, beta or general."),
    ] = "general"

    def to_command(self, caller: Caller, *, validate_only: bool) -> CreateTenant:
        """Make the command of the use case."""
        return CreateTenant(caller, self.id, self.name, self.tier, self.ring, validate_only=validate_only)


class TenantResource(Resource):
    """A customer of the product."""

    id: str
    name: str
    tier: Tier
    ring: str
    status: TenantStatus
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
            created_at=tenant.created_at,
            updated_at=tenant.updated_at,
        )
