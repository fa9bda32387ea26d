"""Experiments: what the arms of an A/B test have shown so far, and what follows when its time is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.deployments import DeploymentStatus, Hold
from chalicelib.domain.errors import TransientError
from chalicelib.domain.experiment_configs import MEASURED_METRICS
from chalicelib.domain.experiments import Arm, Decision, Goal, Sample, Terms, decide
from chalicelib.domain.plans import StepKind, StepStatus
from chalicelib.domain.routes import FULL_BPS
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Outcome, Verdict
from chalicelib.domain.waits import SYSTEM_HOLDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.measurements import Outcomes
    from chalicelib.domain.plans import Step
    from chalicelib.domain.routes import Variant
    from chalicelib.ports import Ports

#: An experiment that is shorter than this is decided at its end.
_SOONEST_SECONDS = 3_600


class Standing(NamedTuple):
    """How an experiment stands: what was agreed, what each arm has, and what that decides."""

    terms: Terms
    versions: Mapping[str, str]
    arms: tuple[Arm, ...]
    decision: Decision


def standing_of(deployment: Deployment, ports: Ports) -> Standing | None:
    """
    Say how the experiment of *deployment* stands; None where it has none, or it has not begun.

    Raises:
        TransientError: What was measured can't be read.
    """
    began = next((one for one in deployment.plan.steps if one.variants and one.ended_at), None)
    if began is None or began.ended_at is None:
        return None
    terms = _terms(deployment, began)
    arms = tuple(_arm(deployment, terms.metric, variant, began, ports) for variant in began.variants)
    elapsed = (ports.clock.now() - datetime.fromisoformat(began.ended_at)).total_seconds()
    versions = {variant.name: variant.target.version for variant in began.variants}
    return Standing(terms, versions, arms, decide(terms, arms, elapsed))


def find_standing(deployment: Deployment, ports: Ports) -> Standing | None:
    """Say how it stands to whoever looks; None also while that can't be read."""
    try:
        return standing_of(deployment, ports)
    except TransientError:
        return None


def settle(deployment: Deployment, ports: Ports) -> Deployment:
    """
    Take a deployment that has to decide as far as it may go by itself; return the very same if that is nowhere.

    With ``autoPromote`` the winner stays, and stable if there is none. Otherwise it is held for a person, who is told
    what the numbers say.
    """
    step = deployment.plan.current
    if step is None or step.kind is not StepKind.DECIDE or step.status is not StepStatus.RUNNING:
        return deployment
    if deployment.status is DeploymentStatus.PAUSED:
        return deployment
    standing = find_standing(deployment, ports)
    if standing is None:
        return deployment
    now = rfc3339(ports.clock.now())
    if deployment.config.get("autoPromote"):
        winner = standing.decision.winner or standing.terms.control
        plan = deployment.plan.complete(step.index, now, verdict_of(standing))
        return replace(deployment, plan=plan, outcome_version=standing.versions[winner], hold=None)
    hold = Hold(f"{standing.decision.reason}: a person decides which variant stays", SYSTEM_HOLDS, now)
    known = deployment.hold
    return deployment if known is not None and known.reason == hold.reason else replace(deployment, hold=hold)


def verdict_of(standing: Standing) -> Verdict:
    """Write what the numbers decide as a verdict; without a winner it is inconclusive, and stable stays."""
    decision = standing.decision
    return Verdict(
        Outcome.PASS if decision.is_conclusive else Outcome.INCONCLUSIVE,
        decision.reason,
        rule="experiment",
        query=f"difference of {standing.terms.metric}, a tenant being one observation",
        unit=standing.terms.metric,
        n=decision.n,
        value=decision.effect,
        low=decision.low,
        high=decision.high,
        threshold=0.0,
    )


def _terms(deployment: Deployment, began: Step) -> Terms:
    config = deployment.config
    stable = deployment.last_known_good.stable if deployment.last_known_good else None
    control = next((one.name for one in began.variants if stable and one.target.version == stable.version), None)
    metric = str(config.get("primaryMetric", MEASURED_METRICS[0]))
    observed = next(
        (one.seconds or 0 for one in deployment.plan.steps[began.index :] if one.kind is StepKind.OBSERVE), 0
    )
    return Terms(
        control or began.variants[0].name,
        metric,
        Goal(str(config.get("goal", Goal.DECREASE))),
        float(config.get("significance", 0.05)),
        minimum_seconds=min(_SOONEST_SECONDS, observed),
    )


def _arm(deployment: Deployment, metric: str, variant: Variant, began: Step, ports: Ports) -> Arm:
    """Count the tenants of an arm; whom the arms leave is on stable as well, and counted with it."""
    tenants = ports.measurements.arms(deployment.id, variant.target.version)
    stable = deployment.last_known_good.stable if deployment.last_known_good else None
    share = variant.share_bps
    if stable is not None and variant.target.version == stable.version:
        share += FULL_BPS - sum(one.share_bps for one in began.variants)
    if metric in MEASURED_METRICS:
        sample = Sample.of(value for value in (_measured(metric, one) for one in tenants.values()) if value is not None)
    else:
        posted = ports.measurements.observed(deployment.id, metric)
        sample = Sample.of_tenants({mark: sums for mark, sums in posted.items() if mark in tenants})
    return Arm(variant.name, share, len(tenants), sample)


def _measured(metric: str, outcomes: Outcomes) -> float | None:
    return outcomes.failure_rate if metric == MEASURED_METRICS[0] else outcomes.latencies.quantile_ms(0.99)
