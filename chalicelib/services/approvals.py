"""Ask people, hear what they say, and let time run out; the machine only ever believes what is stored here."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.approvals import Approval, ApprovalStatus, ApprovalVoidError, approval_id, ask
from chalicelib.domain.authorization import SYSTEM
from chalicelib.domain.deployments import LEASE_SECONDS, Deployment, DeploymentStatus, Lease
from chalicelib.domain.errors import ConflictError, StaleRevisionError, TransientError
from chalicelib.domain.ids import Environment
from chalicelib.domain.times import rfc3339
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.plans import Step
    from chalicelib.ports import Ports

#: How often a decision is made anew because somebody else decided in between.
_READS = 4


class Decide(NamedTuple):
    """What a person says to an approval; who that is comes from the verified token."""

    caller: Caller
    approval_id: str
    is_approval: bool
    reason: str = ""
    validate_only: bool = False


def request_approval(deployment: Deployment, step: Step, ports: Ports) -> Approval:
    """
    Ask what the environment's policy asks at this moment; asking twice asks once.

    One transaction: the approval, the deployment that waits for it, and the lease for as long as people may take.
    A policy that asks nobody gives one that is approved already. What was asked for something else is asked anew.

    Raises:
        StaleRevisionError: Somebody changed the deployment in between.
        FencedOffError: A newer deployment holds the lease.
    """
    known = ports.approvals.find(approval_id(deployment, step))
    if known is not None and known.status is not ApprovalStatus.VOID and known.is_for(deployment):
        return known
    rule = ports.policies.get(Environment(deployment.environment)).approvals
    approval = ask(deployment, step, rule, rfc3339(ports.clock.now()))
    if known is not None:
        approval = replace(approval, revision=known.revision)
    waits = approval.status is ApprovalStatus.PENDING and deployment.status is not DeploymentStatus.PAUSED
    waiting = replace(deployment, status=DeploymentStatus.PENDING_APPROVAL) if waits else deployment
    record = record_approval(SYSTEM._replace(trace_id=deployment.trace_id), "RequestApproval", approval, ports)
    ports.deployments.commit(waiting, record, lease=lease_while_asked(waiting, approval), approval=approval)
    return ports.approvals.get(approval.id)


def note_token(approval_id: str, token: str, ports: Ports) -> Approval:
    """
    Remember what wakes the machine that waits now; if it has nothing to wait for any more, wake it at once.

        await_approval                 a person
        ──────────────                 ────────
        read approval, no token
                                       read approval, no token
                                       write the last decision; nobody to wake
        write token → refused: stale
        read it again: decided → write token, wake

    Raises:
        NotFoundError: There is no such approval.
        StaleRevisionError: Somebody changed it in between.
        TransientError: Step Functions can't be reached.
    """
    approval = ports.approvals.get(approval_id)
    if approval.task_token != token:
        awaited = replace(approval, task_token=token)
        approval = ports.approvals.save(awaited, record_approval(SYSTEM, "AwaitApproval", awaited, ports))
    if approval.status is not ApprovalStatus.PENDING:
        ports.executions.wake(token)
    return approval


def check_approval(approval_id: str, deployment: Deployment, ports: Ports) -> Approval:
    """
    Say how it really stands: only what `holds_for` *deployment* comes back as Approved.

    Whoever woke the machine, and with what, does not count. Approved for something else, or by too few, it is
    made void: what was agreed to is not what would run.

    Raises:
        NotFoundError: There is no such approval.
        StaleRevisionError: Somebody changed it in between.
    """
    now = rfc3339(ports.clock.now())
    approval = ports.approvals.get(approval_id)
    expired = approval.expire(now)
    if expired.status is ApprovalStatus.EXPIRED and approval.status is ApprovalStatus.PENDING:
        return ports.approvals.save(expired, record_approval(SYSTEM, "ExpireApproval", expired, ports))
    is_refused = approval.status in (ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED, ApprovalStatus.VOID)
    is_open = approval.status is ApprovalStatus.PENDING and approval.is_for(deployment)
    if is_refused or is_open or approval.holds_for(deployment):
        return approval
    return make_void(approval, ports)


def decide(command: Decide, ports: Ports) -> Approval:
    """
    Write down what a person says; with the last word the machine is woken, which reads it here.

    If we die before it is woken, the sweep of `expire_approvals` does it.

    Raises:
        NotFoundError: There is no such approval (404).
        ForbiddenError: The caller asked for the deployment, is excluded, or has no role for it (403).
        ConflictError: It is decided, expired or void, or the caller has said the opposite before (409).
    """
    for _ in range(_READS - 1):
        with suppress(StaleRevisionError):
            return _decide(command, ports)
    return _decide(command, ports)


def asked_of(deployment_id: str, ports: Ports) -> Approval:
    """
    Return the approval that a deployment waits for, or the last one of its present attempt.

    Raises:
        NotFoundError: There is no such deployment (404).
        ConflictError: Nobody was asked (409).
    """
    deployment = ports.deployments.get(deployment_id)
    asked = [one for one in ports.approvals.of_deployment(deployment.id) if one.attempt == deployment.attempt]
    if not asked:
        raise ConflictError(
            f"{deployment.id} is {deployment.status} and waits for nobody's approval.",
            fix=f"Look how it goes: GET /deployments/{deployment.id}.",
        )
    return next((one for one in asked if one.status is ApprovalStatus.PENDING), asked[-1])


def _decide(command: Decide, ports: Ports) -> Approval:
    approval = ports.approvals.get(command.approval_id)
    decided = approval.decide(
        command.caller, is_approval=command.is_approval, reason=command.reason, now=rfc3339(ports.clock.now())
    )
    if decided != approval:
        _require_same(approval, ports)
    if command.validate_only:
        return decided
    if decided != approval:
        action = "Approve" if command.is_approval else "Reject"
        record = record_approval(command.caller, action, decided, ports, reason=command.reason)
        decided = ports.approvals.save(decided, record)
    wake(decided, ports)
    return decided


def _require_same(approval: Approval, ports: Ports) -> None:
    """Nobody agrees to what is not there any more: it has ended, or it is not what was asked for."""
    deployment = ports.deployments.get(approval.deployment_id)
    if deployment.status.is_final or deployment.status is DeploymentStatus.ROLLING_BACK:
        raise ApprovalVoidError(
            f"{deployment.id} is {deployment.status} already: there is nothing to decide on.",
            fix=f"Look how it ended: GET /deployments/{deployment.id}.",
        )
    if not approval.is_for(deployment):
        raise ApprovalVoidError(
            f"{deployment.id} is not what {approval.id} was asked for: it has changed since.",
            fix="Wait a moment: the machine asks anew. GET /approvals?status=Pending shows it.",
        )


def wake(approval: Approval, ports: Ports) -> None:
    """Tell the machine; that it can't be told now takes nothing from what is written, and the sweep tells it."""
    if approval.status is not ApprovalStatus.PENDING and approval.task_token is not None:
        with suppress(TransientError):
            ports.executions.wake(approval.task_token)


