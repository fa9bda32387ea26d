"""Health checks: calls of a version that are nobody's, through its own alias."""

from __future__ import annotations

import json
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.domain.deployments import HealthCheck
from chalicelib.domain.errors import PluginFailedError, PluginTimeoutError
from chalicelib.domain.health import NOBODY, PROBE, judge_answer, judge_result
from chalicelib.domain.manifest import Manifest
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.manifest import SandboxTest
    from chalicelib.domain.routes import Target
    from chalicelib.ports import Ports


class Whose(Protocol):
    """Whom a check is made for: a deployment, or whoever asks."""

    @property
    def plugin_id(self) -> str:
        """Whose version it is."""

    @property
    def environment(self) -> str:
        """Where it serves."""

    @property
    def trace_id(self) -> str:
        """What it is found by in the plugin's log."""


def check_health(deployment: Whose, target: Target, name: str, ports: Ports) -> HealthCheck:
    """
    Make the health check of *target*'s manifest, or a probe; *name* is the execution's id.

    It gets no tenant's config and no secrets.

    Raises:
        TransientError: It could not be made: that says nothing about the version.
    """
    wanted = _manifest(deployment, target, ports).health_check
    if wanted is None:
        return _call(deployment, target, "probe", PROBE, judge_answer, ports)
    event = _event(deployment, wanted.operation, wanted.input, {}, name)
    return _call(deployment, target, wanted.operation, event, judge_answer, ports)


def try_sandbox_tests(deployment: Deployment, target: Target, name: str, ports: Ports) -> Iterator[HealthCheck]:
    """
    Make the calls of the manifest's ``sandboxTests`` one by one, with the config that each brings along.

    Raises:
        TransientError: One could not be made: that says nothing about the version.
    """
    for number, test in enumerate(_manifest(deployment, target, ports).sandbox_tests):
        event = _event(deployment, test.operation, test.input, test.config, f"{name}-{number}")
        yield _call(deployment, target, f"test: {test.name}", event, _expecting(test), ports)


def _expecting(test: SandboxTest) -> Callable[[Mapping[str, Any]], Verdict]:
    return lambda answer: judge_result(answer, test.expect)


def _manifest(deployment: Whose, target: Target, ports: Ports) -> Manifest:
    version = ports.versions.get(deployment.plugin_id, target.version)
    return Manifest.model_validate_json(json.dumps(version.manifest))


def _call(
    deployment: Whose,
    target: Target,
    operation: str,
    event: Mapping[str, Any],
    judge: Callable[[Mapping[str, Any]], Verdict],
    ports: Ports,
) -> HealthCheck:
    started = perf_counter()
    try:
        isolated_for = NOBODY if target.is_isolated else None
        verdict = judge(ports.functions.call(deployment.plugin_id, target.alias, event, isolated_for=isolated_for))
    except (PluginFailedError, PluginTimeoutError) as error:
        verdict = Verdict(Outcome.FAIL, error.detail)
    duration_ms = round(1000 * (perf_counter() - started), 1)
    at = rfc3339(ports.clock.now())
    return HealthCheck(at, target.version, operation, str(verdict.outcome), duration_ms, verdict.reason)


def _event(
    deployment: Whose, operation: str, given: Mapping[str, Any], config: Mapping[str, Any], name: str
) -> dict[str, Any]:
    return {
        "operation": operation,
        "input": given,
        "tenantId": NOBODY,
        "environment": deployment.environment,
        "config": config,
        "secrets": {},
        "state": None,
        "executionId": name,
        "traceId": deployment.trace_id,
    }
