"""State ``TakeStep``, the loop's head: begin what the plan wants next."""

from __future__ import annotations

from dataclasses import replace

from chalice.app import Blueprint

from chalicelib.domain.errors import UnprocessableError
from chalicelib.domain.plans import StepKind
from chalicelib.domain.times import rfc3339
from chalicelib.ports import Ports
from chalicelib.steps._given import DeploymentGiven, Result
from chalicelib.steps._held import commit, held_deployment, require_not_failed
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)

#: Kinds that ``WhichStep?`` has a state for; a test compares the two.
RUNNABLE = frozenset({StepKind.WARM, StepKind.SMOKE, StepKind.SHIFT})
NONE_LEFT = "none"


class StepKindUnavailableError(UnprocessableError):
    """The plan holds a step that this release can't run: better back than half-way."""


class TakeStepResult(Result):
    """The step to run: its kind, or ``none``, and its 0-based index, or -1."""

    kind: str
    index: int


@blueprint.lambda_function(name="take_step")
@step(DeploymentGiven)
def take_step(given: DeploymentGiven, ports: Ports) -> TakeStepResult:
    """
    State ``TakeStep``: begin the first step that is not behind us.

    Idempotent: a step that has begun stays the current one, with its first time.

    Reads ``$.deployment_id``; writes ``$.step``.

    Raises:
        HealthCheckFailedError: A health check of the plan has failed.
        CandidateUnfitError: Another step of the plan has failed.
        StepKindUnavailableError: The next step is of a kind that can't be run.
        FencedOffError: A newer deployment owns the route.
        DeploymentEndedError: It has ended meanwhile.
    """
    deployment = held_deployment(given, ports)
    for one in deployment.plan.steps:
        require_not_failed(one)
    current = deployment.plan.current
    if current is None:
        return TakeStepResult(kind=NONE_LEFT, index=-1)
    if current.kind not in RUNNABLE:
        raise StepKindUnavailableError(f"This release can't run a step of kind {current.kind}.", fix="Update HotSwap.")

    begun = deployment.plan.begin(current.index, rfc3339(ports.clock.now()))
    if begun != deployment.plan:
        commit(replace(deployment, plan=begun), "TakeStep", given, ports, step=current.index, kind=current.kind)

    return TakeStepResult(kind=current.kind, index=current.index)
