"""Which version serves a tenant, and why."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.resources.effective import EffectiveQuery, EffectiveResource
from chalicelib.domain.authorization import Caller
from chalicelib.ports import Ports
from chalicelib.services import explanations
from chalicelib.services.explanations import ExplainServing

blueprint = ApiBlueprint(__name__)


@blueprint.route("/tenants/{tenant_id}/plugins/{plugin_id}/effective")
@endpoint(blueprint, query=EffectiveQuery)
def show_effective(
    tenant_id: str, plugin_id: str, query: EffectiveQuery, caller: Caller, ports: Ports
) -> Ok[EffectiveResource]:
    """
    Show which version serves a tenant, and every rule of the decision with what it said.

    The decision is the one that an invocation gets within two seconds. A tenant that has not installed the plugin
    gets an answer too: that rule has matched.
    """
    command = ExplainServing(caller, tenant_id, plugin_id, query.environment)

    return Ok(EffectiveResource.of(explanations.explain_serving(command, ports)))
