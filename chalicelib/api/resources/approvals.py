"""Approvals: what people are asked, and what they said; never the token that wakes the machine."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Listing, Resource, Text
from chalicelib.domain.approvals import Approval, ApprovalStatus, Decision, OnExpiry
from chalicelib.domain.authorization import Caller
from chalicelib.domain.ids import Environment
from chalicelib.services.approvals import Decide


class DecideBody(Body):
    """Why; who says it is in the token, and nothing here can change that."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The canary in QA looks good."}]})

    reason: Annotated[Text, Field(description="Say why; it is kept with the decision.")] = ""

    def to_command(self, caller: Caller, approval_id: str, *, is_approval: bool, validate_only: bool) -> Decide:
        """Make the command of the use case."""
        return Decide(caller, approval_id, is_approval, self.reason, validate_only=validate_only)


class ApprovalListing(Listing):
    """Which approvals to list."""

    status: Annotated[ApprovalStatus | None, Field(description="Use one of " + ", ".join(ApprovalStatus) + ".")] = None
    environment: Annotated[Environment | None, Field(description="Use one of " + ", ".join(Environment) + ".")] = None


class DecisionResource(Resource):
    """What one person said."""

    by: str
    decision: Annotated[str, Field(description="`approve` or `reject`.")]
    reason: str
    at: str

    @classmethod
    def of(cls, decision: Decision) -> DecisionResource:
        """Present a decision."""
        word = "approve" if decision.is_approval else "reject"
        return cls(by=decision.by, decision=word, reason=decision.reason, at=decision.at)


class ApprovalResource(Resource):
    """A question to people: whether a version may move in an environment, by the plan of its deployment."""

    approval_id: str
    deployment_id: str
    attempt: int
    step: Annotated[int, Field(description="Index of the step of the plan that asks.")]
    plugin_id: str
    version: str
    environment: Environment
    status: ApprovalStatus
    requested_by: str
    requested_at: str
    binding: Annotated[str, Field(description="SHA-256 of package, plan and config; an edit makes the approval void.")]
    needed: Annotated[int, Field(description="How many different people must agree.")]
    agreed: Annotated[int, Field(description="How many have.")]
    roles: Annotated[list[str], Field(description="One of these roles is needed to decide.")]
    excluded: Annotated[list[str], Field(description="Who may not decide; the requester is always among them.")]
    expires_at: str
    on_expiry: OnExpiry
    escalated_at: str | None
    decided_at: str | None
    decisions: list[DecisionResource]

    @classmethod
    def of(cls, approval: Approval) -> ApprovalResource:
        """Present an approval."""
        return cls(
            approval_id=approval.id,
            deployment_id=approval.deployment_id,
            attempt=approval.attempt,
            step=approval.step_index,
            plugin_id=approval.plugin_id,
            version=approval.version,
            environment=Environment(approval.environment),
            status=approval.status,
            requested_by=approval.requested_by,
            requested_at=approval.requested_at,
            binding=approval.binding,
            needed=approval.needed,
            agreed=approval.agreed,
            roles=[str(role) for role in approval.roles],
            excluded=list(approval.excluded),
            expires_at=approval.expires_at,
            on_expiry=approval.on_expiry,
            escalated_at=approval.escalated_at,
            decided_at=approval.decided_at,
            decisions=[DecisionResource.of(decision) for decision in approval.decisions],
        )
