"""Hold a tenant on a version, and let it go."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.preconditions import revision_of
from chalicelib.api.resources.installations import InstallationResource
from chalicelib.api.resources.pins import PinBody
from chalicelib.domain.authorization import Caller
from chalicelib.ports import Ports
from chalicelib.services import pins
from chalicelib.services.pins import DeletePin, PutPin

blueprint = ApiBlueprint(__name__)


@blueprint.route("/tenants/{tenant_id}/plugins/{plugin_id}/pin", methods=["PUT"])
@endpoint(blueprint, body=PinBody)
def put_pin(
    tenant_id: str,
    plugin_id: str,
    body: PinBody,
    caller: Caller,
    ports: Ports,
    *,
    if_match: str | None,
    validate_only: bool,
) -> Ok[InstallationResource]:
    """
    Hold a tenant on a version, whatever is deployed, until the pin ends or is taken away.

    Raises:
        PreconditionFailedError: The installation was changed since you read it (412).
        VersionNotReadyError: The version may not serve, or was never approved for the environment (422).
        PreconditionRequiredError: If-Match is missing (428).
    """
    command = PutPin(caller, tenant_id, plugin_id, body.to_wish(), revision_of(if_match), validate_only=validate_only)
    installation = pins.put_pin(command, ports)

    return Ok(InstallationResource.of(installation), revision=installation.revision)


@blueprint.route("/tenants/{tenant_id}/plugins/{plugin_id}/pin", methods=["DELETE"])
@endpoint(blueprint)
def delete_pin(
    tenant_id: str, plugin_id: str, caller: Caller, ports: Ports, *, if_match: str | None, validate_only: bool
) -> Ok[InstallationResource]:
    """
    Let a tenant go: what is deployed serves it again. Twice is the same.

    Raises:
        PreconditionFailedError: The installation was changed since you read it (412).
        PreconditionRequiredError: If-Match is missing (428).
    """
    command = DeletePin(caller, tenant_id, plugin_id, revision_of(if_match), validate_only=validate_only)
    installation = pins.delete_pin(command, ports)

    return Ok(InstallationResource.of(installation), revision=installation.revision)
