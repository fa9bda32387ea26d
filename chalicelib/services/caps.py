"""Caps: count whom a candidate serves now, and stop where that is more than was agreed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.caps import exposing_step, reason_of_requests, reason_of_tenants, tenants_shown
from chalicelib.domain.deployments import Hold
from chalicelib.domain.errors import TransientError
from chalicelib.domain.health import tried_by
from chalicelib.domain.times import rfc3339
from chalicelib.domain.waits import SYSTEM_HOLDS
from chalicelib.services import traffic
from chalicelib.services.populations import population_of

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.plans import Step
    from chalicelib.ports import Ports


def find_cap(deployment: Deployment, ports: Ports, *, requests: int | None = None) -> Hold | None:
    """
    Say which cap the current step is past, or would be; None where both are kept, and where everybody has it.

    A plan is fitted to the tenants that there were when it was made; who came since counts here. They are counted only
    where there is a cap. *requests* are those that the candidate has served, if somebody has counted them already.
    """
    step = exposing_step(deployment)
    if step is None:
        return None
    try:
        reason = _reason(deployment, step, requests, ports)
    except TransientError as error:
        # What may be past its cap already does not go on until somebody has counted.
        reason = f"its caps can't be counted now: {error.detail}"
    return Hold(reason, SYSTEM_HOLDS, rfc3339(ports.clock.now())) if reason else None


def _reason(deployment: Deployment, step: Step, requests: int | None, ports: Ports) -> str:
    reason = ""
    if deployment.max_requests is not None:
        reason = reason_of_requests(deployment, _requests(deployment, ports) if requests is None else requests)
    if not reason and deployment.max_tenants is not None and not _was_seen(deployment, step):
        route = ports.routes.get(deployment.plugin_id, deployment.environment)
        population = population_of(deployment.plugin_id, deployment.environment, route, ports)
        reason = reason_of_tenants(deployment, tenants_shown(deployment, step, population))
    return reason


def _requests(deployment: Deployment, ports: Ports) -> int:
    """Count what those on trial have served since they were offered, or since a person let it go on."""
    total = 0
    for target in tried_by(deployment):
        seen = traffic.measure(deployment, target, ports)
        if seen.errors:
            raise TransientError(seen.errors[0].reason)
        total += sum(phase.candidate.requests for phase in seen.phases)
    return total


def _was_seen(deployment: Deployment, step: Step) -> bool:
    """Tell whether a person let it go on after *step*: what was seen then is not asked about twice."""
    return any(one.index > step.index for one in traffic.gone_past(deployment))
