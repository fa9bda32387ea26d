"""The guard of single tenants: whom the version on trial harms so clearly that it goes back to stable alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.error_rules import ALPHA
from chalicelib.domain.evidence import evidence, log_evidence
from chalicelib.domain.incomplete_beta import log_beta
from chalicelib.domain.measurements import Outcomes
from chalicelib.domain.verdicts import Outcome, Verdict

if TYPE_CHECKING:
    from chalicelib.domain.health_criteria import HealthCriteria

#: Times change too: only what fails more than so many times as often as before is the version's.
_TIMES_BEFORE = 2.0
#: Nobody is sent back for less than this, whatever limit was asked for.
_LEAST_RATE = 0.01
#: What others did says little of one tenant: their past, and what they get of stable now, weigh as so many calls.
_NEIGHBOURS_WEIGH, _OTHERS_WEIGH = 100, 50
#: Where nothing at all is known, a tenant is taken for one that failed once in so many calls.
_NOBODY_KNOWS = Outcomes(20, 1)
#: More tenants than this, or this share of those who were served (two at least), are no exceptions: the version is bad.
MOST_SICK, _MOST_SHARE = 10, 0.2
#: From so many on, they must be more than what stable's tenants suffer at the same time.
_FEW = 2
_THIRDS = 60


class Sick(NamedTuple):
    """A tenant that the version on trial harms, by its mark, and the verdict that says so."""

    mark: str
    verdict: Verdict


class Crowd(NamedTuple):
    """
    How many are sick, and of how many, on the version on trial and on stable at the same time.

    *others* are the tenants that stable serves.
    """

    sick: int
    exposed: int
    sick_on_stable: int = 0
    others: int = 0


def known_before(own: Outcomes, neighbours: Iterable[Outcomes], everybody: Outcomes) -> Outcomes:
    """
    Say what a tenant did before: its own past, else that of its neighbours by bucket, else what everybody does.

    The further off, the less it weighs.
    """
    if own.requests:
        return own
    for known, weight in (*((each, _NEIGHBOURS_WEIGH) for each in neighbours), (everybody, _OTHERS_WEIGH)):
        if known.requests:
            return _weighing(known, weight)
    return _NOBODY_KNOWS


def may_be_sick(now: Outcomes, criteria: HealthCriteria, *, tenants: int) -> bool:
    """Tell whether a tenant fails so much *now* that what it did before is worth asking for."""
    return _log_evidence_over_limit(now, criteria) >= _log_proof(tenants)


def judge_tenant(now: Outcomes, before: Outcomes, criteria: HealthCriteria, *, tenants: int) -> Verdict:
    """
    Judge one of *tenants* by its own calls: what it gets *now*, against what it got *before*.

    It fails where both are proven: more failures than the limit allows, and more than twice its own of before. The
    proof that is asked for grows with the number of tenants, so that all of them together are sent back for nothing
    in at most one of twenty deployments, however often one looks.
    """
    limit = _limit(criteria)
    against = min(_log_evidence_over_limit(now, criteria), _log_evidence_of_change(now, before))
    return Verdict(
        Outcome.FAIL if against >= _log_proof(tenants) else Outcome.PASS,
        f"errors {_percent(now)} of {now.requests:,} against {_percent(before)} of {before.requests:,} before, "
        f"limit {limit:.2%}",
        rule="guard of single tenants",
        query="error rate of the tenant on the candidate",
        unit="share",
        n=now.requests,
        value=now.failure_rate,
        threshold=limit,
        evidence=evidence(against),
    )


def is_shared_by_stable(crowd: Crowd) -> bool:
    """Tell whether stable's tenants fall sick as well, so that it is not the version: what they all use is down."""
    if crowd.sick <= _FEW or not crowd.sick_on_stable:
        return False
    # A container watches so many tenants and no more, so numbers are compared as well as shares.
    is_as_many = 2 * crowd.sick_on_stable >= crowd.sick
    return is_as_many or 2 * crowd.sick_on_stable * crowd.exposed >= crowd.sick * crowd.others


def judge_crowd(crowd: Crowd) -> Verdict | None:
    """
    Fail a version that harms so many of its tenants that they are no exceptions; None while nobody is sick.

    One alone never is too many, unless it is the only one that was served.
    """
    if not crowd.sick:
        return None
    is_many = crowd.sick > MOST_SICK or (crowd.sick > 1 and crowd.sick > _MOST_SHARE * crowd.exposed)
    is_bad = is_many or crowd.sick >= crowd.exposed
    return Verdict(
        Outcome.FAIL if is_bad else Outcome.PASS,
        f"{crowd.sick:,} of {crowd.exposed:,} tenants went back to stable, each by its own evidence",
        rule="sick tenants",
        query="tenants that the candidate harms",
        unit="tenants",
        n=crowd.exposed,
        value=float(crowd.sick),
        threshold=float(max(1, min(MOST_SICK, int(_MOST_SHARE * crowd.exposed)))),
    )


def _limit(criteria: HealthCriteria) -> float:
    return max(criteria.error_limit, _LEAST_RATE)


def _log_proof(tenants: int) -> float:
    """Say which ln E is proof against one of so many; by the union bound all of them together err as seldom as one."""
    return math.log(max(tenants, 1) / ALPHA)


def _log_evidence_over_limit(now: Outcomes, criteria: HealthCriteria) -> float:
    return log_evidence(now.failures, now.requests - now.failures, _limit(criteria))


def _log_evidence_of_change(now: Outcomes, before: Outcomes) -> float:
    """
    Say by ln E that a tenant fails more than twice as often *now* as *before*, whatever its true rate was.

    Any two rates, each spread evenly, against the best pair of which one is at most twice the other: no rate is
    assumed, so few calls of before say little. Universal inference: Wasserman, Ramdas, Balakrishnan, PNAS 117 (2020).
    """
    good, good_before = now.requests - now.failures, before.requests - before.failures
    if now.failures * before.requests <= _TIMES_BEFORE * before.failures * now.requests:
        return 0.0
    low, high = 0.0, 1 / _TIMES_BEFORE

    def likelihood(rate: float) -> float:
        counts = (before.failures, rate), (good_before, 1 - rate), (now.failures, 2 * rate), (good, 1 - 2 * rate)
        return math.fsum(count * math.log(share) for count, share in counts if count)

    for _ in range(_THIRDS):
        # The logarithm of a likelihood has one top; both ends are never tried themselves.
        third = (high - low) / 3
        low, high = (low + third, high) if likelihood(low + third) < likelihood(high - third) else (low, high - third)
    spread = log_beta(before.failures + 1, good_before + 1) + log_beta(now.failures + 1, good + 1)
    return spread - likelihood((low + high) / 2)


def _weighing(known: Outcomes, weight: int) -> Outcomes:
    """Let what is known of others weigh as *weight* calls at most, one failure more than they had being possible."""
    if known.requests <= weight:
        return Outcomes(known.requests, known.failures)
    return Outcomes(weight, min(math.ceil(weight * known.failures / known.requests), weight))


def _percent(outcomes: Outcomes) -> str:
    return f"{outcomes.failures / outcomes.requests:.0%}" if outcomes.requests else "unknown"
