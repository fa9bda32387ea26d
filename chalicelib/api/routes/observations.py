"""What hosts measure themselves of tenants in an experiment."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.resources.observations import ObservationsBody, ObservationsResource
from chalicelib.domain.authorization import Caller
from chalicelib.ports import Ports
from chalicelib.services.observations import observe

blueprint = ApiBlueprint(__name__)


@blueprint.route("/deployments/{deployment_id}/observations", methods=["POST"])
@endpoint(blueprint, body=ObservationsBody)
def post_observations(
    deployment_id: str,
    body: ObservationsBody,
    caller: Caller,
    ports: Ports,
    *,
    validate_only: bool,
) -> Ok[ObservationsResource]:
    """
    Tell what became of tenants in an experiment: one value, or up to 100 at once.

    A tenant counts for the variant that serves it. Whatever a tenant is observed for, it is one observation: its mean.

    Raises:
        NotFoundError: There is no such deployment, or your key is not for one of the tenants (404).
        DeploymentEndedError: It has ended (409).
        UnprocessableError: It is no experiment (422).
    """
    counted = observe(body.to_command(caller, deployment_id, validate_only=validate_only), ports)

    return Ok(ObservationsResource(accepted=counted))
