"""State ``RollBack``: whatever happened, leave the last known good serving and the books closed."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.errors import NotFoundError
from chalicelib.ports import Ports
from chalicelib.services import rollbacks, turns
from chalicelib.steps._given import DeploymentGiven, Failure, Result
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class RollBackGiven(DeploymentGiven):
    """Also why the state before failed; a deployment can be rolled back without any error."""

    error: Failure | None = None


class RollBackResult(Result):
    """What the deployment is now, and why."""

    status: str
    status_reason: str


@blueprint.lambda_function(name="roll_back")
@step(RollBackGiven)
def roll_back(given: RollBackGiven, ports: Ports) -> RollBackResult:
    """
    State ``RollBack``: put the last known good back, mirror it, then end the deployment and give the lease back.

    Idempotent, and it is not alone: whoever noticed first may have done a part of it. Afterwards the next in the
    queue has its turn.

    Needs only the id: reads ``$.deployment_id``, ``$.error`` if there; writes ``$.rollback``.
    """
    reason = given.error.reason if given.error else "it was asked to roll back"
    order = rollbacks.RollBack(given.deployment_id, given.caller, reason, attempt=given.attempt)
    try:
        deployment = rollbacks.roll_back(order, ports)
    except NotFoundError as error:
        # Whatever started this machine knew of no deployment of ours; trying again for ever would not make one.
        return RollBackResult(status=DeploymentStatus.FAILED, status_reason=error.detail)
    turns.start_next(deployment.plugin_id, deployment.environment, ports)

    return RollBackResult(status=deployment.status, status_reason=deployment.status_reason)
