"""Alarms: whoever watches a plugin beside the product may take a candidate back as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.alarms import RaisedAlarm, is_about
from chalicelib.domain.authorization import SYSTEM
from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.errors import NotFoundError, StaleRevisionError
from chalicelib.domain.given_verdicts import Consequence, GivenVerdict
from chalicelib.domain.health_criteria import criteria_of
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Action
from chalicelib.services import rollbacks, turns
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.ports import Ports

_READS = 5


def hear_alarm(alarm: RaisedAlarm, ports: Ports) -> Deployment | None:
    """
    Do what the live deployment of the alarm's place wants done about a fail; None if none is concerned.

    One that rolls back is rolled back at once, one that holds is paused, one that only warns gets the verdict.
    Idempotent: EventBridge delivers at least once, and the evaluator or a person may have been first. What a person
    resumed is not paused again by the same alarm.

    Raises:
        TransientError: A table or Lambda is away: deliver it again.
    """
    for attempt in range(_READS):
        deployment = _concerned(alarm, ports)
        if deployment is None:
            return None
        try:
            return _act(alarm, deployment, ports)
        except StaleRevisionError:
            if attempt == _READS - 1:
                raise
    raise AssertionError  # pragma: no cover - the loop returns or raises


def _concerned(alarm: RaisedAlarm, ports: Ports) -> Deployment | None:
    """Find whose candidate serves somebody at the alarm's place, and did before it was raised."""
    place = alarm.place
    lease = ports.deployments.lease(*place) if place else None
    if place is None or lease is None or not lease.holder:
        return None
    route = ports.routes.get(*place)
    try:
        deployment = ports.deployments.get(lease.holder)
    except NotFoundError:
        return None
    is_tried = route is not None and route.deployment_id == deployment.id and route.is_trying
    return deployment if is_tried and not deployment.status.is_final and is_about(alarm, deployment) else None


def _act(alarm: RaisedAlarm, deployment: Deployment, ports: Ports) -> Deployment:
    caller = SYSTEM._replace(trace_id=deployment.trace_id)
    wanted = criteria_of(deployment.health).on_fail
    if wanted is Action.ROLLBACK and deployment.auto_rollback:
        order = rollbacks.RollBack(
            deployment.id, caller, alarm.verdict.reason, verdict=alarm.verdict, attempt=deployment.attempt
        )
        ended = rollbacks.roll_back(order, ports)
        turns.start_next(ended.plugin_id, ended.environment, ports)
        return ended
    step, now = deployment.plan.current, rfc3339(ports.clock.now())
    if step is None or deployment.status is DeploymentStatus.ROLLING_BACK:
        return deployment
    # Placed by when the alarm was raised: told twice, it is one verdict.
    raised_at = rfc3339(alarm.at)
    if wanted is Action.WARN or deployment.status is DeploymentStatus.PAUSED:
        ports.verdicts.append(GivenVerdict.on(deployment, step.index, alarm.verdict, raised_at))
        return deployment
    record = record_of(caller, "PauseDeployment", f"deployments/{deployment.id}", ports, reason=alarm.verdict.reason)
    held = GivenVerdict.on(deployment, step.index, alarm.verdict, raised_at, Consequence.HOLD)
    paused = deployment.pause(alarm.name, alarm.verdict.reason, now)
    try:
        return ports.deployments.commit(paused, record, verdict=held)
    except StaleRevisionError:
        if ports.deployments.get(deployment.id).revision != deployment.revision:
            raise
        # Nobody wrote in between: it is the verdict that is there already, and a person went on all the same.
        return deployment
