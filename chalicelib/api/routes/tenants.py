"""Tenants of the product."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Created, Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.models import Listing, PageResource
from chalicelib.api.resources.tenants import CreateTenantBody, TenantResource
from chalicelib.domain.authorization import Caller, require_tenant
from chalicelib.domain.tenants import TenantFilter
from chalicelib.ports import Ports
from chalicelib.services import tenants

blueprint = ApiBlueprint(__name__)


@blueprint.route("/tenants", methods=["POST"])
@endpoint(blueprint, body=CreateTenantBody)
def create_tenant(
    body: CreateTenantBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Created[TenantResource]:
    """
    Create a tenant.

    Raises:
        ConflictError: The id is taken (409).
    """
    tenant = tenants.create_tenant(body.to_command(caller, validate_only=validate_only), ports)

    return Created(TenantResource.of(tenant), location=f"/tenants/{tenant.id}", revision=tenant.revision)


@blueprint.route("/tenants")
@endpoint(blueprint, query=Listing)
def list_tenants(query: Listing, ports: Ports) -> Ok[PageResource[TenantResource]]:
    """List tenants by id."""
    scope = query.scope("/tenants")
    page = ports.tenants.page(TenantFilter(), query.request("/tenants", ports.cursors))

    return Ok(PageResource[TenantResource].of(page, TenantResource.of, cursors=ports.cursors, scope=scope))


@blueprint.route("/tenants/{tenant_id}")
@endpoint(blueprint)
def show_tenant(tenant_id: str, caller: Caller, ports: Ports) -> Ok[TenantResource]:
    """Show a tenant; to a TenantOwner only its own, any other is not found."""
    require_tenant(caller, tenant_id)
    tenant = ports.tenants.get(tenant_id)

    return Ok(TenantResource.of(tenant), revision=tenant.revision)
