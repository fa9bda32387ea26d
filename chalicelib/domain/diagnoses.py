"""Diagnoses: where deployment, lease, execution, route and alias disagree, why, and what heals it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.approvals import ApprovalStatus
from chalicelib.domain.deployments import FIRST_LEASE_SECONDS, DeploymentStatus
from chalicelib.domain.mirrors import mirror_of
from chalicelib.domain.silences import silent_since
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from chalicelib.domain.approvals import Approval
    from chalicelib.domain.deployments import Deployment, Lease
    from chalicelib.domain.mirrors import Mirror
    from chalicelib.domain.routes import Route

#: Whoever stored a deployment has so long to start its execution before `reconcile` does.
START_SECONDS = 20
#: So long after people have decided, the machine has heard of it, or never will by itself.
HEARING_SECONDS = 60


class ExecutionState(StrEnum):
    """How an execution of Step Functions stands, in its own words; Missing: there is none of that name."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"
    MISSING = "MISSING"


class Cure(StrEnum):
    """What heals a disagreement; each is safe to do twice."""

    ROLL_BACK = "roll back"
    START = "start"
    BEGIN_NEXT = "begin next"
    SETTLE_ROUTE = "settle route"
    RELEASE_LEASE = "release lease"
    MEND_ALIAS = "mend alias"
    NONE = "none"


class Diagnosis(NamedTuple):
    """
    One disagreement: *what* is seen, its *cause*, and its *cure*, which the next sweep applies by itself.

    *verb* is what a person may safely do who does not want to wait for that. *deployment_id* is empty where none is
    concerned.
    """

    plugin_id: str
    environment: str
    deployment_id: str
    what: str
    cause: str
    cure: Cure
    verb: str
    ends_as: DeploymentStatus = DeploymentStatus.ROLLED_BACK


class Situation(NamedTuple):
    """
    A deployment that has not ended, and everything that must agree with it.

    *execution* is None while Step Functions can't be asked: then it is not judged. *approval* is that of its current
    step.
    """

    deployment: Deployment
    lease: Lease | None
    route: Route | None
    execution: ExecutionState | None = None
    approval: Approval | None = None


_ENDED_BY = {
    ExecutionState.SUCCEEDED: "its execution ended and left it open",
    ExecutionState.FAILED: "its execution failed",
    ExecutionState.TIMED_OUT: "its execution took longer than it may",
    ExecutionState.ABORTED: "its execution was stopped",
    ExecutionState.MISSING: "its execution is gone",
}


def cause_of_end(state: ExecutionState) -> str:
    """Say in words why a deployment can't go on whose execution is in *state*."""
    return _ENDED_BY[state]


def ends_as(deployment: Deployment, approval: Approval | None) -> tuple[DeploymentStatus, str]:
    """Say how one ends that can't go on, and why if people are the reason: what they refused stays refused."""
    if approval is not None and approval.refusal and approval.attempt == deployment.attempt:
        return DeploymentStatus.REJECTED, approval.refusal
    return DeploymentStatus.ROLLED_BACK, ""


def examine(seen: Situation, now: datetime) -> Diagnosis | None:
    """Name the disagreement that explains the others, if there is any; what can't be known now is not guessed."""
    deployment = seen.deployment
    if deployment.is_queued:
        return _waits_for_nobody(seen, rfc3339(now))
    verb = f"hotswap deploy abort {deployment.id}"
    found = _found(seen, now)
    if found is None:
        return None
    what, cause, cure = found
    status, refusal = ends_as(deployment, seen.approval)
    place = deployment.plugin_id, deployment.environment, deployment.id
    return Diagnosis(*place, what, refusal or cause, cure, verb, status)


def _found(seen: Situation, now: datetime) -> tuple[str, str, Cure] | None:
    deployment, lease, route = seen.deployment, seen.lease, seen.route
    if lease is None or (lease.holder, lease.fence) != (deployment.id, deployment.fence):
        holder = lease.holder if lease and lease.holder else "nobody"
        what = f"it is {deployment.status}, but {holder} holds the lease"
        return what, "its lease ran out and was taken over", Cure.ROLL_BACK
    if deployment.status is DeploymentStatus.ROLLING_BACK:
        what = "its traffic is back, but its books are open"
        return what, "whoever took the traffic back could not finish", Cure.ROLL_BACK
    if deployment.last_known_good is not None and (route is None or route.deployment_id != deployment.id):
        what = f"it is {deployment.status}, but its route does not offer {deployment.target.version}"
        return what, "its candidate was taken out of the route", Cure.ROLL_BACK
    return _dead(seen, now) or _overdue(lease, rfc3339(now)) or _silent(seen, now) or _unheard(seen, rfc3339(now))


