"""State ``RollBack``: whatever happened, leave the last known good serving and the books closed."""

from __future__ import annotations

from dataclasses import replace

from chalice.app import Blueprint

from chalicelib.domain.deployments import Deployment, DeploymentStatus, require_fence
from chalicelib.domain.errors import FencedOffError
from chalicelib.domain.plans import StepStatus
from chalicelib.domain.routes import Route
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Verdict
from chalicelib.ports import Ports
from chalicelib.services.records import record_of
from chalicelib.steps._given import DeploymentGiven, Failure, Result
from chalicelib.steps._held import commit, released_lease
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class RollBackGiven(DeploymentGiven):
    """Also why the state before failed; a deployment can be rolled back without any error."""

    error: Failure | None = None


class RollBackResult(Result):
    """What the deployment is now, and why."""

    status: str
    status_reason: str


@blueprint.lambda_function(name="roll_back")
@step(RollBackGiven)
def roll_back(given: RollBackGiven, ports: Ports) -> RollBackResult:
    """
    State ``RollBack``: put the last known good back, mirror it, then end the deployment and give the lease back.

    Two writes, since only the holder of the lease may touch the alias: the first takes the traffic back
    (``RollingBack``), the second ends (``RolledBack``). If we die in between, a repeated run sees the first one
    done and goes on. A deployment that never touched the route just ends as ``Failed``; one that lost its
    lease ends as ``Superseded`` without a touch; one that has ended stays as it is.

    Idempotent. Needs only the id: reads ``$.deployment_id``, ``$.error`` if there; writes ``$.rollback``.
    """
    deployment = ports.deployments.get(given.deployment_id)
    if not deployment.status.is_final:
        deployment = _end(_with_reason(deployment, given, ports), given, ports)

    return RollBackResult(status=deployment.status, status_reason=deployment.status_reason)


def _end(deployment: Deployment, given: RollBackGiven, ports: Ports) -> Deployment:
    try:
        require_fence(deployment, ports.deployments.lease(deployment.plugin_id, deployment.environment))
        if deployment.last_known_good is not None:
            deployment, route = _take_back(deployment, given, ports)
            ports.functions.mirror(route)
            return _close(deployment, DeploymentStatus.ROLLED_BACK, given, ports)
        return _close(deployment, DeploymentStatus.FAILED, given, ports)
    except FencedOffError as error:
        return _supersede(given, error.detail, ports)


def _take_back(deployment: Deployment, given: RollBackGiven, ports: Ports) -> tuple[Deployment, Route]:
    """Settle the route on the snapshot's stable version: never on a share that the candidate had."""
    good = deployment.last_known_good
    route = ports.routes.get(deployment.plugin_id, deployment.environment)
    if good is None or route is None:
        raise ValueError(f"{deployment.id} is prepared, but there is no route")
    if deployment.status is DeploymentStatus.ROLLING_BACK and route.deployment_id is None:
        return deployment, route
    settled = route.settle_on(good.stable, fence=deployment.fence)
    rolling = replace(deployment, status=DeploymentStatus.ROLLING_BACK)
    stable = good.stable.version if good.stable else None
    return commit(rolling, "RollBack", given, ports, route=settled, stable=stable), settled


def _close(deployment: Deployment, status: DeploymentStatus, given: RollBackGiven, ports: Ports) -> Deployment:
    ended = deployment.end(status, deployment.status_reason, rfc3339(ports.clock.now()))
    return commit(ended, "EndDeployment", given, ports, lease=released_lease(deployment, ports))


def _supersede(given: RollBackGiven, reason: str, ports: Ports) -> Deployment:
    """End our own record and nothing else: route, alias and lease are the newer deployment's."""
    deployment = ports.deployments.get(given.deployment_id)
    if deployment.status.is_final:
        return deployment
    ended = deployment.end(DeploymentStatus.SUPERSEDED, reason, rfc3339(ports.clock.now()))
    record = record_of(
        given.caller,
        "EndDeployment",
        f"deployments/{ended.id}",
        ports,
        after={"status": ended.status},
        reason=reason,
    )
    return ports.deployments.commit(ended, record)


def _with_reason(deployment: Deployment, given: RollBackGiven, ports: Ports) -> Deployment:
    """Say why, once: a step's own verdict before the error that it caused, and the first reason stays."""
    if deployment.status_reason:
        return deployment
    failed = next((one for one in deployment.plan.steps if one.status is StepStatus.FAILED), None)
    if failed is not None and failed.verdict is not None:
        return replace(deployment, status_reason=f"{failed.kind} failed: {failed.verdict.reason}")
    reason = given.error.reason if given.error else "it was asked to roll back"
    stopped = deployment.fail_step(Verdict("error", reason), rfc3339(ports.clock.now()))
    return replace(stopped, status_reason=reason)
