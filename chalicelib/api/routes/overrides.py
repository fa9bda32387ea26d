"""Leave to call one version for a few minutes, also while nobody else gets it."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Created
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.resources.overrides import OverrideBody, OverrideResource
from chalicelib.domain.authorization import Caller
from chalicelib.ports import Ports
from chalicelib.services import overrides

blueprint = ApiBlueprint(__name__)


@blueprint.route("/plugins/{plugin_id}/versions/{version}/override", methods=["POST"])
@endpoint(blueprint, body=OverrideBody)
def mint_override(
    plugin_id: str, version: str, body: OverrideBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Created[OverrideResource]:
    """
    Get a token that sends single invocations to this version, also at 0 %: for smoke tests.

    Send it as the header `X-HotSwap-Override` of an invocation in the same environment; a tenant's pin still comes
    first. Whoever may deploy there may ask for it.

    Raises:
        ValidationError: It is to hold for longer than 15 minutes (400).
        ForbiddenError: You may not deploy to that environment (403).
        VersionNotReadyError: The version is not Ready (422).
    """
    command = body.to_command(caller, plugin_id, version, validate_only=validate_only)
    override, token = overrides.mint_override(command, ports)

    return Created(OverrideResource.of(override, token))
