"""The guard of single tenants: whom it sends back, whom never, and when it is the version after all."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import pytest

from chalicelib.domain.health_criteria import HealthCriteria
from chalicelib.domain.measurements import Outcomes
from chalicelib.domain.tenant_guard import (
    Crowd,
    is_shared_by_stable,
    judge_crowd,
    judge_tenant,
    known_before,
    may_be_sick,
)
from chalicelib.domain.verdicts import Outcome
from tests.canaries import chance

CRITERIA = HealthCriteria()
#: What the product promises: in at most so many deployments any tenant at all is sent back for nothing.
MOST = 0.05


def is_sick(now: Outcomes, before: Outcomes, *, tenants: int = 10) -> bool:
    return judge_tenant(now, before, CRITERIA, tenants=tenants).is_fail


@pytest.mark.parametrize("tenants, failures", [(1, 3), (10, 3), (1_000, 5), (100_000, 8)])
def test_a_tenant_that_never_failed_before_goes_back_after_a_few_failures(tenants: int, failures: int) -> None:
    before = Outcomes(100)

    assert is_sick(Outcomes(failures, failures), before, tenants=tenants)
    assert not is_sick(Outcomes(failures - 1, failures - 1), before, tenants=tenants)


@pytest.mark.parametrize(
    "now, before",
    [
        (Outcomes(50, 20), Outcomes(100, 40)),
        (Outcomes(50, 30), Outcomes(100, 30)),
        (Outcomes(10, 10), Outcomes(3, 3)),
        (Outcomes(1_000, 40), Outcomes(10_000, 0)),
        (Outcomes(2, 2), Outcomes(10_000, 0)),
        (Outcomes(), Outcomes(100)),
    ],
    ids=["as before", "twice", "always failed", "within the limit", "too few", "no calls"],
)
def test_a_tenant_stays_without_proof_of_both(now: Outcomes, before: Outcomes) -> None:
    assert not is_sick(now, before)


def test_who_fails_too_seldom_for_any_past_is_not_asked_for_it() -> None:
    for failures in range(30):
        now = Outcomes(30, failures)
        for before in (Outcomes(100_000), Outcomes(5, 5)):
            assert may_be_sick(now, CRITERIA, tenants=10) or not is_sick(now, before)


def test_the_verdict_tells_its_numbers() -> None:
    verdict = judge_tenant(Outcomes(9, 9), Outcomes(100, 1), CRITERIA, tenants=10)

    assert (verdict.outcome, verdict.rule, verdict.n, verdict.threshold) == (
        Outcome.FAIL,
        "guard of single tenants",
        9,
        0.05,
    )
    assert "100% of 9 against 1% of 100 before" in verdict.reason


def test_evidence_is_what_the_two_marginals_say_against_the_best_pair_of_rates() -> None:
    """A second-hand oracle: exact fractions and a fine grid instead of gamma functions and a search."""
    now, before = Outcomes(7, 5), Outcomes(40, 2)
    criteria = HealthCriteria(max_error_rate_bps=0)
    marginals = math.prod(
        Fraction(1, (each.requests + 1) * math.comb(each.requests, each.failures)) for each in (now, before)
    )
    rates = [Fraction(k, 4_000) for k in range(1, 2_000)]
    best = max(rate**2 * (1 - rate) ** 38 * (2 * rate) ** 5 * (1 - 2 * rate) ** 2 for rate in rates)

    verdict = judge_tenant(now, before, criteria, tenants=1)

    assert verdict.evidence == pytest.approx(float(marginals / best), rel=1e-3)


@pytest.mark.parametrize("base", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("calls_before, in_a_group", [(5, 1), (50, 20), (500, 20)])
def test_over_all_tenants_of_a_deployment_seldom_anybody_goes_back_for_nothing(
    base: float, calls_before: int, in_a_group: int
) -> None:
    """
    Fifty very unequal tenants whose rates are the same before and after, each looked at after each of its failures.

    What is known of them is what containers count: a tenant from after its first failure on, its group as a whole. The
    counts are drawn here and not by the product, and the tenants' rates are Beta around the base.
    """
    source, tenants, deployments, false_alarms = chance(21), 50, 40, 0

    for _ in range(deployments):
        rates = [source.betavariate(base * 5, (1 - base) * 5) for _ in range(tenants)]
        pasts = [[source.random() < rate for _ in range(calls_before)] for rate in rates]
        everybody = _sum(pasts)
        for rate, past in zip(rates, pasts, strict=True):
            own = past[past.index(True) + 1 :] if any(past) else []
            group = _sum([past, *source.choices(pasts, k=in_a_group - 1)])
            if _is_ever_sick(rate, source, known_before(_sum([own]), [group], everybody), tenants):
                false_alarms += 1
                break

    assert false_alarms / deployments <= MOST


def test_among_fifty_tenants_the_one_that_is_harmed_is_found() -> None:
    source = chance(22)

    found = [_is_ever_sick(0.6, source, Outcomes(200, 4), 50) for _ in range(200)]

    assert sum(found) / len(found) >= 0.95


def _is_ever_sick(rate: float, source: Random, before: Outcomes, tenants: int) -> bool:
    """Call a tenant a hundred times; its first failure is not counted, nor what was before it."""
    calls = [source.random() < rate for _ in range(100)]
    counted = calls[calls.index(True) + 1 :] if any(calls) else []
    for n, has_failed in enumerate(counted, start=1):
        seen = Outcomes(n, sum(counted[:n]))
        if has_failed and may_be_sick(seen, CRITERIA, tenants=tenants) and is_sick(seen, before, tenants=tenants):
            return True
    return False


def _sum(pasts: list[list[bool]]) -> Outcomes:
    return Outcomes(sum(map(len, pasts)), sum(map(sum, pasts)))


def test_what_is_known_of_others_weighs_less_than_a_tenants_own_past() -> None:
    own, neighbours, everybody = Outcomes(3, 1), Outcomes(10_000, 30), Outcomes(10**6, 10)

    assert known_before(own, [neighbours], everybody) == own
    assert known_before(Outcomes(), [neighbours], everybody) == Outcomes(100, 1)
    assert known_before(Outcomes(), [Outcomes(7)], everybody) == Outcomes(7)
    assert known_before(Outcomes(), [Outcomes()], everybody) == Outcomes(50, 1)
    assert known_before(Outcomes(), [], Outcomes()).failures > 0


@pytest.mark.parametrize(
    "crowd, is_bad",
    [
        (Crowd(1, 2), False),
        (Crowd(1, 1), True),
        (Crowd(2, 3), True),
        (Crowd(2, 10), False),
        (Crowd(3, 10), True),
        (Crowd(10, 1_000), False),
        (Crowd(11, 1_000), True),
    ],
)
def test_too_many_sick_tenants_are_a_sick_version(crowd: Crowd, *, is_bad: bool) -> None:
    verdict = judge_crowd(crowd)

    assert verdict is not None
    assert verdict.is_fail is is_bad


def test_no_sick_tenant_is_no_signal() -> None:
    assert judge_crowd(Crowd(0, 10)) is None


@pytest.mark.parametrize(
    "crowd, is_shared",
    [
        (Crowd(20, 50, 20, 450), True),  # What all use is down; a container watches no more than twenty of each.
        (Crowd(40, 90, 5, 10), True),
        (Crowd(6, 50, 1, 450), False),
        (Crowd(2, 50, 20, 450), False),
        (Crowd(6, 50, 0, 450), False),
    ],
)
def test_what_hits_the_tenants_of_stable_too_is_not_the_version(crowd: Crowd, *, is_shared: bool) -> None:
    assert is_shared_by_stable(crowd) is is_shared
