"""Evaluations: measure a candidate once, and judge it by all that is known of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.deployments import Deployment, HealthCheck
from chalicelib.domain.errors import TransientError
from chalicelib.domain.health import tried_by
from chalicelib.domain.health_criteria import HealthCriteria, criteria_of
from chalicelib.domain.judgements import judge, longest_run, with_metrics
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Outcome, Verdict, combine
from chalicelib.services import health_checks, metrics, traffic

if TYPE_CHECKING:
    from chalicelib.domain.routes import Target
    from chalicelib.ports import Ports

#: So many health checks are kept with a deployment; what they added up to is in the verdicts of its steps.
KEPT_CHECKS = 50


class Evaluation(NamedTuple):
    """
    What is known now; *deployment* is the one that was given, with what was seen of its health.

    *requests* are those that what is tried has served since it was offered, or since a person let it go on.
    """

    verdict: Verdict
    deployment: Deployment
    requests: int = 0


def evaluate(deployment: Deployment, ports: Ports, *, checks: bool = True) -> Evaluation:
    """
    Judge each version that is tried by what tenants got of it, and by a synthetic check through its own alias.

    Nothing is written. What could not be measured is an error: neither a pass nor a fail. Where checks fail stable
    is checked too: a version that is broken itself must not keep its own fix out. Without *checks* those that were made
    before speak for themselves: their interval is not over.
    """
    criteria = criteria_of(deployment.health)
    signals = []
    requests = 0
    for target in tried_by(deployment):
        seen = traffic.measure(deployment, target, ports)
        requests += sum(phase.candidate.requests for phase in seen.phases)
        outcomes = [one.outcome for one in _since_a_person_went_on(deployment) if one.version == target.version]
        if checks or not outcomes:
            deployment, outcomes = _noted(deployment, _check(deployment, target, ports), criteria)
        judged = partial(
            judge,
            criteria,
            checks=outcomes,
            stable_checks=_stable_checks(deployment, outcomes, criteria, ports),
            others=seen.errors,
            window=_window(deployment),
            needs_requests=traffic.is_expected(deployment, seen),
        )
        verdict = judged(seen.phases)
        if deployment.sent_back and not verdict.is_fail:
            # All failures count as proof. But suspicion for those who are gone would hold the others for ever.
            verdict = judged(seen.others)
        # What our own counts prove waits for nobody: CloudWatch may be slow, or away.
        if not verdict.is_fail:
            asked = metrics.judge_metrics(deployment, target, _window(deployment), ports)
            verdict = with_metrics(verdict, asked, criteria)
        signals.append(verdict.about(target.version))
    return Evaluation(combine(signals), deployment, requests)


def _stable_checks(deployment: Deployment, outcomes: list[str], criteria: HealthCriteria, ports: Ports) -> list[str]:
    """Check stable too, as often in a row as the candidate may fail, once it has; a single pass says enough."""
    good = deployment.last_known_good
    if good is None or good.stable is None or longest_run(outcomes) < criteria.consecutive_failures:
        return []
    seen: list[str] = []
    while len(seen) < criteria.consecutive_failures and (not seen or seen[-1] == Outcome.FAIL):
        seen.append(_check(deployment, good.stable, ports).outcome)
    return seen


def _window(deployment: Deployment) -> str:
    current = deployment.plan.current
    since = current.started_at if current is not None and current.started_at else deployment.started_at
    return f"since {since}" if since else ""


def _check(deployment: Deployment, target: Target, ports: Ports) -> HealthCheck:
    try:
        return health_checks.check_health(deployment, target, f"{deployment.execution_name}-watch", ports)
    except TransientError as error:
        at = rfc3339(ports.clock.now())
        return HealthCheck(at, target.version, "health check", str(Outcome.ERROR), 0.0, error.detail)


def _noted(deployment: Deployment, check: HealthCheck, criteria: HealthCriteria) -> tuple[Deployment, list[str]]:
    """
    Keep *check* if it tells something new, and list the outcomes of its version, this one last.

    A deployment is watched for days: a pass after a pass is not kept, nor what fails on after it failed too often.
    """
    seen = [one for one in _since_a_person_went_on(deployment) if one.version == check.version]
    if seen and seen[-1].at == check.at:
        # A repeated run within one moment: the same look, not a second failure.
        return deployment, [one.outcome for one in seen]
    outcomes = [*(one.outcome for one in seen), check.outcome]
    is_news = len(set(outcomes[-2:])) > 1 or len(outcomes) == 1
    if is_news or (check.outcome == Outcome.FAIL and longest_run(outcomes) <= criteria.consecutive_failures):
        deployment = replace(deployment, health_checks=(*deployment.health_checks, check)[-KEPT_CHECKS:])
    return deployment, outcomes


def _since_a_person_went_on(deployment: Deployment) -> list[HealthCheck]:
    """Leave out what a person saw who went on all the same: nobody is asked the same twice."""
    since = max((one.ended_at or "" for one in traffic.gone_past(deployment)), default="")
    return [check for check in deployment.health_checks if check.at > since]
