"""What tenants use of their quotas."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.models import Listing, PageResource
from chalicelib.api.resources.usage import UsageResource
from chalicelib.domain.authorization import Caller
from chalicelib.ports import Ports
from chalicelib.services import usage
from chalicelib.services.usage import ListUsage

blueprint = ApiBlueprint(__name__)


@blueprint.route("/tenants/{tenant_id}/usage")
@endpoint(blueprint, query=Listing)
def list_usage(tenant_id: str, query: Listing, caller: Caller, ports: Ports) -> Ok[PageResource[UsageResource]]:
    """
    List what a tenant uses of each plugin that it has installed, and what it may use.

    The limits are those of the tenant's tier, each replaced by the installation's own.
    """
    path = f"/tenants/{tenant_id}/usage"
    page = usage.list_usage(ListUsage(caller, tenant_id, query.request(path, ports.cursors)), ports)

    return Ok(PageResource[UsageResource].of(page, UsageResource.of, cursors=ports.cursors, scope=query.scope(path)))
