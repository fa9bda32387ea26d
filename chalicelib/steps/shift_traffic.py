"""State ``ShiftTraffic``: one conditional write of the route, then the alias that mirrors it."""

from __future__ import annotations

from dataclasses import replace

from chalice.app import Blueprint

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.health import CandidateUnfitError, winner_of
from chalicelib.domain.plans import NEVER_SKIPPED, Step, StepStatus
from chalicelib.domain.routes import Route
from chalicelib.domain.times import rfc3339
from chalicelib.ports import Ports
from chalicelib.steps._given import Result, StepGiven
from chalicelib.steps._held import commit, held_deployment, held_route, is_behind
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class ShiftTrafficResult(Result):
    """The candidate's share in basis points, and the route's epoch that gave it."""

    candidate_bps: int
    epoch: int


@blueprint.lambda_function(name="shift_traffic")
@step(StepGiven)
def shift_traffic(given: StepGiven, ports: Ports) -> ShiftTrafficResult:
    """
    State ``ShiftTraffic``: give the candidate the share that this step of the plan allows.

    Readiness can't be skipped, not even by force: whoever had to agree, start or be tested before has done so.

    Idempotent: the share depends only on the step, route and step are one write, and if we died before the
    alias followed, a repeated run mirrors the stored route.

    Reads ``$.deployment_id``, ``$.step``; writes ``$.traffic``.

    Raises:
        CandidateUnfitError: The route does not offer the candidate, or it has not shown that it is ready.
        FencedOffError: A newer deployment owns the route.
        DeploymentEndedError: It has ended meanwhile.
    """
    deployment = held_deployment(given, ports)
    current = deployment.plan.steps[given.step.index]
    route = held_route(deployment, ports)
    if not is_behind(current):
        _require_ready(deployment, current)
        route = _moved(route, current, deployment)
        plan = deployment.plan.complete(current.index, rfc3339(ports.clock.now()))
        moved = replace(deployment, plan=plan)
        commit(moved, "ShiftTraffic", given, ports, route=route, step=current.index, candidateBps=route.candidate_bps)
    ports.functions.mirror(route)

    return ShiftTrafficResult(candidate_bps=route.candidate_bps, epoch=route.epoch)


def _require_ready(deployment: Deployment, current: Step) -> None:
    before = deployment.plan.steps[: current.index]
    missing = [one for one in before if one.kind in NEVER_SKIPPED and one.status is not StepStatus.COMPLETED]
    if missing:
        raise CandidateUnfitError(
            f"Step {missing[0].index} ({missing[0].kind}) of {deployment.id} is {missing[0].status}.",
            fix="Start a new deployment.",
        )


def _moved(route: Route, current: Step, deployment: Deployment) -> Route:
    if current.variants:
        return route.experiment(current.variants, fence=deployment.fence)
    if current.share_bps is None:
        raise ValueError(f"step {current.index} of {deployment.id} shifts to no share")
    winner = winner_of(deployment)
    if winner is not None and winner == route.stable:
        return route.shift(0, fence=deployment.fence)
    if winner is not None:
        route = route._replace(candidate=winner)
    return route.shift(current.share_bps, fence=deployment.fence, rings=current.rings, split_by=deployment.split_by)
