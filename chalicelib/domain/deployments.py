"""Deployments: one attempt to make a version the current one of an environment; its life and its lease."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.errors import ConflictError, FencedOffError
from chalicelib.domain.plans import Plan, Verdict
from chalicelib.domain.routes import Route, Target
from chalicelib.domain.strategies import Strategy

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


class DeploymentInProgressError(ConflictError):
    """Another deployment holds the lease of this plugin and environment (409)."""


class DeploymentEndedError(ConflictError):
    """The deployment has ended; a late step of it changes nothing."""


@dataclass(frozen=True, slots=True)
class Lease:
    """
    The right to move one (plugin, environment), held by one deployment until *expires_at* (RFC 3339).

    *fence* grows with each new holder; the route refuses a smaller one, so a holder that was
    declared dead and comes back can't write.
    """

    plugin_id: str
    environment: str
    holder: str
    fence: int
    expires_at: str


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
class Deployment:
    """
    One attempt. Times are RFC 3339 UTC; *fence* is its lease's token.

    *last_known_good* is the complete route before it began (None: not prepared yet).
    *attempt* and the id name the execution, so starting twice starts once. *affected_tenants* had the plugin
    enabled when it began.
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
        """Go from Pending to InProgress; one that has begun keeps its first time."""
        self.require_live()
        if self.status is DeploymentStatus.IN_PROGRESS:
            return self
        return replace(self, status=DeploymentStatus.IN_PROGRESS, started_at=now)

    def end(self, status: DeploymentStatus, reason: str, now: str) -> Deployment:
        """End it; the first end counts."""
        self.require_live()
        return replace(self, status=status, status_reason=reason, ended_at=now)

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
