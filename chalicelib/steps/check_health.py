"""State ``CheckHealth``: find out whether the candidate works, before a tenant does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chalice.app import Blueprint

from chalicelib.domain.deployments import Deployment, HealthCheck
from chalicelib.domain.health import tried_by
from chalicelib.domain.verdicts import Outcome, Verdict
from chalicelib.ports import Ports
from chalicelib.services import health_checks
from chalicelib.services.leases import renewed_lease
from chalicelib.steps._given import Result, StepGiven
from chalicelib.steps._held import commit, complete_step, fail_step, held_deployment, is_behind
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class CheckHealthResult(Result):
    """The verdict: always ``pass``, since anything else is raised."""

    outcome: str


@blueprint.lambda_function(name="check_health")
@step(StepGiven)
def check_health(given: StepGiven, ports: Ports) -> CheckHealthResult:
    """
    State ``CheckHealth``: make the manifest's health check and its sandbox tests through the candidate's own alias.

    Without a health check it is probed. It gets no tenant's config and no secrets. Idempotent: the verdict is
    written before it is told, so a repeated run tells the same one.

    Reads ``$.deployment_id``, ``$.step``; writes ``$.health``.

    Raises:
        HealthCheckFailedError: One failed, did not answer in time, or died.
        FencedOffError: A newer deployment owns the route.
        DeploymentEndedError: It has ended meanwhile.
    """
    deployment = held_deployment(given, ports)
    current = deployment.plan.steps[given.step.index]
    if not is_behind(current):
        checks = _until_one_fails(deployment, _checks(deployment, given, ports), ports)
        verdict = Verdict(checks[-1].outcome, checks[-1].message, rule="smoke test", n=len(checks))
        checked = replace(deployment, health_checks=(*deployment.health_checks, *checks))
        if verdict.outcome != Outcome.PASS:
            fail_step(checked, current, verdict, given, ports)
        passed, passing = complete_step(checked, current, verdict, ports)
        commit(passed, "CheckHealth", given, ports, verdict=passing, step=current.index)

    return CheckHealthResult(outcome="pass")


def _checks(deployment: Deployment, given: StepGiven, ports: Ports) -> Iterator[HealthCheck]:
    name = f"{deployment.id}-{given.step.index}"
    for target in tried_by(deployment):
        yield health_checks.check_health(deployment, target, name, ports)
        yield from health_checks.try_sandbox_tests(deployment, target, name, ports)


def _until_one_fails(deployment: Deployment, checks: Iterator[HealthCheck], ports: Ports) -> list[HealthCheck]:
    """Make one after the other; each may take a minute, so each that passes is a sign of life as well."""
    made = []
    for check in checks:
        made.append(check)
        if check.outcome != Outcome.PASS:
            break
        ports.deployments.renew(renewed_lease(deployment, ports))
    return made
