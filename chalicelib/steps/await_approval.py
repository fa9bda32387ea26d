"""State ``AwaitApproval``: leave word with whom to wake this execution, and let people think."""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel

from chalicelib.ports import Ports
from chalicelib.services import approvals
from chalicelib.steps._given import DeploymentGiven, Result
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class Asked(BaseModel):
    """The approval that people were asked for."""

    approval_id: str


class AwaitApprovalGiven(DeploymentGiven):
    """Also what was asked, and the token that wakes this execution."""

    approval: Asked
    task_token: str


class AwaitApprovalResult(Result):
    """How the approval stood when the token was noted; the state waits for the token all the same."""

    status: str


@blueprint.lambda_function(name="await_approval")
@step(AwaitApprovalGiven)
def await_approval(given: AwaitApprovalGiven, ports: Ports) -> AwaitApprovalResult:
    """
    State ``AwaitApproval``: note the token with the approval; if people have decided already, wake at once.

    Idempotent: the same token is noted once. Whoever sends it back wakes the execution and decides nothing.

    Reads ``$.deployment_id``, ``$.approval``, the task's token; writes ``$.answer``.

    Raises:
        NotFoundError: There is no such approval.
    """
    approval = approvals.note_token(given.approval.approval_id, given.task_token, ports)

    return AwaitApprovalResult(status=approval.status)
