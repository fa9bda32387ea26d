"""Changes of a deployment between two readings of it: what a pipe, a log or a program is told, each once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hotswap.resources.deployments import Deployment, PlanStep
from hotswap.resources.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """
    One change: *event* is ``status``, ``step``, ``held``, ``released`` or ``approval``, *state* what it is now.

    *step* is the one it is about (None: the deployment as a whole), *told* the reason in words.
    """

    at: datetime
    event: str
    state: str
    told: str = ""
    step: PlanStep | None = None

    def to_document(self, deployment: Deployment) -> dict[str, Any]:
        """Present it for programs, a line each."""
        document: dict[str, Any] = {
            "at": self.at.isoformat(),
            "deploymentId": deployment.id,
            "event": self.event,
            "state": self.state,
        }
        if self.step is not None:
            document |= {"step": self.step.index, "kind": self.step.kind, "detail": self.step.detail}
            document["verdict"] = _numbers(self.step.verdict)
        if self.told:
            document["reason"] = self.told

        return document


class Changes:
    """Compares each reading with the one before; the first is compared with nothing, so its history is told too."""

    def __init__(self) -> None:
        self._steps: dict[int, str] = {}
        self._agreed: dict[str, tuple[str, int]] = {}
        self._held = ""
        self._status = ""
        self._attempt = 0

    def since(self, deployment: Deployment, now: datetime) -> list[Change]:
        """List what is new in *deployment*, in the order in which it happened."""
        if deployment.attempt != self._attempt:
            # A retry begins the plan anew.
            self._steps, self._attempt = {}, deployment.attempt
        found = [*self._of_steps(deployment, now), *self._of_approvals(deployment, now)]
        found.sort(key=lambda change: change.at)

        return [*found, *self._of_hold(deployment, now), *self._of_status(deployment, now)]

    def _of_steps(self, deployment: Deployment, now: datetime) -> list[Change]:
        found = []
        for step in deployment.plan:
            if step.status == "Pending" or self._steps.get(step.index) == step.status:
                continue
            # One that was skipped because the deployment ended never happened.
            if step.status == "Skipped" and step.ended_at is None:
                continue
            self._steps[step.index] = step.status
            at = (step.started_at if step.status == "Running" else step.ended_at) or now
            found.append(Change(at, "step", step.status, step.verdict.reason if step.verdict else "", step))

        return found

    def _of_approvals(self, deployment: Deployment, now: datetime) -> list[Change]:
        found = []
        for approval in deployment.approvals:
            known = self._agreed.get(approval.id, ("", 0))
            self._agreed[approval.id] = approval.status, len(approval.decisions)
            for decision in approval.decisions[known[1] :]:
                said = "approved" if decision.is_approval else "rejected"
                because = f": {decision.reason}" if decision.reason else ""
                told = f"by {decision.by}, {approval.agreed} of {approval.needed}{because}"
                found.append(Change(decision.at or now, "approval", said, told))
            if approval.status in {"Expired", "Void"} and known[0] != approval.status:
                found.append(Change(approval.decided_at or now, "approval", approval.status.lower()))

        return found

    def _of_hold(self, deployment: Deployment, now: datetime) -> list[Change]:
        hold = deployment.hold if not deployment.is_settled else None
        held = f"{hold.by}: {hold.reason}" if hold is not None else ""
        if held == self._held:
            return []
        self._held = held
        if hold is None:
            return [] if deployment.is_settled else [Change(now, "released", "goes on")]

        return [Change(hold.since or now, "held", f"held by {hold.by}", hold.reason)]

    def _of_status(self, deployment: Deployment, now: datetime) -> list[Change]:
        status = "Queued" if deployment.is_queued and not deployment.is_settled else deployment.status
        if status == self._status:
            return []
        self._status = status

        return [Change(deployment.ended_at or now, "status", status, deployment.status_reason)]


def _numbers(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None

    return {**verdict.to_document(), "signals": [signal.to_document() for signal in verdict.signals]}
