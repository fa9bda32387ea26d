"""What people and the machine decided about a deployment: holds, approvals, and the timeline of it all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hotswap.resources.reading import Document, number_of, text_of, time_of


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a deployment stands still; *by* is a person or ``system``, *until* None when a person must say so."""

    reason: str
    by: str
    since: datetime | None
    until: datetime | None

    @classmethod
    def of(cls, document: Document) -> Hold:
        """Read a deployment's ``hold``."""
        return cls(
            reason=text_of(document, "reason"),
            by=text_of(document, "by"),
            since=time_of(document, "since"),
            until=time_of(document, "until"),
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person said."""

    by: str
    is_approval: bool
    reason: str
    at: datetime | None

    @classmethod
    def of(cls, document: Document) -> Decision:
        """Read one of an approval's ``decisions``."""
        return cls(
            by=text_of(document, "by"),
            is_approval=text_of(document, "decision") == "approve",
            reason=text_of(document, "reason"),
            at=time_of(document, "at"),
        )


@dataclass(frozen=True, slots=True)
class Approval:
    """A question to people; *step* is the 0-based index of the step that asks."""

    id: str
    attempt: int
    step: int
    status: str
    needed: int
    agreed: int
    roles: tuple[str, ...]
    requested_by: str
    requested_at: datetime | None
    expires_at: datetime | None
    on_expiry: str
    decided_at: datetime | None
    decisions: tuple[Decision, ...]

    @classmethod
    def of(cls, document: Document) -> Approval:
        """Read one of a deployment's ``approvals``."""
        return cls(
            id=text_of(document, "approvalId"),
            attempt=int(number_of(document, "attempt") or 1),
            step=int(number_of(document, "step") or 0),
            status=text_of(document, "status"),
            needed=int(number_of(document, "needed") or 0),
            agreed=int(number_of(document, "agreed") or 0),
            roles=tuple(document.get("roles") or ()),
            requested_by=text_of(document, "requestedBy"),
            requested_at=time_of(document, "requestedAt"),
            expires_at=time_of(document, "expiresAt"),
            on_expiry=text_of(document, "onExpiry"),
            decided_at=time_of(document, "decidedAt"),
            decisions=tuple(Decision.of(each) for each in document.get("decisions") or ()),
        )

    @property
    def agreed_by(self) -> tuple[str, ...]:
        """Name those who agreed."""
        return tuple(decision.by for decision in self.decisions if decision.is_approval)

    @property
    def rejection(self) -> Decision | None:
        """The no that ended it, if somebody said no."""
        return next((decision for decision in self.decisions if not decision.is_approval), None)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Whom the candidate has served so far."""

    tenants: int
    requests: int
    failed_requests: int

    @classmethod
    def of(cls, document: Document) -> Exposure:
        """Read a deployment's ``exposure``."""
        return cls(
            tenants=int(number_of(document, "tenants") or 0),
            requests=int(number_of(document, "requests") or 0),
            failed_requests=int(number_of(document, "failedRequests") or 0),
        )


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a deployment, as its audit trail has it."""

    at: datetime | None
    action: str
    actor: str
    reason: str
    after: Document
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Event:
        """Read an item of a deployment's timeline."""
        return cls(
            at=time_of(document, "at"),
            action=text_of(document, "action"),
            actor=text_of(document, "actor"),
            reason=text_of(document, "reason"),
            after=document.get("after") or {},
            raw=document,
        )
