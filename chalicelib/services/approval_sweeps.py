"""Once a minute: let the time of approvals run out, remind people before, and wake who was not told of a decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.approvals import ApprovalStatus, approval_id
from chalicelib.domain.authorization import SYSTEM
from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.plans import StepKind
from chalicelib.domain.times import rfc3339
from chalicelib.services import rollbacks
from chalicelib.services.approvals import lease_while_asked, make_void, record_approval, wake

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment
    from chalicelib.ports import Ports


#: A refusal that no machine has acted on after so long is acted on without one.
UNHEARD_SECONDS = 60


class ApprovalSweep(NamedTuple):
    """What a sweep did, by the ids of the approvals, and which it could not deal with, and why."""

    expired: tuple[str, ...] = ()
    escalated: tuple[str, ...] = ()
    noticed: tuple[str, ...] = ()
    voided: tuple[str, ...] = ()
    woken: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


def expire_approvals(ports: Ports) -> ApprovalSweep:
    """
    Let time run out where it has, remind people before, and wake machines that were not told of a decision.

    One that can't be dealt with holds up no other: it is told, and tried again with the next sweep.
    """
    done: dict[str, list[str]] = {name: [] for name in ApprovalSweep._fields if name != "failed"}
    failed = []
    for listed in ports.approvals.pending():
        try:
            did = _look_after(listed.id, ports)
        except Exception as error:  # noqa: BLE001 - any error of one approval is no reason to leave the others
            failed.append((listed.id, f"{type(error).__name__}: {error}"))
        else:
            done.get(did, []).append(listed.id)
    for deployment in ports.deployments.live():
        try:
            did, approval = _settle(deployment, ports)
        except Exception as error:  # noqa: BLE001 - as above
            failed.append((deployment.id, f"{type(error).__name__}: {error}"))
        else:
            done.get(did, []).append(approval)
    return ApprovalSweep(**{name: tuple(ids) for name, ids in done.items()}, failed=tuple(failed))


def _settle(deployment: Deployment, ports: Ports) -> tuple[str, str]:
    """Let a deployment hear of what was decided: wake its machine, or end it if no machine has heard of a refusal."""
    step = deployment.plan.current
    if deployment.is_queued or step is None or step.kind is not StepKind.APPROVE:
        return "", ""
    approval = ports.approvals.find(approval_id(deployment, step))
    if approval is None or approval.status is ApprovalStatus.PENDING:
        return "", ""
    heard_by = rfc3339(ports.clock.now() - timedelta(seconds=UNHEARD_SECONDS))
    if approval.refusal and (approval.decided_at or "") <= heard_by:
        rollbacks.roll_back(
            rollbacks.RollBack(deployment.id, SYSTEM, approval.refusal, ends_as=DeploymentStatus.REJECTED), ports
        )
        return "ended", approval.id
    if approval.task_token is None:
        return "", ""
    ports.executions.wake(approval.task_token)
    return "woken", approval.id


def _look_after(approval_id: str, ports: Ports) -> str:
    """Do what is due for one approval, and say what that was; the listing may lag, so it is read again."""
    approval = ports.approvals.get(approval_id)
    if approval.status is not ApprovalStatus.PENDING:
        return ""
    deployment = ports.deployments.get(approval.deployment_id)
    if deployment.status.is_final or not approval.is_for(deployment):
        wake(make_void(approval, ports), ports)
        return "voided"
    now = rfc3339(ports.clock.now())
    after = approval.expire(now)
    if after.status is ApprovalStatus.EXPIRED:
        wake(ports.approvals.save(after, record_approval(SYSTEM, "ExpireApproval", after, ports)), ports)
        return "expired"
    if after != approval:
        record = record_approval(SYSTEM, "EscalateApproval", after, ports)
        ports.deployments.commit(deployment, record, lease=lease_while_asked(deployment, after), approval=after)
        return "escalated"
    if approval.notice_is_due(now):
        noticed = replace(approval, noticed_at=now)
        ports.approvals.save(noticed, record_approval(SYSTEM, "RemindApprovers", noticed, ports))
        return "noticed"
    return ""
