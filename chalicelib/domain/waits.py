"""Waits: what a deployment that stands at a step does at each look, as its candidate and its time are then."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.deployments import Deployment, DeploymentStatus, Hold
from chalicelib.domain.health_criteria import HealthCriteria, action_of
from chalicelib.domain.plans import WAITS, Plan, Step, StepKind, StepStatus
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Action, Verdict, cut_short, latch

#: Who holds a deployment that no person holds.
SYSTEM_HOLDS = "system"
#: Until a deployment is so old it is looked at as often as it asks for; after that, this seldom at least.
EAGER_SECONDS = 72 * 3600
PATIENT_SECONDS = 15
_DECIDES = "a person decides which variant stays"
_PAUSES = "the plan pauses here until somebody advances it"


class Look(NamedTuple):
    """
    What follows from one look.

    *deployment* is as it should be written, the very same if nothing changed. *is_over*: its step waits no more.
    *rolls_back*: its current step has failed for good. *seconds* is when to look again.
    """

    deployment: Deployment
    is_over: bool = False
    rolls_back: bool = False
    seconds: int = 0


def look(
    deployment: Deployment,
    verdict: Verdict | None,
    criteria: HealthCriteria,
    now: datetime,
    *,
    held: Hold | None = None,
    cap: Hold | None = None,
) -> Look:
    """
    Look at the current step once.

    *verdict* is what is known of the candidate (None: it serves nobody yet, so there is nothing to know). *held* says
    why a step that does not wait by itself may not begin, *cap* why one that waits may not go on: too many have the
    candidate. A fail is latched: only a person gets a step past it.
    """
    step = deployment.plan.current
    if step is None:
        return Look(deployment, is_over=True)
    judged = latch(step.verdict, verdict) if verdict is not None else step.verdict
    failed = judged is not None and judged.is_fail
    if judged is not None and failed:
        action = _action(deployment, judged, criteria)
        if action is Action.ROLLBACK:
            return Look(deployment.fail_step(judged, rfc3339(now)), rolls_back=True, is_over=True)
        deployment = _noted(deployment, step, judged)
        if action is Action.HOLD:
            return _stand(deployment, Hold(judged.reason, SYSTEM_HOLDS, rfc3339(now)), criteria, now)
    if deployment.status is DeploymentStatus.PAUSED:
        return Look(deployment, seconds=tick_seconds(deployment, criteria, now))
    if step.kind not in WAITS or step.status is StepStatus.PENDING:
        return _stand(deployment, held, criteria, now) if held else Look(_free(deployment), is_over=True)
    return _wait(deployment, step, judged, criteria, now, cap)


def remaining_seconds(step: Step, now: datetime) -> float:
    """Say how long *step* still takes; the time that it was held does not count."""
    if step.seconds is None or step.started_at is None or step.is_cut:
        return float("inf") if step.lasts_seconds is None else float(step.lasts_seconds)
    elapsed = (now - datetime.fromisoformat(step.started_at)).total_seconds()
    return step.seconds + step.waited_seconds - elapsed


def due_at(step: Step) -> str | None:
    """Say when the wait of *step* is over if it does not stand still meanwhile; None where nobody can say."""
    if step.kind not in WAITS or step.status is not StepStatus.RUNNING or not step.started_at:
        return None
    if not step.seconds or step.is_cut:
        return None
    begun = datetime.fromisoformat(step.started_at)
    return rfc3339(begun + timedelta(seconds=step.seconds + step.waited_seconds))


def tick_seconds(deployment: Deployment, criteria: HealthCriteria, now: datetime, at_most: float = 1e9) -> int:
    """
    Say when to look again.

    Looking as often as asked for without end would cost more than the history of an execution holds.
    """
    interval = max(criteria.health_check_interval_seconds, 1)
    begun = datetime.fromisoformat(deployment.started_at or deployment.created_at)
    if (now - begun).total_seconds() >= EAGER_SECONDS:
        interval = max(interval, PATIENT_SECONDS)
    return max(1, min(interval, math.ceil(at_most)))


def _wait(
    deployment: Deployment,
    step: Step,
    verdict: Verdict | None,
    criteria: HealthCriteria,
    now: datetime,
    cap: Hold | None,
) -> Look:
    since = rfc3339(now)
    if cap is not None:
        return _stand(deployment, cap, criteria, now)
    if step.kind is StepKind.DECIDE:
        return _stand(deployment, Hold(_DECIDES, SYSTEM_HOLDS, since), criteria, now)
    if step.seconds is None:
        return _stand(deployment, Hold(_PAUSES, SYSTEM_HOLDS, since), criteria, now)
    remaining = remaining_seconds(step, now)
    if remaining > 0:
        # It may have been held by a cap that it keeps again: tenants have gone.
        return Look(_free(deployment), seconds=tick_seconds(deployment, criteria, now, at_most=remaining))
    if step.kind is StepKind.OBSERVE:
        return _conclude(deployment, step, verdict, criteria, now)
    return Look(_completed(deployment, step, verdict, now), is_over=True)


def _conclude(
    deployment: Deployment, step: Step, verdict: Verdict | None, criteria: HealthCriteria, now: datetime
) -> Look:
    """
    End an observation with its verdict; without a pass it goes on, back, or waits, as was asked for.

    Where a person promoted only a fail is asked about: they have decided to do without the rest.
    """
    if step.is_cut and verdict is not None and not verdict.is_fail:
        return Look(_completed(deployment, step, cut_short(verdict), now), is_over=True)
    action = _action(deployment, verdict, criteria) if verdict is not None else None
    if action is Action.ROLLBACK and verdict is not None:
        return Look(deployment.fail_step(verdict, rfc3339(now)), rolls_back=True, is_over=True)
    if action is Action.HOLD and verdict is not None:
        return _stand(deployment, Hold(verdict.reason, SYSTEM_HOLDS, rfc3339(now)), criteria, now)
    return Look(_completed(deployment, step, verdict, now), is_over=True)


def _action(deployment: Deployment, verdict: Verdict, criteria: HealthCriteria) -> Action | None:
    action = action_of(verdict, criteria)
    return Action.HOLD if action is Action.ROLLBACK and not deployment.auto_rollback else action


def _stand(deployment: Deployment, hold: Hold, criteria: HealthCriteria, now: datetime) -> Look:
    """Stand still for a reason; what is held already stays as it is, so that not every look is a write."""
    known = deployment.hold
    if known is not None and (known.by != SYSTEM_HOLDS or known.until == hold.until):
        hold = known
    seconds = tick_seconds(deployment, criteria, now)
    if hold.until is not None:
        until = (datetime.fromisoformat(hold.until) - now).total_seconds()
        seconds = tick_seconds(deployment, criteria, now, at_most=max(until, 1))
    return Look(deployment if hold == known else replace(deployment, hold=hold), seconds=seconds)


def _free(deployment: Deployment) -> Deployment:
    return replace(deployment, hold=None) if deployment.hold is not None else deployment


def _noted(deployment: Deployment, step: Step, verdict: Verdict) -> Deployment:
    """Keep a fail with the step that goes on, so that it stands whatever is measured later."""
    if step.verdict is not None and step.verdict.is_fail:
        return deployment
    steps = deployment.plan.steps
    noted = replace(step, verdict=verdict)
    plan = Plan((*steps[: step.index], noted, *steps[step.index + 1 :]))
    # Whatever it was held for before, now it is this.
    return replace(_free(deployment), plan=plan)


def _completed(deployment: Deployment, step: Step, verdict: Verdict | None, now: datetime) -> Deployment:
    plan = deployment.plan.complete(step.index, rfc3339(now), verdict)
    return replace(_free(deployment), plan=plan)