def make_void(approval: Approval, ports: Ports) -> Approval:
    """
    Close an approval of what is not there any more; the machine asks anew if it still has to.

    Raises:
        StaleRevisionError: Somebody changed it in between.
    """
    void = replace(approval, status=ApprovalStatus.VOID, decided_at=rfc3339(ports.clock.now()))
    return ports.approvals.save(void, record_approval(SYSTEM, "VoidApproval", void, ports))


def lease_while_asked(deployment: Deployment, approval: Approval) -> Lease:
    """Hold the lease until people have had their time, and the machine a step's more to hear of it."""
    until = datetime.fromisoformat(approval.lease_until) + timedelta(seconds=LEASE_SECONDS)
    return Lease(deployment.plugin_id, deployment.environment, deployment.id, deployment.fence, rfc3339(until))


def record_approval(caller: Caller, action: str, approval: Approval, ports: Ports, reason: str = "") -> AuditRecord:
    """Record it with its deployment, whose timeline tells it; the token is never in it."""
    told = {
        "approval": approval.id,
        "status": approval.status,
        "agreed": approval.agreed,
        "needed": approval.needed,
        "roles": list(approval.roles),
        "expiresAt": approval.expires_at,
    }
    return record_of(caller, action, f"deployments/{approval.deployment_id}", ports, after=told, reason=reason)
