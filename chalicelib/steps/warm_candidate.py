"""State ``WarmCandidate``: start the candidate before anyone waits for it."""

from __future__ import annotations

from dataclasses import replace

from chalice.app import Blueprint

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.errors import PluginFailedError, PluginTimeoutError
from chalicelib.domain.health import NOBODY, PROBE, identity_errors, judge_answer, tried_by
from chalicelib.domain.routes import Target
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Verdict
from chalicelib.ports import Ports
from chalicelib.steps._given import Result, StepGiven
from chalicelib.steps._held import commit, fail_step, held_deployment, is_behind
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

    Readiness can't be skipped, not even by force. Idempotent: a step that is behind us is not run again, and
    one that failed fails again.

    Reads ``$.deployment_id``, ``$.step``; writes ``$.warm_up``.

    Raises:
        CandidateUnfitError: It does not start, or another build answers.
        FencedOffError: A newer deployment owns the route.
        DeploymentEndedError: It has ended meanwhile.
    """
    deployment = held_deployment(given, ports)
    current = deployment.plan.steps[given.step.index]
    if not is_behind(current):
        verdict = _start_all(deployment, ports)
        if verdict.outcome != "pass":
            fail_step(deployment, current, verdict, given, ports)
        plan = deployment.plan.complete(current.index, rfc3339(ports.clock.now()), verdict)
        commit(replace(deployment, plan=plan), "WarmCandidate", given, ports, step=current.index)

    return WarmCandidateResult(lambda_version=deployment.target.lambda_version)


def _start_all(deployment: Deployment, ports: Ports) -> Verdict:
    """Start every version that is tried; the first that does not start decides."""
    for target in tried_by(deployment):
        verdict = _start(deployment, target, ports)
        if verdict.outcome != "pass":
            break
    return verdict


def _start(deployment: Deployment, target: Target, ports: Ports) -> Verdict:
    published = ports.functions.find_version_alias(deployment.plugin_id, target.alias)
    if published is None or published.lambda_version != target.lambda_version:
        return Verdict("fail", f"the alias {target.alias} does not name Lambda version {target.lambda_version}")
    try:
        isolated_for = NOBODY if target.is_isolated else None
        answer = ports.functions.call(deployment.plugin_id, target.alias, PROBE, isolated_for=isolated_for)
    except (PluginFailedError, PluginTimeoutError) as error:
        return Verdict("fail", error.detail)
    verdict = judge_answer(answer)
    errors = identity_errors(answer, plugin_id=deployment.plugin_id, version=target.version, sha256=target.sha256)
    if verdict.outcome == "pass" and errors:
        return Verdict("fail", f"another build answers: {'; '.join(errors)}")
    return verdict
