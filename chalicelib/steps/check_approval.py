"""State ``CheckApproval``: read what people have really decided, whatever woke this execution."""

from __future__ import annotations

from dataclasses import replace

from chalice.app import Blueprint

from chalicelib.domain.approvals import Approval, ApprovalStatus
from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.verdicts import Outcome, Verdict
from chalicelib.ports import Ports
from chalicelib.services import approvals, rollbacks
from chalicelib.steps._given import Result, StepGiven
from chalicelib.steps._held import commit, complete_step, held_deployment, is_behind
from chalicelib.steps._step import step
from chalicelib.steps.await_approval import Asked

blueprint = Blueprint(__name__)

_REFUSALS = {ApprovalStatus.EXPIRED: "approval timed out"}
_REFUSED = frozenset({ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED})


class CheckApprovalGiven(StepGiven):
    """Also what was asked."""

    approval: Asked


class CheckApprovalResult(Result):
    """Whether people must still be waited for."""

    is_pending: bool


@blueprint.lambda_function(name="check_approval")
@step(CheckApprovalGiven)
def check_approval(given: CheckApprovalGiven, ports: Ports) -> CheckApprovalResult:
    """
    State ``CheckApproval``: go on only if enough people have agreed to exactly what this deployment is now.

    A success that somebody sent by hand finds the approval as it was, and waits on. Refused or expired, the
    deployment ends as Rejected; what was agreed to something else is asked anew at the next step.

    Idempotent: the decisions are counted anew, a step that is behind us stays so, and a refusal too.

    Reads ``$.deployment_id``, ``$.step``, ``$.approval``; writes ``$.decision``.

    Raises:
        FencedOffError: A newer deployment owns the route.
        DeploymentEndedError: It has ended meanwhile.
    """
    if ports.deployments.get(given.deployment_id).status is DeploymentStatus.REJECTED:
        return CheckApprovalResult(is_pending=False)
    deployment = held_deployment(given, ports)
    current = deployment.plan.steps[given.step.index]
    if is_behind(current):
        return CheckApprovalResult(is_pending=False)
    approval = approvals.check_approval(given.approval.approval_id, deployment, ports)
    if approval.holds_for(deployment):
        _go_on(deployment, approval, given, ports)
    elif approval.status in _REFUSED:
        rollbacks.roll_back(_refusal(approval, given), ports)

    return CheckApprovalResult(is_pending=approval.status is ApprovalStatus.PENDING)


def _go_on(deployment: Deployment, approval: Approval, given: CheckApprovalGiven, ports: Ports) -> None:
    people = ", ".join(decision.by for decision in approval.decisions if decision.is_approval) or "nobody: none needed"
    verdict = Verdict(Outcome.PASS, f"approved by {people}", rule="approvals", n=approval.agreed)
    agreed, passing = complete_step(deployment, deployment.plan.steps[given.step.index], verdict, ports)
    if agreed.status is DeploymentStatus.PENDING_APPROVAL:
        agreed = replace(agreed, status=DeploymentStatus.IN_PROGRESS)
    commit(agreed, "CheckApproval", given, ports, verdict=passing, approval=approval.id)


def _refusal(approval: Approval, given: CheckApprovalGiven) -> rollbacks.RollBack:
    refusals = [one for one in approval.decisions if not one.is_approval]
    said = [f"rejected by {one.by}" + (f": {one.reason}" if one.reason else "") for one in refusals]
    reason = _REFUSALS.get(approval.status) or (said[-1] if said else "rejected")
    return rollbacks.RollBack(given.deployment_id, given.caller, reason, ends_as=DeploymentStatus.REJECTED)
