"""Judgements as a table: what was measured, and the verdict with the rule that gave it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from chalicelib.domain.error_rules import judge_regression
from chalicelib.domain.health_criteria import HealthCriteria
from chalicelib.domain.judgements import judge, longest_run
from chalicelib.domain.latency_rules import LEAST_CALLS
from chalicelib.domain.measurements import Histogram, Outcomes, Sides
from chalicelib.domain.routes import SplitBy
from chalicelib.domain.verdicts import Verdict, not_measured
from tests.canaries import Canary, by_tenants, chance

CRITERIA = HealthCriteria()
AGAINST_STABLE = "candidate against concurrent stable"


def served(requests: int, failures: int = 0, ms: float = 100.0) -> Outcomes:
    return Outcomes(requests, failures, Histogram.of_durations([ms] * requests))


def verdict_on(
    candidate: Outcomes, stable: Outcomes, *, criteria: HealthCriteria = CRITERIA, **more: object
) -> Verdict:
    return judge(criteria, [Sides(candidate, stable, split_by=SplitBy.REQUEST)], **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "candidate, stable, outcome, rule",
    [
        pytest.param(served(500, 5), served(4_500, 45), "pass", "", id="as good as stable"),
        pytest.param(served(500), served(4_500), "pass", "", id="no failures anywhere: a zero baseline"),
        pytest.param(served(49), served(450), "inconclusive", "minimum requests", id="one request too few"),
        pytest.param(served(0), served(450), "inconclusive", "no data", id="no request at all"),
        pytest.param(served(0), served(0), "inconclusive", "no data", id="silence"),
        pytest.param(served(9, 5), served(81), "fail", "obvious", id="half of few fail"),
        pytest.param(served(9, 5), Outcomes(), "fail", "obvious", id="half of few fail, nothing known"),
        pytest.param(
            served(500, 20), served(4_500, 45), "fail", AGAINST_STABLE, id="four times the errors, below the limit"
        ),
        pytest.param(served(400, 8), served(400, 4), "pass", "", id="twice the errors of few: nothing to see"),
        pytest.param(served(400, 11), served(400, 2), "inconclusive", AGAINST_STABLE, id="suspicion"),
        pytest.param(served(2_000, 200), Outcomes(), "fail", "error limit", id="above the limit without stable"),
        pytest.param(served(100, 7), Outcomes(), "pass", "", id="above the limit by chance"),
        pytest.param(
            served(1_000, ms=300),
            served(9_000, ms=100),
            "fail",
            "p99 against concurrent stable",
            id="three times slower",
        ),
        pytest.param(served(1_000, ms=120), served(9_000, ms=100), "pass", "", id="a little slower"),
        pytest.param(served(100, ms=900), served(900, ms=300), "fail", "p99 against concurrent stable", id="slow"),
        pytest.param(served(100, ms=900), Outcomes(), "fail", "p99 limit", id="slow, without stable"),
        pytest.param(Outcomes(100), Outcomes(100), "inconclusive", "p99 limit", id="nobody took the time"),
    ],
)
def test_a_verdict_says_what_decided(candidate: Outcomes, stable: Outcomes, outcome: str, rule: str) -> None:
    verdict = verdict_on(candidate, stable)

    assert verdict.outcome == outcome
    assert not rule or verdict.rule == rule


def test_a_verdict_tells_value_interval_threshold_and_evidence() -> None:
    verdict = verdict_on(served(500, 20), served(4_500, 45), window="2026-11-22T12:00Z/PT10M")

    assert (verdict.n, verdict.threshold, verdict.window) == (500, 1.0, "2026-11-22T12:00Z/PT10M")
    assert verdict.value == pytest.approx((20 / 45) / (500 / 4_500), rel=0.01)
    assert verdict.low is not None
    assert verdict.high is not None
    assert 1 < verdict.low < (verdict.value or 0) < verdict.high
    assert verdict.evidence is not None
    assert verdict.evidence > 20
    assert "4.00% of 500 against 1.00% of 4,500" in verdict.reason


@pytest.mark.parametrize("share", [0.1, 0.3, 0.8, 1.0])
def test_r08_a_broken_stable_does_not_block_its_own_fix(share: float) -> None:
    """R8 (argo-rollouts#1774): the fix fails as its stable does, or less; it is judged only by whether it is worse."""
    as_broken = verdict_on(served(200, round(200 * share)), served(1_800, round(1_800 * share)))
    better = verdict_on(served(200, round(100 * share)), served(1_800, round(1_800 * share)))

    assert as_broken.outcome == better.outcome == "pass"
    assert as_broken.fix_forward
    assert "stable may break it too" in next(s.reason for s in as_broken.signals if s.rule == "error limit")


def test_a_slow_stable_does_not_block_its_own_fix() -> None:
    verdict = verdict_on(served(200, ms=900), served(1_800, ms=900))

    assert verdict.outcome == "pass"
    assert verdict.fix_forward


def test_a_fix_that_is_worse_than_a_broken_stable_fails() -> None:
    assert verdict_on(served(200, 160), served(1_800, 540)).outcome == "fail"


@pytest.mark.parametrize(
    "checks, stable_checks, outcome",
    [
        (["pass", "fail", "fail", "fail"], [], "fail"),
        (["fail", "fail", "fail", "pass"], [], "fail"),
        (["fail", "fail", "pass", "fail", "fail"], [], "pass"),
        (["fail", "error", "fail", "fail"], [], "fail"),
        (["fail", "fail"], [], "inconclusive"),
        (["error"] * 5, [], "error"),
        (["fail"] * 3, ["fail"] * 3, "inconclusive"),
        ([], [], "pass"),
    ],
)
def test_health_checks_fail_three_in_a_row(checks: list[str], stable_checks: list[str], outcome: str) -> None:
    verdict = verdict_on(served(100), served(900), checks=checks, stable_checks=stable_checks)

    assert verdict.outcome == outcome


def test_the_longest_run_is_counted_over_errors() -> None:
    assert longest_run(["fail", "error", "fail", "pass", "fail"]) == 2


def test_a_candidate_without_traffic_fails_by_its_health_checks() -> None:
    verdict = verdict_on(Outcomes(), served(900), checks=["fail"] * 3)

    assert (verdict.outcome, verdict.rule) == ("fail", "consecutive health checks")


def test_another_provider_that_could_not_be_asked_makes_it_an_error() -> None:
    verdict = verdict_on(served(100), served(900), others=[not_measured("cloudwatch cpu", "throttled")])

    assert (verdict.outcome, verdict.reason) == ("error", "cloudwatch cpu could not be measured: throttled")


def test_the_last_step_is_judged_by_what_was_before_it() -> None:
    """At 100 % nobody is on stable; the predecessor never checked its last wave."""
    before = Sides(served(500, 5), served(4_500, 45), step=3)
    good, bad = (Sides(served(3_000, failures), step=5) for failures in (30, 150))

    assert judge(CRITERIA, [before, good]).outcome == "pass"
    verdict = judge(CRITERIA, [before, bad])
    assert (verdict.outcome, verdict.rule) == ("fail", "errors against before")


def test_a_late_regression_of_a_completed_version_is_seen() -> None:
    usual = Outcomes(100_000, 500)

    late, calm, silent = (judge_regression(now, usual) for now in (Outcomes(500, 25), Outcomes(500, 4), Outcomes()))

    assert late is not None
    assert late.outcome == "fail"
    assert calm is not None
    assert calm.outcome == "pass"
    assert silent is None


def test_enough_requests_are_those_of_the_whole_step() -> None:
    phases = [Sides(served(30), served(270), step=2), Sides(served(30), served(270), step=2)]

    assert judge(CRITERIA, phases).outcome == "pass"
    assert judge(CRITERIA, [replace(phases[0], step=1), phases[1]]).outcome == "inconclusive"


def test_limits_are_those_of_the_deployment() -> None:
    strict = HealthCriteria(max_error_rate_bps=100, max_latency_p99_ms=80, min_requests=500)

    verdict = verdict_on(served(200, 14), Outcomes(), criteria=strict)

    assert {signal.rule for signal in verdict.signals if signal.outcome == "fail"} == {"error limit", "p99 limit"}
    assert HealthCriteria(min_success_rate_bps=9_900).error_limit == pytest.approx(0.01)


def test_all_rules_together_seldom_roll_back_a_good_version() -> None:
    source, failed, runs = chance(31), 0, 40
    latencies = [150 * source.lognormvariate(0, 0.5) for _ in range(2_000)]

    def timed(outcomes: Outcomes) -> Outcomes:
        return replace(outcomes, latencies=Histogram.of_durations(source.choices(latencies, k=outcomes.requests)))

    for run in range(runs):
        canary = Canary(0.01, 0.01, 20, 60) if run % 2 else by_tenants(source, base=0.01, alikeness=5, requests=100)
        failed += any(
            judge(CRITERIA, [replace(s, candidate=timed(s.candidate), stable=timed(s.stable))]).is_fail
            for s in canary.looks(source, looks=15)
        )

    assert failed / runs <= 0.03


def test_a_judgement_takes_milliseconds() -> None:
    phases = [
        Sides(served(100, 1), served(900, 9), Outcomes(3_000, 30), Outcomes(27_000, 270), step=place // 5)
        for place in range(30)
    ]

    began = time.thread_time()
    judge(CRITERIA, phases, checks=["pass"] * 100)

    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize(
    "calls, outcome", [(4, "inconclusive"), (LEAST_CALLS - 1, "inconclusive"), (LEAST_CALLS, "fail")]
)
@pytest.mark.parametrize("stable", [Outcomes(), served(2_000, ms=100)], ids=["alone", "beside stable"])
def test_containers_that_start_together_fail_no_version_by_its_latency(
    stable: Outcomes, calls: int, outcome: str
) -> None:
    verdict = judge(HealthCriteria(min_requests=1), [Sides(served(calls, ms=811), stable)])

    assert verdict.outcome == outcome
