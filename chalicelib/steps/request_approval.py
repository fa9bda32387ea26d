"""State ``RequestApproval``: ask people, and show them what they are asked."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib.domain.deployments import Deployment
from chalicelib.ports import Ports
from chalicelib.services import approvals
from chalicelib.steps._given import Result, StepGiven
from chalicelib.steps._held import held_deployment
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class RequestApprovalResult(Result):
    """
    What people decide on, in clear, for whoever looks at the execution.

    The next state adds the address of the page that asks for a login; nothing here decides anything.
    """

    approval_id: str
    expires_at: str
    summary: str
    plan: tuple[str, ...]


@blueprint.lambda_function(name="request_approval")
@step(StepGiven)
def request_approval(given: StepGiven, ports: Ports) -> RequestApprovalResult:
    """
    State ``RequestApproval``: ask what the environment's policy asks, bound to package, plan and config as they are.

    Idempotent: asking twice asks once; what was asked for something else is asked anew.

    Reads ``$.deployment_id``, ``$.step``; writes ``$.approval``.

    Raises:
        FencedOffError: A newer deployment owns the route.
        DeploymentEndedError: It has ended meanwhile.
    """
    deployment = held_deployment(given, ports)
    approval = approvals.request_approval(deployment, deployment.plan.steps[given.step.index], ports)

    return RequestApprovalResult(
        approval_id=approval.id,
        expires_at=approval.expires_at,
        summary=_summary(deployment),
        plan=tuple(f"{one.index + 1}. {one.kind}: {one.detail}" for one in deployment.plan.steps),
    )


def _summary(deployment: Deployment) -> str:
    before = deployment.previous_version or "nothing"
    return (
        f"{deployment.initiated_by} asks to take {deployment.plugin_id} in {deployment.environment} from {before} "
        f"to {deployment.target.version} ({deployment.strategy})"
    )
