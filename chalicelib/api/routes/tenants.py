"""Tenants of the product."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Created, Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.models import PageResource
from chalicelib.api.resources.erasures import ErasureResource, ExportListing, TenantExportResource
from chalicelib.api.resources.tenants import CreateTenantBody, TenantListing, TenantResource, UpdateTenantBody
from chalicelib.domain.authorization import Caller, require_tenant
from chalicelib.ports import Ports
from chalicelib.services import erasures, tenants
from chalicelib.services.erasures import EraseTenant

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
        UnprocessableError: There is no such ring (422).
    """
    tenant = tenants.create_tenant(body.to_command(caller, validate_only=validate_only), ports)

    return Created(TenantResource.of(tenant), location=f"/tenants/{tenant.id}", revision=tenant.revision)


@blueprint.route("/tenants")
@endpoint(blueprint, query=TenantListing)
def list_tenants(query: TenantListing, ports: Ports) -> Ok[PageResource[TenantResource]]:
    """List tenants by id."""
    scope = query.scope("/tenants")
    page = ports.tenants.page(query.to_filter(), query.request("/tenants", ports.cursors))

    return Ok(PageResource[TenantResource].of(page, TenantResource.of, cursors=ports.cursors, scope=scope))


@blueprint.route("/tenants/{tenant_id}")
@endpoint(blueprint)
def show_tenant(tenant_id: str, caller: Caller, ports: Ports) -> Ok[TenantResource]:
    """Show a tenant; to a TenantOwner only its own, any other is not found."""
    require_tenant(caller, tenant_id)
    tenant = ports.tenants.get(tenant_id)

    return Ok(TenantResource.of(tenant), revision=tenant.revision)


@blueprint.route("/tenants/{tenant_id}", methods=["PATCH"])
@endpoint(blueprint, body=UpdateTenantBody)
def update_tenant(
    tenant_id: str, body: UpdateTenantBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[TenantResource]:
    """
    Change a tenant, suspend it, or activate it again. A TenantOwner may change the name of its own.

    Raises:
        ConflictError: It is being erased, or somebody else changed it in between (409).
        UnprocessableError: There is no such ring (422).
    """
    tenant = tenants.update_tenant(body.to_command(caller, tenant_id, validate_only=validate_only), ports)

    return Ok(TenantResource.of(tenant), revision=tenant.revision)


@blueprint.route("/tenants/{tenant_id}", methods=["DELETE"])
@endpoint(blueprint)
def delete_tenant(tenant_id: str, caller: Caller, ports: Ports, *, validate_only: bool) -> Ok[ErasureResource]:
    """
    Erase a tenant and everything of it, and say what went. Export it first: nothing comes back.

    While the answer's status is Erasing, more is left than one request can take: repeat it.

    Raises:
        StaleRevisionError: Somebody changed it at the same moment (409).
    """
    erasure = erasures.erase_tenant(EraseTenant(caller, tenant_id, validate_only=validate_only), ports)

    return Ok(ErasureResource.of(erasure))


@blueprint.route("/tenants/{tenant_id}/export")
@endpoint(blueprint, query=ExportListing)
def export_tenant(tenant_id: str, query: ExportListing, caller: Caller, ports: Ports) -> Ok[TenantExportResource]:
    """
    Give everything that is kept of a tenant, by pages of installations; secrets by name only.

    Past configurations are in `…/config/revisions`.
    """
    require_tenant(caller, tenant_id)
    tenant = ports.tenants.get(tenant_id)
    path = f"/tenants/{tenant.id}/export"
    page = ports.installations.page(tenant_id, query.request(path, ports.cursors))
    states = {each.plugin_id: ports.states.load(tenant_id, each.plugin_id)[0] for each in page.items}

    return Ok(TenantExportResource.of(tenant, page, states, cursors=ports.cursors, scope=query.scope(path)))
