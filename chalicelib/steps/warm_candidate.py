"""State ``WarmCandidate``: start the candidate before anyone waits for it."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib.ports import Ports
from chalicelib.services.warm_ups import warm_up
from chalicelib.steps._given import Result, StepGiven
from chalicelib.steps._held import commit, complete_step, fail_step, held_deployment, is_behind
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class WarmCandidateResult(Result):
    """The Lambda version that is warm."""

    lambda_version: str


@blueprint.lambda_function(name="warm_candidate")
@step(StepGiven)
def warm_candidate(given: StepGiven, ports: Ports) -> WarmCandidateResult:
    """
    State ``WarmCandidate``: see that the candidate's alias names its build, and that this build starts.

    It starts as many containers as its requests will need at once. Readiness can't be skipped, not even by force.
    Idempotent: a step that is behind us is not run again, and one that failed fails again.

    Reads ``$.deployment_id``, ``$.step``; writes ``$.warm_up``.

    Raises:
        CandidateUnfitError: It does not start, or another build answers.
        FencedOffError: A newer deployment owns the route.
        DeploymentEndedError: It has ended meanwhile.
    """
    deployment = held_deployment(given, ports)
    current = deployment.plan.steps[given.step.index]
    if not is_behind(current):
        verdict = warm_up(deployment, ports)
        if verdict.outcome != "pass":
            fail_step(deployment, current, verdict, given, ports)
        warmed, passing = complete_step(deployment, current, verdict, ports)
        commit(warmed, "WarmCandidate", given, ports, verdict=passing, step=current.index)

    return WarmCandidateResult(lambda_version=deployment.target.lambda_version)
