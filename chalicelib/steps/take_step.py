"""State ``TakeStep``, the loop's head: say what the plan wants next, and begin it."""

from __future__ import annotations

from dataclasses import replace

from chalice.app import Blueprint
from pydantic import BaseModel

from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.plans import WAITS, Step, StepKind
from chalicelib.domain.times import rfc3339
from chalicelib.ports import Ports
from chalicelib.services.obstacles import find_obstacle
from chalicelib.steps._given import DeploymentGiven, Result
from chalicelib.steps._held import commit, held_deployment, require_not_failed
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)

#: What ``WhichStep?`` has a state for beside the kinds of steps; a test compares the two.
PREPARE, EVALUATE, WAIT, NONE_LEFT = "prepare", "evaluate", "wait", "none"


class TakenBefore(BaseModel):
    """The step that this execution took before."""

    round: int = 0


class TakeStepGiven(DeploymentGiven):
    """Also what was taken before, if anything was."""

    step: TakenBefore | None = None


class TakeStepResult(Result):
    """
    What to run, and the step's 0-based index, or -1.

    *round* counts the steps that this execution took: it names what is started for this one, the same each time.
    """

    kind: str
    index: int
    round: int


@blueprint.lambda_function(name="take_step")
@step(TakeStepGiven)
def take_step(given: TakeStepGiven, ports: Ports) -> TakeStepResult:
    """
    State ``TakeStep``: begin the first step that is not behind us, or wait before it.

    Approvals come first: what is prepared and shown to nobody may be remembered late, what people agreed to not.
    A paused deployment waits, and so does a step that something is in the way of. An observation of no length needs
    one look and no execution of its own.

    Idempotent: a step that has begun stays the current one, with its first time.

    Reads ``$.deployment_id``, ``$.step`` if there; writes ``$.step``.

    Raises:
        HealthCheckFailedError: A health check of the plan has failed.
        CandidateUnfitError: Another step of the plan has failed.
        FencedOffError: A newer deployment owns the route.
        DeploymentEndedError: It has ended meanwhile.
    """
    deployment = held_deployment(given, ports)
    for one in deployment.plan.steps:
        require_not_failed(one)
    taken = given.step.round + 1 if given.step else 1
    current = deployment.plan.current
    if current is None:
        return TakeStepResult(kind=NONE_LEFT, index=-1, round=taken)

    kind = _kind(deployment, current, ports)
    if kind != PREPARE and not _stands_before(deployment, current, kind):
        _begin(deployment, current, given, ports)

    return TakeStepResult(kind=kind, index=current.index, round=taken)


def _kind(deployment: Deployment, current: Step, ports: Ports) -> str:
    if current.kind is StepKind.APPROVE:
        return current.kind
    if deployment.status is DeploymentStatus.PAUSED or find_obstacle(deployment, ports) is not None:
        return WAIT
    if deployment.last_known_good is None:
        return PREPARE
    if current.kind not in WAITS:
        return current.kind
    return EVALUATE if current.kind is StepKind.OBSERVE and not current.lasts_seconds and not deployment.hold else WAIT


def _stands_before(deployment: Deployment, current: Step, kind: str) -> bool:
    """Tell whether the deployment waits before the step and not in it."""
    return kind == WAIT and (current.kind not in WAITS or deployment.status is DeploymentStatus.PAUSED)


def _begin(deployment: Deployment, current: Step, given: TakeStepGiven, ports: Ports) -> None:
    begun = deployment.plan.begin(current.index, rfc3339(ports.clock.now()))
    if begun != deployment.plan:
        after = replace(deployment, plan=begun, hold=None)
        commit(after, "TakeStep", given, ports, step=current.index, kind=current.kind)
