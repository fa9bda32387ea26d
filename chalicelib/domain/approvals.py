"""Approvals: people who must agree before a deployment goes on, bound to exactly what they agree to."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from chalicelib.domain.authorization import Role
from chalicelib.domain.errors import ConflictError, ForbiddenError, NotFoundError
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.plans import Step
    from chalicelib.domain.policies import ApprovalRule

#: People are reminded so long before time runs out, but not before three quarters of it have passed.
NOTICE_SECONDS = 4 * 3600
#: The machine waits no longer for people, whatever a policy says: TimeoutSeconds of the state ``AwaitApproval``.
LONGEST_WAIT_SECONDS = 30 * 24 * 3600

_APPROVAL_ID = re.compile(r"apr_[0-9A-HJKMNP-TV-Z]{26}-[0-9]{1,6}-[0-9]{1,6}")


class ApprovalStatus(StrEnum):
    """Life of an approval; Void: what was to be agreed to has changed."""

    PENDING = "Pending"
    APPROVED = "Approved"
    REJECTED = "Rejected"
    EXPIRED = "Expired"
    VOID = "Void"


class OnExpiry(StrEnum):
    """What follows when nobody answers in time."""

    REJECT = "reject"
    HOLD = "hold"
    ESCALATE = "escalate"


class ApprovalDecidedError(ConflictError):
    """It is decided or expired already (409)."""


class ApprovalVoidError(ConflictError):
    """What it was asked for has changed since, so nobody may agree to it any more (409)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person said; *by* comes from the verified token, never from a body."""

    by: str
    is_approval: bool
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class Approval:
    """
    A question to people, asked by the machine because a policy wants it.

    *binding* is the digest of package, plan and config that they agree to. *needed* different people with one of
    *roles* must agree, none of *excluded* (user names; the requester is always among them). *task_token* wakes
    the machine; alone it decides nothing, and it is never shown. *noticed_at* is set once people were reminded
    that time runs out, *escalated_at* once it ran out without an end: the Admins are told, or it just stays open.
    """

    id: str
    deployment_id: str
    attempt: int
    step_index: int
    plugin_id: str
    version: str
    environment: str
    requested_by: str
    binding: str
    needed: int
    roles: tuple[str, ...]
    excluded: tuple[str, ...]
    requested_at: str
    expires_at: str
    on_expiry: OnExpiry = OnExpiry.REJECT
    decisions: tuple[Decision, ...] = ()
    status: ApprovalStatus = ApprovalStatus.PENDING
    task_token: str | None = None
    noticed_at: str | None = None
    escalated_at: str | None = None
    decided_at: str | None = None
    revision: int = 0

    @property
    def agreed(self) -> int:
        """How many different people have agreed."""
        return len({decision.by for decision in self.decisions if decision.is_approval})

    @property
    def ends_at_expiry(self) -> bool:
        """Tell whether nobody can agree any more once *expires_at* has passed: an escalated one has one more term."""
        is_last_term = self.on_expiry is OnExpiry.ESCALATE and self.escalated_at is not None
        return self.on_expiry is OnExpiry.REJECT or is_last_term

    @property
    def lease_until(self) -> str:
        """Until when the deployment keeps its lease while people think: no longer than the machine waits."""
        if self.on_expiry is OnExpiry.HOLD and self.escalated_at is not None:
            return _later(self.requested_at, LONGEST_WAIT_SECONDS)
        return self.expires_at

    @property
    def refusal(self) -> str:
        """Say why it ends its deployment; nothing while it does not."""
        if self.status is ApprovalStatus.EXPIRED:
            return "approval timed out"
        said = next((one for one in self.decisions if not one.is_approval), None)
        if self.status is not ApprovalStatus.REJECTED or said is None:
            return ""
        return f"rejected by {said.by}" + (f": {said.reason}" if said.reason else "")

    def is_for(self, deployment: Deployment) -> bool:
        """Tell whether it was asked for what *deployment* is now: same package, plan and config, same attempt."""
        return self.attempt == deployment.attempt and self.binding == binding_of(deployment)

    def notice_is_due(self, now: str) -> bool:
        """Tell whether those who may answer are to be reminded now; once is enough."""
        if self.noticed_at is not None or self.escalated_at is not None or now >= self.expires_at:
            return False
        term = (_moment(self.expires_at) - _moment(self.requested_at)).total_seconds()
        return now >= _later(self.expires_at, -min(NOTICE_SECONDS, term / 4))

    def expire(self, now: str) -> Approval:
        """
        Do what its policy says once time has run out; before that, and twice, nothing changes.

        Rejecting ends it. Escalating asks the Admins too, and gives as much time again, after which it ends;
        holding leaves it open.
        """
        if self.status is not ApprovalStatus.PENDING or now < self.expires_at:
            return self
        if self.ends_at_expiry:
            return self.end(ApprovalStatus.EXPIRED, now)
        if self.escalated_at is not None:
            return self
        if self.on_expiry is OnExpiry.HOLD:
            return replace(self, escalated_at=now)
        term = _moment(self.expires_at) - _moment(self.requested_at)
        roles = tuple(dict.fromkeys((*self.roles, Role.ADMIN)))
        return replace(self, escalated_at=now, expires_at=_later(now, term.total_seconds()), roles=roles)

    def decide(self, caller: Caller, *, is_approval: bool, reason: str, now: str) -> Approval:
        """
        Add what *caller* says; one rejection rejects, the last approval that is needed approves.

        The same person saying the same again changes nothing.

        Raises:
            ApprovalDecidedError: It is decided, void or expired (409).
            ForbiddenError: The caller asked for the deployment, is excluded, or has no role for it (403).
            ConflictError: The caller has said the opposite before (409).
        """
        earlier = next((decision for decision in self.decisions if decision.by == caller.username), None)
        if earlier is not None and earlier.is_approval is is_approval:
            return self
        self._require_open(now)
        self._require_voter(caller)
        if earlier is not None:
            raise ConflictError(
                f"{caller.username} has decided on {self.id} before.", fix="Ask somebody else, or abort the deployment."
            )
        voted = replace(self, decisions=(*self.decisions, Decision(caller.username, is_approval, reason, now)))
        if not is_approval:
            return replace(voted, status=ApprovalStatus.REJECTED, decided_at=now)
        if voted.agreed >= voted.needed:
            return replace(voted, status=ApprovalStatus.APPROVED, decided_at=now)
        return voted

    def end(self, status: ApprovalStatus, now: str) -> Approval:
        """Close a pending one without a person's decision: expired, or void."""
        if self.status is not ApprovalStatus.PENDING:
            return self
        return replace(self, status=status, decided_at=now)

    def holds_for(self, deployment: Deployment) -> bool:
        """
        Tell whether enough people have agreed to exactly what *deployment* is now.

        Counted anew from the decisions: the status alone, or a token that somebody sent by hand, proves nothing.
        """
        voters = {decision.by for decision in self.decisions if decision.is_approval}
        own = {deployment.initiated_by, *deployment.changed_by}
        has_enough = len(voters - set(self.excluded) - own) >= self.needed
        return self.is_for(deployment) and has_enough and self.status is ApprovalStatus.APPROVED

    def _require_open(self, now: str) -> None:
        if self.status is not ApprovalStatus.PENDING or self._is_over(now):
            state = self.status if self.status is not ApprovalStatus.PENDING else ApprovalStatus.EXPIRED
            raise ApprovalDecidedError(
                f"{self.id} is {state} already.", fix=f"Look at it: GET /approvals/{self.id}; retry the deployment."
            )

    def _is_over(self, now: str) -> bool:
        return self.ends_at_expiry and now >= self.expires_at

    def _require_voter(self, caller: Caller) -> None:
        if caller.username in (*self.excluded, self.requested_by):
            raise ForbiddenError(
                f"{caller.username} may not decide on {self.id}: nobody agrees to a deployment of their own.",
                fix="Ask another approver.",
            )
        if not caller.roles & set(self.roles):
            raise ForbiddenError("Your roles may not decide on this.", fix=f"Ask one of: {', '.join(self.roles)}.")


