"""Traffic: what tenants got of a version that is tried, beside what others got of stable at the same time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.errors import TransientError
from chalicelib.domain.health_criteria import HealthCriteria, criteria_of
from chalicelib.domain.ids import Environment
from chalicelib.domain.measurements import Outcomes
from chalicelib.domain.plans import StepKind, StepStatus
from chalicelib.domain.sides import HISTORY_DAYS, Exposure, sides_of, sum_of, without
from chalicelib.domain.tallies import DAY_SECONDS
from chalicelib.domain.verdicts import not_measured

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.measurements import Sides
    from chalicelib.domain.plans import Step
    from chalicelib.domain.routes import Target
    from chalicelib.domain.verdicts import Verdict
    from chalicelib.ports import Ports

#: How the rule of a verdict ends that a person gave (`verbs`).
BY_HAND = "by hand"


class Seen(NamedTuple):
    """
    What was measured, phase by phase, and what could not be.

    *others* is the same without the tenants that went back to stable alone. *is_silent*: nobody has called the plugin
    there, neither in this deployment nor in the week before.
    """

    phases: tuple[Sides, ...]
    errors: tuple[Verdict, ...] = ()
    is_silent: bool = False
    others: tuple[Sides, ...] = ()


def measure(deployment: Deployment, target: Target, ports: Ports) -> Seen:
    """Put what was counted of *target* beside stable, since the deployment offered it; never raises for an outage."""
    good = deployment.last_known_good
    if good is None:
        return Seen(())
    today = int(ports.clock.now().timestamp() // DAY_SECONDS)
    try:
        route = ports.routes.get(deployment.plugin_id, deployment.environment)
        counted = ports.measurements.phases(deployment.id)
        usual = ports.measurements.usual(deployment.plugin_id, deployment.environment, since_day=today - HISTORY_DAYS)
        gone = _gone(deployment, ports)
    except TransientError as error:
        return Seen((), (not_measured("requests of the candidate", error.detail),))
    beside = partial(
        sides_of,
        usual=usual,
        tried=target.version,
        stable=good.stable.version if good.stable else None,
        since_epoch=since_epoch(deployment, good.epoch),
        now_epoch=route.epoch if route else good.epoch,
        today=today,
    )
    phases = beside(counted)
    is_silent = not usual and not any(row.outcomes.requests for row in counted)
    return Seen(phases, is_silent=is_silent, others=beside(without(counted, gone)) if gone else phases)


def _gone(deployment: Deployment, ports: Ports) -> dict[tuple[int, str], Outcomes]:
    """Add up what tenants got of the candidate that went back to stable alone."""
    found: dict[tuple[int, str], Outcomes] = {}
    if deployment.sent_back:
        for (epoch, version, tenant), outcomes in ports.measurements.failing(deployment.id, since_epoch=0).items():
            if tenant in deployment.sent_back:
                found[epoch, version] = found.get((epoch, version), Outcomes()) + outcomes
    return found


def is_expected(deployment: Deployment, seen: Seen | None = None) -> bool:
    """
    Tell whether requests of tenants must have been *seen* before the current step passes.

    Not before the first shift, not where the plan gives them no time, and not where it reaches no tenant at all: then
    nobody can make any, and the checks are what there is to know. Nor where nobody ever calls: below Production an
    environment may have tenants and no traffic. Whoever asks for a number of requests of their own waits for it.
    """
    is_lower = deployment.environment != Environment.PRODUCTION
    if seen is not None and seen.is_silent and is_lower and not _asks_for_requests(deployment):
        return False
    current = deployment.plan.current
    if current is None or current.kind is not StepKind.OBSERVE or not current.lasts_seconds:
        return False
    out = [one for one in _shifts(deployment, current.index) if one.status is StepStatus.COMPLETED]
    reach = out[-1].reach if out else None
    return bool(out) and (reach is None or reach.tenants > 0)


def _asks_for_requests(deployment: Deployment) -> bool:
    return criteria_of(deployment.health).min_requests != HealthCriteria().min_requests


def exposure_of(deployment: Deployment, ports: Ports) -> Exposure | None:
    """Say whom the versions on trial have served so far; None while that can't be read."""
    arms = {variant.target.version for step in deployment.plan.steps for variant in step.variants}
    tried = {deployment.target.version, *arms}
    good = deployment.last_known_good
    if good is not None and good.stable is not None and arms:
        tried.discard(good.stable.version)
    try:
        outcomes = sum_of(ports.measurements.phases(deployment.id), tried)
        return Exposure(ports.measurements.exposed(deployment.id, tried), outcomes.requests, outcomes.failures)
    except TransientError:
        return None


def gone_past(deployment: Deployment) -> list[Step]:
    """List the steps that a person took the deployment past, whatever had been seen until then."""
    steps = deployment.plan.steps
    return [one for one in steps if one.ended_at and one.verdict and one.verdict.rule.endswith(BY_HAND)]


def since_epoch(deployment: Deployment, good_epoch: int) -> int:
    """
    Say from after which epoch on evidence counts: from the offer, or from where a person went on all the same.

    Each shift is a write of the route, and whatever else is written makes epochs only larger: it may count too much,
    and never too little.
    """
    seen = max((one.index for one in gone_past(deployment)), default=-1)
    return good_epoch + 1 + len(_shifts(deployment, seen)) if seen >= 0 else good_epoch


def _shifts(deployment: Deployment, before: int) -> list[Step]:
    return [one for one in deployment.plan.steps[: max(before, 0)] if one.kind is StepKind.SHIFT]
