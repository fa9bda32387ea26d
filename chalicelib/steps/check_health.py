"""State ``CheckHealth``: find out whether the candidate works, before a tenant does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

from chalice.app import Blueprint

from chalicelib.domain.deployments import Deployment, HealthCheck
from chalicelib.domain.errors import PluginFailedError, PluginTimeoutError
from chalicelib.domain.health import PROBE, judge_answer
from chalicelib.domain.manifest import Manifest
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Verdict
from chalicelib.ports import Ports
from chalicelib.steps._given import Result, StepGiven
from chalicelib.steps._held import commit, fail_step, held_deployment, is_behind
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)

#: Can't be the id of a tenant, which begins with a letter or digit: a health check is nobody's call.
NOBODY = "_health-check"


class CheckHealthResult(Result):
    """The verdict: always ``pass``, since anything else is raised."""

    outcome: str


@blueprint.lambda_function(name="check_health")
@step(StepGiven)
def check_health(given: StepGiven, ports: Ports) -> CheckHealthResult:
    """
    State ``CheckHealth``: make the health check of the manifest, or a probe, through the candidate's own alias.

    It gets no tenant's config and no secrets. Idempotent: the verdict is written before it is told, so a
    repeated run tells the same one.

    Reads ``$.deployment_id``, ``$.step``; writes ``$.health``.

    Raises:
        HealthCheckFailedError: It failed, did not answer in time, or died.
        FencedOffError: A newer deployment owns the route.
        DeploymentEndedError: It has ended meanwhile.
    """
    deployment = held_deployment(given, ports)
    current = deployment.plan.steps[given.step.index]
    if not is_behind(current):
        check = _check(deployment, given, ports)
        verdict = Verdict(check.outcome, check.message)
        checked = replace(deployment, health_checks=(*deployment.health_checks, check))
        if verdict.outcome != "pass":
            fail_step(checked, current, verdict, given, ports)
        plan = checked.plan.complete(current.index, check.at, verdict)
        commit(replace(checked, plan=plan), "CheckHealth", given, ports, step=current.index)

    return CheckHealthResult(outcome="pass")


def _check(deployment: Deployment, given: StepGiven, ports: Ports) -> HealthCheck:
    operation, event = _event(deployment, given, ports)
    started = perf_counter()
    try:
        answer = ports.functions.call(deployment.plugin_id, deployment.target.alias, event)
        verdict = judge_answer(answer)
    except (PluginFailedError, PluginTimeoutError) as error:
        verdict = Verdict("fail", error.detail)
    duration_ms = round(1000 * (perf_counter() - started), 1)
    at = rfc3339(ports.clock.now())
    return HealthCheck(at, deployment.target.version, operation, verdict.outcome, duration_ms, verdict.reason)


def _event(deployment: Deployment, given: StepGiven, ports: Ports) -> tuple[str, Mapping[str, Any]]:
    version = ports.versions.get(deployment.plugin_id, deployment.target.version)
    wanted = Manifest.model_validate_json(json.dumps(version.manifest)).health_check
    if wanted is None:
        return "probe", PROBE
    event = {
        "operation": wanted.operation,
        "input": wanted.input,
        "tenantId": NOBODY,
        "environment": deployment.environment,
        "config": {},
        "secrets": {},
        "state": None,
        "executionId": f"{deployment.id}-{given.step.index}",
        "traceId": given.trace_id,
    }
    return wanted.operation, event
