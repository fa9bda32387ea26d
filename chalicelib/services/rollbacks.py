"""Roll back: one conditional write of the last known good, by whoever notices first; alias and books follow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.deployments import DeploymentStatus, require_fence
from chalicelib.domain.errors import FencedOffError, StaleRevisionError
from chalicelib.domain.given_verdicts import Consequence, GivenVerdict
from chalicelib.domain.plans import StepStatus
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Outcome, Verdict
from chalicelib.services.leases import released_lease, renewed_lease
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.deployments import Deployment, HealthCheck, Lease
    from chalicelib.domain.routes import Route
    from chalicelib.ports import Ports

#: How often a roll-back reads again when somebody writes between its read and its write.
_READS = 5


class RollBack(NamedTuple):
    """
    Take a deployment's traffic back and end it as *ends_as*.

    *reason* is told to people; a step that failed before tells its own. *verdict* is what the current step failed
    with, if it did. With *is_manual* nothing queued and nothing automatic begins afterwards until somebody resumes
    it (promise 8). *attempt* is the only one that is meant; None: whichever is live. *health_checks* are
    those that the verdict was made of, where they are not stored yet.
    """

    deployment_id: str
    caller: Caller
    reason: str
    ends_as: DeploymentStatus = DeploymentStatus.ROLLED_BACK
    is_manual: bool = False
    verdict: Verdict | None = None
    attempt: int | None = None
    health_checks: tuple[HealthCheck, ...] = ()


def roll_back(order: RollBack, ports: Ports) -> Deployment:
    """
    Put the last known good back, mirror it, then end the deployment and give the lease back.

    Two writes, since only the holder of the lease may touch the alias: the first takes the traffic back
    (``RollingBack``, with what it will end as), the second ends. Whoever calls again after a death in between
    finds the first done and goes on, whatever it was called for. One that never touched the route just ends; one that
    lost its lease ends as ``Superseded`` without a touch; one that has ended stays as it is. Needs neither Step
    Functions nor CloudWatch, no approval and no window.

    Raises:
        TransientError: A table or Lambda is away; after the first write the traffic is back already.
    """
    for attempt in range(_READS):
        deployment = ports.deployments.get(order.deployment_id)
        if deployment.status.is_final or order.attempt not in (None, deployment.attempt):
            return deployment
        ending = _with_reason(deployment, order, ports)
        try:
            return _end(ending, _verdict_given(deployment, ending, ports), order, ports)
        except StaleRevisionError:
            if attempt == _READS - 1:
                raise
    raise AssertionError  # pragma: no cover - the loop returns or raises


def _end(deployment: Deployment, verdict: GivenVerdict | None, order: RollBack, ports: Ports) -> Deployment:
    """End it; *verdict* is written with the first write, whichever that is."""
    if deployment.is_queued:
        ended = deployment.end(_untouched(order), deployment.status_reason, _now(ports))
        return _commit(ended, order, ports, verdict=verdict)
    try:
        lease = ports.deployments.lease(deployment.plugin_id, deployment.environment)
        require_fence(deployment, lease)
        if deployment.last_known_good is None:
            return _close(deployment, _untouched(order), lease, order, ports, verdict)
        deployment, route, lease = _take_back(deployment, lease, verdict, order, ports)
        ports.functions.mirror(route)
        return _close(deployment, deployment.ends_as or order.ends_as, lease, order, ports)
    except FencedOffError as error:
        return _supersede(order, error.detail, ports)


def _take_back(
    deployment: Deployment, lease: Lease | None, verdict: GivenVerdict | None, order: RollBack, ports: Ports
) -> tuple[Deployment, Route, Lease | None]:
    """Settle the route on the snapshot's stable version: never on a share that the candidate had."""
    good = deployment.last_known_good
    route = ports.routes.get(deployment.plugin_id, deployment.environment)
    if good is None or route is None:
        raise ValueError(f"{deployment.id} is prepared, but there is no route")
    if deployment.status is DeploymentStatus.ROLLING_BACK and route.deployment_id is None:
        return deployment, route, lease
    settled = route.settle_on(good.stable, fence=deployment.fence)
    rolling = replace(deployment, status=DeploymentStatus.ROLLING_BACK, ends_as=order.ends_as, hold=None)
    # The hold is written with the traffic, so a manual roll-back holds even if we die before its books are closed.
    held = replace(renewed_lease(deployment, ports), held_by=deployment.id if order.is_manual else "")
    stable = good.stable.version if good.stable else None
    taken = _commit(rolling, order, ports, action="RollBack", route=settled, lease=held, verdict=verdict, stable=stable)
    return taken, settled, held