def _dead(seen: Situation, now: datetime) -> tuple[str, str, Cure] | None:
    """Judge by the execution; one that was never started is started, as long as its lease holds."""
    deployment, lease, state = seen.deployment, seen.lease, seen.execution
    if state is None or state is ExecutionState.RUNNING or lease is None:
        return None
    what = f"it is {deployment.status}, but its execution is {state}"
    if state is ExecutionState.MISSING and deployment.status is DeploymentStatus.PENDING:
        waited = now + timedelta(seconds=FIRST_LEASE_SECONDS - START_SECONDS)
        if rfc3339(now) >= lease.expires_at:
            return what, "it was never started, and its lease ran out", Cure.ROLL_BACK
        if rfc3339(waited) < lease.expires_at:
            return None
        return what, "whoever stored it died before it was started", Cure.START
    return what, cause_of_end(state), Cure.ROLL_BACK


def _overdue(lease: Lease | None, now: str) -> tuple[str, str, Cure] | None:
    if lease is None or now < lease.expires_at:
        return None
    return f"its lease ran out at {lease.expires_at}", "abandoned: its lease ran out", Cure.ROLL_BACK


def _silent(seen: Situation, now: datetime) -> tuple[str, str, Cure] | None:
    since = silent_since(seen.deployment, seen.lease, now) if seen.lease is not None else None
    if since is None:
        return None
    what = f"it is {seen.deployment.status}, but nothing was heard of its execution since {since}"
    return what, "its execution gave no sign of life any more", Cure.ROLL_BACK


def _unheard(seen: Situation, now: str) -> tuple[str, str, Cure] | None:
    """People have agreed, but nothing can wake the machine: it never said how."""
    approval = seen.approval
    if approval is None or approval.status is not ApprovalStatus.APPROVED or approval.task_token is not None:
        return None
    heard_by = datetime.fromisoformat(approval.decided_at or now) + timedelta(seconds=HEARING_SECONDS)
    if now < rfc3339(heard_by):
        return None
    what = f"{approval.id} is {approval.status}, but it waits for it"
    return what, "approved, but its execution left no word how to wake it", Cure.ROLL_BACK


def _waits_for_nobody(seen: Situation, now: str) -> Diagnosis | None:
    deployment, lease = seen.deployment, seen.lease
    if lease is not None and (lease.held_by or not lease.is_free(now)):
        return None
    return Diagnosis(
        deployment.plugin_id,
        deployment.environment,
        deployment.id,
        "it waits for its turn, but nobody is live",
        "whoever ended the one before died before this one began",
        Cure.BEGIN_NEXT,
        f"hotswap deploy abort {deployment.id}",
    )


def examine_route(route: Route, named: Deployment | None) -> Diagnosis | None:
    """Compare a route with the deployment that it names (*named* None: there is none of that id)."""
    if route.deployment_id is None or (named is not None and not named.status.is_final):
        return None
    state = f"is {named.status}" if named else "does not exist"
    stable = route.stable.version if route.stable else "VERSION"
    return Diagnosis(
        route.plugin_id,
        route.environment,
        route.deployment_id,
        f"its route offers a candidate of {route.deployment_id}, which {state}",
        "the route was written by something else than the product",
        Cure.SETTLE_ROUTE if named else Cure.NONE,
        f"hotswap deploy create {route.plugin_id} {stable} --environment {route.environment} --strategy Direct",
    )


def examine_lease(lease: Lease, holder: Deployment | None, now: str) -> Diagnosis | None:
    """Compare a lease with the deployment that holds it (*holder* None: there is none of that id)."""
    if lease.is_free(now) or (holder is not None and not holder.status.is_final):
        return None
    state = f"is {holder.status}" if holder else "does not exist"
    return Diagnosis(
        lease.plugin_id,
        lease.environment,
        lease.holder,
        f"{lease.holder} holds the lease until {lease.expires_at}, but {state}",
        "the lease was written by something else than the product",
        Cure.RELEASE_LEASE if holder else Cure.NONE,
        "wait: it runs out by itself",
    )


def examine_alias(route: Route, shown: Mirror | None) -> Diagnosis | None:
    """Compare a route with its alias."""
    wanted = mirror_of(route)
    if shown == wanted:
        return None
    return Diagnosis(
        route.plugin_id,
        route.environment,
        route.deployment_id or "",
        f"its alias shows {_told(shown)}, its route says {_told(wanted)}",
        "the alias was moved by hand, or Lambda was away when the route was written",
        Cure.MEND_ALIAS,
        "wait: it is mended every minute; if it returns, take away the right of who moves it",
    )


def _told(mirror: Mirror | None) -> str:
    if mirror is None:
        return "nothing"
    weights = "".join(f" + {bps / 100:g} % of {version}" for version, bps in mirror.weights_bps.items())
    return f"Lambda version {mirror.lambda_version}{weights} (epoch {mirror.epoch})"
