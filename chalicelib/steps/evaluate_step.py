"""State ``EvaluateStep``: one look at a step that waits, and at the candidate meanwhile."""

from __future__ import annotations

import math
from datetime import datetime

from chalice.app import Blueprint
from pydantic import BaseModel

from chalicelib.domain.deployments import Deployment, DeploymentStatus, require_fence
from chalicelib.domain.eager_looks import eager_seconds
from chalicelib.domain.errors import FencedOffError
from chalicelib.domain.given_verdicts import Consequence, GivenVerdict
from chalicelib.domain.health import tried_by
from chalicelib.domain.health_criteria import criteria_of
from chalicelib.domain.plans import WAITS, StepKind, StepStatus
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Verdict
from chalicelib.domain.waits import Look, look, remaining_seconds
from chalicelib.ports import Ports
from chalicelib.services import caps, evaluations, experiments, obstacles, rollbacks, tenant_guard
from chalicelib.services.leases import renewed_lease
from chalicelib.steps._given import Result, StepGiven
from chalicelib.steps._held import commit
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)

#: After so many looks the execution ends and the deployment's starts another one: at most 33 events a look (one
#: state of a task with all its tries, a choice, a wait) stay under the 25,000 that a history may hold.
MAX_TICKS = 500
#: A look is some hundredths of a second early or late.
_SLACK_SECONDS = 0.5


class Tick(BaseModel):
    """How often this execution has looked, and when it last made health checks (RFC 3339)."""

    count: int = 0
    checked_at: str = ""


class EvaluateStepGiven(StepGiven):
    """Also the tick before, if there was one."""

    tick: Tick | None = None


class EvaluateStepResult(Result):
    """Whether this execution waits no more; if it does, how many seconds until the next look."""

    is_over: bool
    seconds: int
    count: int
    checked_at: str = ""


@blueprint.lambda_function(name="evaluate_step")
@step(EvaluateStepGiven)
def evaluate_step(given: EvaluateStepGiven, ports: Ports) -> EvaluateStepResult:
    """
    State ``EvaluateStep``: renew the lease, judge the candidate, and end the step if its time has come.

    What goes wrong is rolled back here and now, and not at the next state. The table is the truth: a deployment that
    is paused goes on waiting, one that was advanced, ended or fenced off waits no more. Idempotent: a step that is
    behind us is not touched, whoever began to roll back is helped to the end, a look at the same moment counts once.

    Reads ``$.deployment_id``, ``$.step``, ``$.tick`` if there; writes ``$.tick``.
    """
    count = given.tick.count + 1 if given.tick else 1
    deployment = ports.deployments.get(given.deployment_id)
    if deployment.status is DeploymentStatus.ROLLING_BACK:
        return _rolled_back(given, count, ports)
    if not given.is_for(deployment.attempt) or not _is_ours(deployment, ports):
        return EvaluateStepResult(is_over=True, seconds=0, count=count)
    if any(one.status is StepStatus.FAILED for one in deployment.plan.steps):
        return _rolled_back(given, count, ports)
    current = deployment.plan.current
    if current is None or current.index != given.step.index:
        return EvaluateStepResult(is_over=True, seconds=0, count=count)

    now = ports.clock.now()
    # Only one and the same wait goes on from look to look; what is judged at once is checked at once.
    checked_at = given.tick.checked_at if given.tick and given.step.kind == "wait" else ""
    # A step is never ended by checks of before.
    checks = min(_checks_due_in(deployment, checked_at, now), remaining_seconds(current, now)) <= _SLACK_SECONDS
    seen, verdict = _look(deployment, ports, checks=checks)
    if seen.rolls_back:
        return _rolled_back(given, count, ports, seen)
    if seen.deployment != deployment:
        _write(seen, deployment, verdict, given, ports)
    elif verdict is not None:
        ports.verdicts.append(GivenVerdict.on(deployment, given.step.index, verdict, rfc3339(ports.clock.now())))

    is_over = seen.is_over or count >= MAX_TICKS
    checked_at = "" if is_over else rfc3339(now) if checks else checked_at
    seconds = _next_in(seen, verdict, now, checked_at)
    return EvaluateStepResult(is_over=is_over, seconds=seconds, count=count, checked_at=checked_at)


