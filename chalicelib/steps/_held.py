"""What the states of a deployment share: reading it while it holds its lease, and writing it with the lease renewed."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.deployments import (
    Deployment,
    DeploymentEndedError,
    DeploymentStatus,
    Lease,
    require_fence,
)
from chalicelib.domain.given_verdicts import Consequence, GivenVerdict
from chalicelib.domain.health import CandidateUnfitError, HealthCheckFailedError, winner_of
from chalicelib.domain.plans import Step, StepKind, StepStatus
from chalicelib.domain.routes import Route, Target
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Verdict
from chalicelib.ports import Ports
from chalicelib.services.leases import renewed_lease
from chalicelib.services.records import record_of
from chalicelib.steps._given import DeploymentGiven


def held_deployment(given: DeploymentGiven, ports: Ports) -> Deployment:
    """
    Return the deployment while it may move its route.

    Raises:
        DeploymentEndedError: It has ended, or is being rolled back, or another attempt of it is live.
        FencedOffError: A newer deployment holds the lease.
    """
    deployment = ports.deployments.get(given.deployment_id)
    deployment.require_live()
    if not given.is_for(deployment.attempt):
        raise DeploymentEndedError(
            f"Attempt {given.attempt} of {deployment.id} has ended, {deployment.attempt} is live.",
            fix="Nothing is to be done: the newer attempt goes on.",
        )
    if deployment.status is DeploymentStatus.ROLLING_BACK:
        raise DeploymentEndedError(
            f"{deployment.id} is being rolled back.", fix="Wait until it has ended, then start a new one."
        )
    require_fence(deployment, ports.deployments.lease(deployment.plugin_id, deployment.environment))
    return deployment


def held_route(deployment: Deployment, ports: Ports) -> Route:
    """
    Return the route, which `PrepareCandidate` has offered the candidate.

    Raises:
        CandidateUnfitError: The route does not offer it.
    """
    route = ports.routes.get(deployment.plugin_id, deployment.environment)
    if route is None or route.candidate not in _offered(deployment) or route.deployment_id != deployment.id:
        raise CandidateUnfitError(
            f"The route of {deployment.plugin_id} in {deployment.environment} does not offer "
            f"{deployment.target.version}.",
            fix="Start a new deployment.",
        )
    return route


def _offered(deployment: Deployment) -> tuple[Target | None, ...]:
    return deployment.target, winner_of(deployment) or deployment.target


def commit(
    deployment: Deployment,
    action: str,
    given: DeploymentGiven,
    ports: Ports,
    *,
    route: Route | None = None,
    lease: Lease | None = None,
    verdict: GivenVerdict | None = None,
    **told: object,
) -> Deployment:
    """
    Write the deployment, what moves with it and the record, all or nothing; without *lease* it is renewed.

    *verdict* is what this follows from. *told* goes into the record beside the status.

    Raises:
        StaleRevisionError: Somebody else wrote in between; the step then runs again.
        FencedOffError: A newer deployment took the lease or the route.
    """
    record = record_of(
        given.caller._replace(on_behalf_of=deployment.initiated_by),
        action,
        f"deployments/{deployment.id}",
        ports,
        after={"status": deployment.status, **told},
        reason=deployment.status_reason,
    )
    lease = lease or renewed_lease(deployment, ports)
    return ports.deployments.commit(deployment, record, route=route, lease=lease, verdict=verdict)


def complete_step(
    deployment: Deployment, step: Step, verdict: Verdict, ports: Ports
) -> tuple[Deployment, GivenVerdict]:
    """Complete a step by its verdict; give both, to be written together."""
    now = rfc3339(ports.clock.now())
    completed = replace(deployment, plan=deployment.plan.complete(step.index, now, verdict))
    return completed, GivenVerdict.on(completed, step.index, verdict, now, Consequence.COMPLETE)


def is_behind(step: Step) -> bool:
    """
    Tell whether a step was completed or skipped before, so that a repeated run has nothing to do.

    Raises:
        HealthCheckFailedError: It is a health check that failed before.
        CandidateUnfitError: It is another step that failed before.
    """
    require_not_failed(step)
    return step.status in (StepStatus.COMPLETED, StepStatus.SKIPPED)


def require_not_failed(step: Step) -> None:
    """
    Raise what a step failed with before: a fail verdict is final for its deployment.

    Raises:
        HealthCheckFailedError: It is a health check.
        CandidateUnfitError: It is another step.
    """
    if step.status is StepStatus.FAILED:
        raise step_error(step, step.verdict.reason if step.verdict else "nobody wrote down why")


def step_error(step: Step, reason: str) -> CandidateUnfitError | HealthCheckFailedError:
    """Make the error that says why a step failed."""
    error = HealthCheckFailedError if step.kind is StepKind.SMOKE else CandidateUnfitError
    return error(f"Step {step.index} ({step.kind}) failed: {reason}", fix="Mend the plugin, publish and deploy it.")


def fail_step(deployment: Deployment, step: Step, verdict: Verdict, given: DeploymentGiven, ports: Ports) -> None:
    """
    Write that the current step failed and why, then raise it: so a repeated run can't come to another verdict.

    Raises:
        HealthCheckFailedError: Always, for a health check.
        CandidateUnfitError: Always, for any other step.
    """
    now = rfc3339(ports.clock.now())
    commit(
        deployment.fail_step(verdict, now),
        "FailStep",
        given,
        ports,
        verdict=GivenVerdict.on(deployment, step.index, verdict, now, Consequence.ROLLBACK),
        step=step.index,
        outcome=verdict.outcome,
        because=verdict.reason,
    )
    raise step_error(step, verdict.reason)