def approval_id(deployment: Deployment, step: Step) -> str:
    """Name the approval of a step, the same each time: asking twice asks once."""
    return f"{deployment.id.replace('dep_', 'apr_', 1)}-{deployment.attempt}-{step.index}"


def ask(deployment: Deployment, step: Step, rule: ApprovalRule, now: str) -> Approval:
    """
    Ask what *rule* asks, at the time *now*; where it asks nobody, it is approved from the start.

    Whoever asked for the deployment, or made of it what it is, is excluded, whatever the rule says.
    """
    is_open = rule.needed > 0
    return Approval(
        id=approval_id(deployment, step),
        deployment_id=deployment.id,
        attempt=deployment.attempt,
        step_index=step.index,
        plugin_id=deployment.plugin_id,
        version=deployment.target.version,
        environment=deployment.environment,
        requested_by=deployment.initiated_by,
        binding=binding_of(deployment),
        needed=rule.needed,
        roles=rule.roles,
        excluded=tuple(sorted({*rule.excluded, deployment.initiated_by, *deployment.changed_by})),
        requested_at=now,
        expires_at=_later(now, rule.seconds),
        on_expiry=rule.on_expiry,
        status=ApprovalStatus.PENDING if is_open else ApprovalStatus.APPROVED,
        decided_at=None if is_open else now,
    )


def require_approval_id(text: str) -> str:
    """
    Return *text* if it may be the id of an approval.

    Raises:
        NotFoundError: No approval could have it (404).
    """
    if _APPROVAL_ID.fullmatch(text):
        return text
    raise NotFoundError("There is no such approval.", fix="GET /approvals lists them.")


def binding_of(deployment: Deployment) -> str:
    """
    Digest what people agree to: the package, the plan as it will run, its config and limits (SHA-256, hex).

    What has happened meanwhile is not in it: times, states and verdicts of the steps.
    """
    steps = [
        (step.kind, step.detail, step.share_bps, step.rings, step.variants, step.seconds)
        for step in deployment.plan.steps
    ]
    agreed_to = {
        "plugin": deployment.plugin_id,
        "environment": deployment.environment,
        "target": deployment.target,
        "strategy": deployment.strategy,
        "steps": steps,
        "splitBy": deployment.split_by,
        "config": deployment.config,
        "health": deployment.health,
        "caps": [deployment.max_tenants, deployment.max_requests],
        "autoRollback": deployment.auto_rollback,
    }
    return sha256(json.dumps(agreed_to, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _later(text: str, seconds: float) -> str:
    return rfc3339(_moment(text) + timedelta(seconds=seconds))
