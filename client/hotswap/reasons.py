"""Why a deployment is where it is: one answer, whatever decided: a verdict, people, a window, or a queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hotswap.resources.decisions import Approval, Event
from hotswap.resources.deployments import Deployment
from hotswap.resources.verdicts import Verdict

#: What ends or stands still is recorded under these actions; who did it is the actor.
_DECIDING_ACTIONS = {
    "Completed": ("CompleteDeployment",),
    "RollingBack": ("RollBack",),
    "RolledBack": ("RollbackDeployment", "RollBack", "EndDeployment", "FailStep"),
    "Failed": ("EndDeployment", "FailStep"),
    "Aborted": ("AbortDeployment", "RollBack", "EndDeployment"),
    "Superseded": ("RollBack", "EndDeployment"),
    "Rejected": ("EndDeployment", "RollBack"),
    "Paused": ("PauseDeployment",),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """
    The answer to why.

    *because* is the reason in words, *asked* the question, *verdict* its numbers if something was measured, *seen*
    what was found where nothing was; *rule* is what decided, *by* whom, *at* when.
    """

    because: str
    asked: str
    rule: str
    by: str
    at: datetime | None
    verdict: Verdict | None = None
    seen: str = ""


def reason_of(deployment: Deployment, timeline: Sequence[Event], ahead: Sequence[Deployment] = ()) -> Reason:
    """Say why *deployment* is where it is; *ahead* are those whose turn comes before it, if it is queued."""
    if deployment.is_queued and not deployment.is_settled:
        return _queued(deployment, ahead)
    approval = _open_or_refused(deployment)
    if approval is not None:
        return _asked(deployment, approval)
    if not deployment.is_settled and deployment.hold is not None:
        return _held(deployment)
    step = deployment.deciding_step
    event = _deciding_event(deployment, timeline)
    by = event.actor if event else "system"
    at = deployment.ended_at or (event.at if event else None)
    if step is None or step.verdict is None:
        because = deployment.status_reason or _where(deployment)
        rule = f"{event.action} by {by}" if event else "the plan"
        return Reason(because, "nothing was measured yet", rule, by, at, seen=_serving(deployment))
    because = deployment.status_reason or (step.verdict.reason if deployment.is_settled else _where(deployment))
    rule = _rule(step.verdict, f"step {step.index + 1} {step.kind}")

    return Reason(because, step.verdict.query or step.detail, rule, by, at or step.ended_at, step.verdict)


def _queued(deployment: Deployment, ahead: Sequence[Deployment]) -> Reason:
    names = ", ".join(each.id for each in ahead)
    place = f"{deployment.plugin_id} in {deployment.environment}"
    because = f"{names} before it" if names else "a deployment rolled back by hand holds the place until `resume`"
    rule = "one live deployment per plugin and environment; onConflict queue"
    seen = f"{len(ahead)} before it; nothing of it has begun"

    return Reason(because, f"whose turn it is to move {place}", rule, deployment.initiated_by, None, seen=seen)


def _open_or_refused(deployment: Deployment) -> Approval | None:
    """Find the approval that decides: the one that is waited for, or the one that ended it."""
    own = [each for each in deployment.approvals if each.attempt == deployment.attempt]
    wanted = {"PendingApproval": ("Pending",), "Rejected": ("Rejected", "Expired")}.get(deployment.status, ())

    return next((each for each in reversed(own) if each.status in wanted), None)


def _asked(deployment: Deployment, approval: Approval) -> Reason:
    no = approval.rejection
    agreed = ", ".join(approval.agreed_by) or "nobody yet"
    because = deployment.status_reason or f"{approval.agreed} of {approval.needed} agreed: {agreed}"
    if no is not None:
        because = f"{no.by} said no" + (f": {no.reason}" if no.reason else "")
    until = f", by {approval.expires_at:%Y-%m-%d %H:%M} UTC" if approval.expires_at else ""
    asked = f"may {deployment.version} move in {deployment.environment}? of {' or '.join(approval.roles)}{until}"
    rule = f"{approval.needed} must agree, not {approval.requested_by}; nobody in time: {approval.on_expiry}"
    seen = f"{approval.agreed} of {approval.needed} agreed ({agreed})"
    at = no.at if no else approval.decided_at or approval.requested_at

    return Reason(because, asked, rule, no.by if no else "system", at, seen=seen)


def _held(deployment: Deployment) -> Reason:
    hold, step = deployment.hold, deployment.current_step
    if hold is None:
        raise ValueError(f"{deployment.id} is not held")
    verdict = step.verdict if step is not None and hold.by == "system" else None
    where = f"step {step.index + 1} {step.kind}" if step is not None else "the plan"
    until = f"looks again at {hold.until:%H:%M:%S} UTC" if hold.until else "waits for a person, or for data"
    if hold.by != "system":
        return Reason(hold.reason, "nothing: a person paused it", "pause by hand", hold.by, hold.since, None, where)
    asked = (verdict.query if verdict else "") or f"may {where} go on?"
    rule = _rule(verdict, where) if verdict else f"{where} holds: {until}"

    return Reason(hold.reason, asked, rule, hold.by, hold.since, verdict, _serving(deployment))


def _rule(verdict: Verdict, where: str) -> str:
    latched = ", given earlier and final" if verdict.is_latched else ""

    return f"{verdict.rule or 'its outcome'} at {where}{latched}"


def _where(deployment: Deployment) -> str:
    step = deployment.current_step

    return f"step {step.index + 1} {step.kind}: {step.detail}" if step is not None else "its plan is done"


def _serving(deployment: Deployment) -> str:
    return f"{deployment.candidate_percentage or 0:g} % on {deployment.version}"


def _deciding_event(deployment: Deployment, timeline: Sequence[Event]) -> Event | None:
    for action in _DECIDING_ACTIONS.get(deployment.status, ()):
        found = [event for event in timeline if event.action == action]
        if found:
            return found[-1]

    return None