def _close(
    deployment: Deployment,
    status: DeploymentStatus,
    lease: Lease | None,
    order: RollBack,
    ports: Ports,
    verdict: GivenVerdict | None = None,
) -> Deployment:
    held_by = deployment.id if order.is_manual else (lease.held_by if lease else "")
    ended = deployment.end(status, deployment.status_reason, _now(ports))
    return _commit(ended, order, ports, lease=released_lease(deployment, ports, held_by=held_by), verdict=verdict)


def _supersede(order: RollBack, reason: str, ports: Ports) -> Deployment:
    """End our own record and nothing else: route, alias and lease are the newer deployment's."""
    deployment = ports.deployments.get(order.deployment_id)
    if deployment.status.is_final:
        return deployment
    return _commit(deployment.end(DeploymentStatus.SUPERSEDED, reason, _now(ports)), order, ports)


def _commit(
    deployment: Deployment,
    order: RollBack,
    ports: Ports,
    *,
    action: str = "EndDeployment",
    route: Route | None = None,
    lease: Lease | None = None,
    verdict: GivenVerdict | None = None,
    **told: object,
) -> Deployment:
    record = record_of(
        order.caller,
        action,
        f"deployments/{deployment.id}",
        ports,
        after={"status": deployment.status, **told},
        reason=deployment.status_reason,
    )
    return ports.deployments.commit(deployment, record, route=route, lease=lease, verdict=verdict)


def _untouched(order: RollBack) -> DeploymentStatus:
    """Say how one ends that never touched the route: there was nothing to roll back, unless a person wished it."""
    is_failure = order.ends_as is DeploymentStatus.ROLLED_BACK and not order.is_manual
    return DeploymentStatus.FAILED if is_failure else order.ends_as


def _with_reason(deployment: Deployment, order: RollBack, ports: Ports) -> Deployment:
    """Say why, once: a step's own verdict before what was ordered for it, and the first reason stays."""
    if deployment.status_reason:
        return deployment
    failed = next((one for one in deployment.plan.steps if one.status is StepStatus.FAILED), None)
    if failed is not None and failed.verdict is not None:
        return replace(deployment, status_reason=f"{failed.kind} failed: {failed.verdict.reason}")
    deployment = replace(deployment, health_checks=order.health_checks or deployment.health_checks)
    is_failure = order.ends_as is DeploymentStatus.ROLLED_BACK and not order.is_manual
    verdict = order.verdict or Verdict(Outcome.ERROR if is_failure else Outcome.INCONCLUSIVE, order.reason)
    return replace(deployment.fail_step(verdict, _now(ports)), status_reason=order.reason)


def _verdict_given(before: Deployment, ending: Deployment, ports: Ports) -> GivenVerdict | None:
    """Give the verdict that the current step fails with; None if it had failed before, and its verdict is stored."""
    step = before.plan.current
    verdict = ending.plan.steps[step.index].verdict if step is not None else None
    if step is None or verdict is None or ending.plan is before.plan:
        return None
    return GivenVerdict.on(ending, step.index, verdict, _now(ports), Consequence.ROLLBACK)


def _now(ports: Ports) -> str:
    return rfc3339(ports.clock.now())
