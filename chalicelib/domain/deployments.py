"""Deployments: one attempt to make a version the current one of an environment; its life and its lease."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.errors import ConflictError, FencedOffError
from chalicelib.domain.plans import Plan
from chalicelib.domain.routes import Route, SplitBy, Target
from chalicelib.domain.strategies import Strategy
from chalicelib.domain.verdicts import Verdict

#: A step takes well under this; each one renews the lease.
LEASE_SECONDS = 900
#: From the request to the first step of its execution, which renews the lease. Who dies in between blocks
#: the plugin's environment no longer than this.
FIRST_LEASE_SECONDS = 90


class DeploymentStatus(StrEnum):
    """Life of a deployment."""

    PENDING = "Pending"
    PENDING_APPROVAL = "PendingApproval"
    IN_PROGRESS = "InProgress"
    PAUSED = "Paused"
    ROLLING_BACK = "RollingBack"
    COMPLETED = "Completed"
    ROLLED_BACK = "RolledBack"
    REJECTED = "Rejected"
    ABORTED = "Aborted"
    SUPERSEDED = "Superseded"
    FAILED = "Failed"

    @property
    def is_final(self) -> bool:
        """Tell whether nothing follows."""
        return self in _FINAL


_FINAL = frozenset(
    {
        DeploymentStatus.COMPLETED,
        DeploymentStatus.ROLLED_BACK,
        DeploymentStatus.REJECTED,
        DeploymentStatus.ABORTED,
        DeploymentStatus.SUPERSEDED,
        DeploymentStatus.FAILED,
    }
)


class OnConflict(StrEnum):
    """What a new deployment does when another one holds the lease."""

    REJECT = "reject"
    QUEUE = "queue"
    SUPERSEDE = "supersede"


class DeploymentInProgressError(ConflictError):
    """Another deployment holds the lease of this plugin and environment (409)."""


class DeploymentEndedError(ConflictError):
    """The deployment has ended; a late step of it changes nothing."""


@dataclass(frozen=True, slots=True)
class Lease:
    """
    The right to move one (plugin, environment), held by one deployment until *expires_at* (RFC 3339).

    *fence* grows with each new holder; the route refuses a smaller one, so a holder that was
    declared dead and comes back can't write. *held_by* is the deployment that a person rolled back: until
    somebody resumes it or starts a new one, nothing queued and nothing automatic begins (promise 8).
    """

    plugin_id: str
    environment: str
    holder: str
    fence: int
    expires_at: str
    held_by: str = ""

    def is_free(self, now: str) -> bool:
        """Tell whether another deployment may take it."""
        return not self.holder or self.expires_at <= now


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One synthetic call of the candidate: *outcome* as a verdict's, *duration_ms* wall time."""

    at: str
    version: str
    operation: str
    outcome: str
    duration_ms: float
    message: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """
    Why a deployment stands still although it has not ended, since when, and by whom.

    *by* is a person who paused it, or ``system``: a verdict that holds, or a window that is closed.
    *until* is when the machine looks again on its own (None: when a person says so).
    """

    reason: str
    by: str
    since: str
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """
    One attempt. Times are RFC 3339 UTC; *fence* is its lease's token.

    *last_known_good* is the complete route before it began (None: not prepared yet).
    *attempt* and the id name the execution, so starting twice starts once. *affected_tenants* had the plugin
    enabled when it began. *config* and *health* are what was asked for, completed with the defaults, in the words
    of the API. *is_queued*: it waits for its turn, holds no lease, and nothing of it has begun. *max_tenants* and
    *max_requests* cap whom the candidate may serve before it has everything. *outcome_version* is what a
    Completed one left serving: after an experiment that may be the old version. *ends_as* is what a RollingBack one
    will be once its books are closed, whoever closes them. *changed_by* are the people who made of it what it is: they
    asked for another attempt, or took it past a step of its plan. *sent_back* are the tenants, by their marks, that
    went back to stable alone. *is_watched*: it has ended, and `reconcile` still looks after it: pins of its guard
    are let go, and what it left serving is watched. *regressed_at* is when that was last found to fail more.
    """

    id: str
    plugin_id: str
    environment: str
    target: Target
    strategy: Strategy
    plan: Plan
    initiated_by: str
    created_at: str
    fence: int
    trace_id: str = ""
    reason: str = ""
    status: DeploymentStatus = DeploymentStatus.PENDING
    status_reason: str = ""
    previous_version: str | None = None
    affected_tenants: int = 0
    last_known_good: Route | None = None
    health_checks: tuple[HealthCheck, ...] = ()
    attempt: int = 1
    execution_arn: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    revision: int = 0
    split_by: SplitBy = SplitBy.TENANT
    config: Mapping[str, Any] = field(default_factory=dict)
    health: Mapping[str, Any] = field(default_factory=dict)
    on_conflict: OnConflict = OnConflict.REJECT
    is_queued: bool = False
    start_at: str | None = None
    auto_rollback: bool = True
    max_tenants: int | None = None
    max_requests: int | None = None
    hold: Hold | None = None
    outcome_version: str | None = None
    ends_as: DeploymentStatus | None = None
    changed_by: tuple[str, ...] = ()
    sent_back: tuple[str, ...] = ()
    is_watched: bool = False
    regressed_at: str | None = None

    @property
    def execution_name(self) -> str:
        """Name of its Step Functions execution."""
        return f"{self.id}-{self.attempt}"

    @property
    def candidate_bps(self) -> int:
        """The candidate's share after the shifts that are behind us; 0 once traffic was taken back."""
        if self.status.is_final and self.status is not DeploymentStatus.COMPLETED:
            return 0
        done = [step.share_bps for step in self.plan.steps if step.share_bps is not None and step.ended_at]
        return done[-1] if done else 0

    def require_live(self) -> None:
        """
        Raise when nothing may be done any more.

        Raises:
            DeploymentEndedError: It is final.
        """
        if self.status.is_final:
            raise DeploymentEndedError(
                f"{self.id} is {self.status} already.", fix="Start a new deployment if you want another one."
            )

    def begin(self, now: str) -> Deployment:
        """Go from Pending to InProgress; one that has begun keeps its first time, a paused one stays paused."""
        self.require_live()
        if self.status is not DeploymentStatus.PENDING:
            return self
        return replace(self, status=DeploymentStatus.IN_PROGRESS, started_at=self.started_at or now)

    def end(self, status: DeploymentStatus, reason: str, now: str) -> Deployment:
        """End it; the first end counts."""
        self.require_live()
        return replace(
            self,
            status=status,
            status_reason=reason,
            ended_at=now,
            hold=None,
            is_queued=False,
            ends_as=None,
            is_watched=self.last_known_good is not None,
        )

    def pause(self, by: str, reason: str, now: str) -> Deployment:
        """Stand still; what the candidate serves stays, and so does the watch over it."""
        return replace(self, status=DeploymentStatus.PAUSED, hold=Hold(reason, by, now))

    def resume(self, now: str) -> Deployment:
        """Go on; the time that it stood still does not count for the step that waits."""
        resumed = replace(self, status=DeploymentStatus.IN_PROGRESS, hold=None)
        current = self.plan.current
        if self.hold is None or current is None or current.started_at is None:
            return resumed
        stood_from = max(self.hold.since, current.started_at)
        seconds = round((datetime.fromisoformat(now) - datetime.fromisoformat(stood_from)).total_seconds())
        return replace(resumed, plan=self.plan.wait_longer(current.index, max(seconds, 0)))

    def attempt_again(self, by: str, *, fence: int) -> Deployment:
        """
        Begin anew with the same version and plan: a new attempt, whose execution has another name.

        Nothing that was measured or agreed to is taken over.
        """
        return replace(
            self,
            status=DeploymentStatus.PENDING,
            status_reason="",
            attempt=self.attempt + 1,
            fence=fence,
            plan=self.plan.afresh(),
            last_known_good=None,
            health_checks=(),
            started_at=None,
            ended_at=None,
            hold=None,
            outcome_version=None,
            ends_as=None,
            sent_back=(),
            is_watched=False,
            regressed_at=None,
        ).change(by)

    def change(self, by: str) -> Deployment:
        """Note who made of it what it is now; they agree to it as little as whoever asked for it."""
        return replace(self, changed_by=tuple(dict.fromkeys((*self.changed_by, by))))

    def undo(self, reason: str, now: str, *, fence: int) -> Deployment:
        """Turn a Completed one into one that was rolled back."""
        undone = replace(self, status=DeploymentStatus.ROLLED_BACK, status_reason=reason, ended_at=now, fence=fence)
        return replace(undone, hold=None, is_watched=True)

    def fail_step(self, verdict: Verdict, now: str) -> Deployment:
        """Record why its current step failed."""
        return replace(self, plan=self.plan.fail(now, verdict))


def require_fence(deployment: Deployment, lease: Lease | None) -> None:
    """
    Raise unless *deployment* still holds its lease.

    Raises:
        FencedOffError: A newer one does.
    """
    if lease is None or lease.fence != deployment.fence or lease.holder != deployment.id:
        raise FencedOffError(
            f"{deployment.id} does not hold the lease of {deployment.plugin_id} in {deployment.environment} any more.",
            fix="Nothing is to be done: the newer deployment goes on.",
        )
