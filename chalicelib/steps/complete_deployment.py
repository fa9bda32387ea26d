"""State ``CompleteDeployment``: the candidate has proved itself and is the stable version now."""

from __future__ import annotations

from dataclasses import replace

from chalice.app import Blueprint

from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.errors import ConflictError
from chalicelib.domain.plans import StepStatus
from chalicelib.domain.routes import FULL_BPS, Route
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Outcome
from chalicelib.ports import Ports
from chalicelib.services import turns
from chalicelib.services.leases import released_lease
from chalicelib.steps._given import DeploymentGiven, Result
from chalicelib.steps._held import commit, held_deployment, held_route
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class PlanUnfinishedError(ConflictError):
    """A step is missing, or the candidate does not have everything: nothing may be promoted."""


class CompleteDeploymentResult(Result):
    """What the deployment is now."""

    status: str


@blueprint.lambda_function(name="complete_deployment")
@step(DeploymentGiven)
def complete_deployment(given: DeploymentGiven, ports: Ports) -> CompleteDeploymentResult:
    """
    State ``CompleteDeployment``: promote the candidate, end the deployment and give the lease back, in one write.

    Idempotent: a completed deployment stays as it is. The alias is mirrored before that write and not after:
    with the candidate at 100 % it shows the same before and after the promotion, and afterwards the lease may
    be somebody else's, whose newer alias we would overwrite. Then the next in the queue has its turn.

    Reads ``$.deployment_id``; writes ``$.completion``.

    Raises:
        PlanUnfinishedError: A step is missing.
        FencedOffError: A newer deployment owns the route.
        DeploymentEndedError: It has ended otherwise.
    """
    stored = ports.deployments.get(given.deployment_id)
    if stored.status is DeploymentStatus.COMPLETED:
        return CompleteDeploymentResult(status=stored.status)
    deployment = held_deployment(given, ports)
    route = held_route(deployment, ports)
    settled = _settled(deployment, route)
    stable = settled.stable.version if settled.stable else None
    ports.functions.mirror(settled)
    completed = deployment.end(DeploymentStatus.COMPLETED, _told(deployment), rfc3339(ports.clock.now()))
    completed = replace(completed, outcome_version=stable)
    lease = released_lease(deployment, ports)
    commit(completed, "CompleteDeployment", given, ports, route=settled, lease=lease, stable=stable)
    turns.start_next(deployment.plugin_id, deployment.environment, ports)

    return CompleteDeploymentResult(status=completed.status)


def _told(deployment: Deployment) -> str:
    """Say how it went: who went on without a pass, by hand or because it was asked for so, has no pass to show."""
    verdicts = [(step, step.verdict) for step in deployment.plan.steps if step.verdict is not None]
    unproven = [(step, verdict) for step, verdict in verdicts if verdict.outcome != Outcome.PASS]
    if not unproven:
        return "every step passed"
    step, verdict = unproven[-1]
    return f"every step is done, step {step.index + 1} ({step.kind}) without a pass: {verdict.reason}"


def _settled(deployment: Deployment, route: Route) -> Route:
    """Give everything to the candidate, or to what an experiment was decided for: that may be stable."""
    outcome = deployment.outcome_version
    is_done = all(step.status in (StepStatus.COMPLETED, StepStatus.SKIPPED) for step in deployment.plan.steps)
    if is_done and route.stable is not None and outcome == route.stable.version:
        return route.settle_on(route.stable, fence=deployment.fence)
    if not is_done or route.candidate is None or route.candidate_bps != FULL_BPS:
        raise PlanUnfinishedError(
            f"The plan of {deployment.id} is not finished: {deployment.plan.progress_percentage} % of its steps, "
            f"{route.candidate_bps / 100:g} % of the traffic.",
            fix="Start a new deployment.",
        )
    return route.promote(fence=deployment.fence)
