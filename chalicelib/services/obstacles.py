"""Obstacles: why a step may not begin yet, although it is its turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.deployments import Hold
from chalicelib.domain.ids import Environment
from chalicelib.domain.plans import StepKind
from chalicelib.domain.times import rfc3339
from chalicelib.domain.waits import SYSTEM_HOLDS
from chalicelib.domain.windows import may_begin
from chalicelib.services.caps import find_cap

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment
    from chalicelib.ports import Ports


def find_obstacle(deployment: Deployment, ports: Ports) -> Hold | None:
    """
    Say why the current step may not begin now, and until when; None if nothing is in its way.

    A shift must not begin if what watches over it would reach into a freeze or outlast its window, or if it would show
    the candidate to more than its caps allow. Going back is never asked for here.
    """
    step = deployment.plan.current
    moment = ports.clock.now()
    now = rfc3339(moment)
    if deployment.start_at is not None and now < deployment.start_at:
        return Hold(f"it is to start at {deployment.start_at}", SYSTEM_HOLDS, now, until=deployment.start_at)
    if step is None or step.kind is not StepKind.SHIFT:
        return None
    policy = ports.policies.get(Environment(deployment.environment))
    opening = may_begin(policy, moment, deployment.plan.watched_seconds(step))
    if opening.is_open:
        return find_cap(deployment, ports)
    until = rfc3339(opening.opens_at) if opening.opens_at else None
    return Hold(opening.reason, SYSTEM_HOLDS, now, until=until)