def _checks_due_in(deployment: Deployment, checked_at: str, now: datetime) -> float:
    """Say in how many seconds health checks are due again; looks at what was counted may come more often."""
    if not checked_at:
        return 0.0
    interval = criteria_of(deployment.health).health_check_interval_seconds
    return interval - (now - datetime.fromisoformat(checked_at)).total_seconds()


def _next_in(seen: Look, verdict: Verdict | None, now: datetime, checked_at: str) -> int:
    """Say in how many seconds to look again: what is eager comes sooner, and no check waits for a look."""
    eager = eager_seconds(seen.deployment, verdict, now)
    if eager is None:
        return seen.seconds
    return min(
        seen.seconds, eager, max(1, math.ceil(_checks_due_in(seen.deployment, checked_at, now) - _SLACK_SECONDS))
    )


def _is_ours(deployment: Deployment, ports: Ports) -> bool:
    """Tell whether it may still move its route, and keep its lease for another while if so."""
    if deployment.status.is_final:
        return False
    try:
        require_fence(deployment, ports.deployments.lease(deployment.plugin_id, deployment.environment))
        ports.deployments.renew(renewed_lease(deployment, ports))
    except FencedOffError:
        return False
    return True


def _look(deployment: Deployment, ports: Ports, *, checks: bool) -> tuple[Look, Verdict | None]:
    """Look once; give what follows, and the verdict of this very look if there was anything to judge."""
    now = ports.clock.now()
    criteria = criteria_of(deployment.health)
    verdict: Verdict | None = None
    requests = 0
    if _is_watched(deployment):
        verdict, deployment, requests = evaluations.evaluate(deployment, ports, checks=checks)
        deployment, verdict = tenant_guard.guard(deployment, verdict, ports)
    held = obstacles.find_obstacle(deployment, ports)
    cap = caps.find_cap(deployment, ports, requests=requests) if _waits(deployment) else None
    deployment = experiments.settle(deployment, ports)
    return look(deployment, verdict, criteria, now, held=held, cap=cap), verdict


def _waits(deployment: Deployment) -> bool:
    """Tell whether it is in a wait; what does not wait by itself is held before it begins, by its obstacles."""
    current = deployment.plan.current
    return current is not None and current.kind in WAITS


def _is_watched(deployment: Deployment) -> bool:
    """Tell whether what is tried serves somebody, or is observed before it does."""
    current = deployment.plan.current
    is_observed = current is not None and current.kind is StepKind.OBSERVE
    shifts = (one for one in deployment.plan.steps if one.kind is StepKind.SHIFT)
    is_out = any(one.status is StepStatus.COMPLETED for one in shifts)
    return bool(tried_by(deployment)) and (is_observed or is_out)


def _write(seen: Look, before: Deployment, verdict: Verdict | None, given: EvaluateStepGiven, ports: Ports) -> None:
    """Write what follows from a look, with its verdict: the step's own where that has one, else what was just seen."""
    after, index = seen.deployment, given.step.index
    told = after.plan.steps[index].verdict
    has_ended = after.plan.steps[index].ended_at is not None
    is_held = after.hold is not None and after.hold != before.hold
    follows = Consequence.COMPLETE if has_ended else Consequence.HOLD if is_held else Consequence.NONE
    judged = (told or verdict) if has_ended else (verdict or told)
    commit(
        after,
        "EvaluateStep",
        given,
        ports,
        verdict=GivenVerdict.on(after, index, judged, rfc3339(ports.clock.now()), follows) if judged else None,
        step=index,
        outcome=str(told.outcome) if told else None,
        because=told.reason if told else None,
        hold=after.hold.reason if after.hold else None,
        sentBack=len(after.sent_back) or None,
    )


def _rolled_back(given: EvaluateStepGiven, count: int, ports: Ports, seen: Look | None = None) -> EvaluateStepResult:
    """Take the traffic back, in the same write as the verdict that was just *seen*: never the one without the other."""
    order = rollbacks.RollBack(given.deployment_id, given.caller, "its candidate failed")
    if seen is not None:
        failed = seen.deployment.plan.steps[given.step.index]
        reason = f"{failed.kind} failed: {failed.verdict.reason}" if failed.verdict else order.reason
        order = order._replace(reason=reason, verdict=failed.verdict, health_checks=seen.deployment.health_checks)
    rollbacks.roll_back(order, ports)
    return EvaluateStepResult(is_over=True, seconds=0, count=count)
