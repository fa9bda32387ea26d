"""Evaluations: measure a candidate once, and judge it by all that is known of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.deployments import Deployment, HealthCheck
from chalicelib.domain.errors import TransientError
from chalicelib.domain.health import tried_by
from chalicelib.domain.health_criteria import HealthCriteria, criteria_of
from chalicelib.domain.judgements import judge_checks, longest_run
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Outcome, Verdict, combine
from chalicelib.services import health_checks

if TYPE_CHECKING:
    from chalicelib.domain.routes import Target
    from chalicelib.ports import Ports

#: So many health checks are kept with a deployment; what they added up to is in the verdicts of its steps.
KEPT_CHECKS = 50
#: How the rule of a verdict ends that a person gave (`verbs`).
BY_HAND = "by hand"


class Evaluation(NamedTuple):
    """What is known now; *deployment* is the one that was given, with what was seen of its health."""

    verdict: Verdict
    deployment: Deployment


def evaluate(deployment: Deployment, ports: Ports) -> Evaluation:
    """
    Make a synthetic health check of each version that is tried, through its own alias, and judge.

    Nothing is written. A check that could not be made is an error: neither a pass nor a fail.
    """
    criteria = criteria_of(deployment.health)
    signals = []
    for target in tried_by(deployment):
        check = _check(deployment, target, ports)
        deployment, outcomes = _noted(deployment, check, criteria)
        signals.append(judge_checks(outcomes, (), criteria))
    return Evaluation(combine(signals), deployment)


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
    steps = deployment.plan.steps
    overrides = [one.ended_at for one in steps if one.ended_at and one.verdict and one.verdict.rule.endswith(BY_HAND)]
    since = max(overrides, default="")
    return [check for check in deployment.health_checks if check.at > since]
