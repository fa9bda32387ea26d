"""Caps: how far a candidate may be shown before it has everything, and why it stands still once it is past that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.plans import StepKind, StepStatus
from chalicelib.domain.routes import FULL_BPS

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.plans import Step
    from chalicelib.domain.populations import Population


def exposing_step(deployment: Deployment) -> Step | None:
    """Name the shift that caps are held against: the one to come, or the last done; None before one, and at 100 %."""
    current = deployment.plan.current
    if current is not None and current.kind is StepKind.SHIFT:
        step: Step | None = current
    else:
        shifts = [one for one in deployment.plan.steps if one.kind is StepKind.SHIFT]
        step = next((one for one in reversed(shifts) if one.status is StepStatus.COMPLETED), None)
    return None if step is None or step.share_bps == FULL_BPS else step


def tenants_shown(deployment: Deployment, step: Step, population: Population) -> int:
    """Count whom the versions on trial serve with shift *step*, of the tenants that there are now."""
    if not step.variants:
        return population.reach(step.share_bps or 0, rings=step.rings).tenants
    good = deployment.last_known_good
    stable = good.stable.version if good and good.stable else deployment.previous_version
    tried = [variant for variant in step.variants if variant.target.version != stable]
    return len(population.reached_by(step.variants, tried))


def reason_of_tenants(deployment: Deployment, tenants: int) -> str:
    """Say why it stands still with so many *tenants*; nothing if they are within the cap."""
    cap = deployment.max_tenants
    if cap is None or tenants <= cap:
        return ""
    if _is_to_come(deployment):
        return f"the candidate would serve {tenants:,} tenants by now, and {cap:,} were its cap: promote it, or abort"
    return f"the candidate serves {tenants:,} tenants by now, and {cap:,} were its cap"


def reason_of_requests(deployment: Deployment, requests: int) -> str:
    """Say why it stands still after so many *requests*; nothing while they are below the cap."""
    cap = deployment.max_requests
    if cap is None or requests < cap:
        return ""
    told = f"the candidate has served {requests:,} requests, and {cap:,} were its cap"
    # Whoever advances a wait lets it have as many again; a move that has not begun can't be advanced.
    return f"{told}: promote it, or abort" if _is_to_come(deployment) else told


def _is_to_come(deployment: Deployment) -> bool:
    current = deployment.plan.current
    return current is not None and current.kind is StepKind.SHIFT
