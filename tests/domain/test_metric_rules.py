"""Metrics of CloudWatch as a table: the series, and what is said of it; and what a request may ask for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import ValidationError
from chalicelib.domain.health_criteria import HealthCriteria, action_of
from chalicelib.domain.health_reading import read_health
from chalicelib.domain.judgements import judge, with_metrics
from chalicelib.domain.measurements import Histogram, Outcomes, Sides
from chalicelib.domain.metric_rules import judge_metric
from chalicelib.domain.metric_signals import MetricSignal, Point, signals_of
from chalicelib.domain.strategy_configs import MAX_SHIFTS
from chalicelib.domain.verdicts import Action, Outcome, Verdict, combine, latch

VERSIONED = {
    "id": "m",
    "namespace": "Shop",
    "metric": "Declined",
    "dimensions": {"Version": "{version}"},
    "stat": "Sum",
}
DECLINED = {"name": "declined", "queries": [VERSIONED], "max": 5}


def signal(**changes: Any) -> MetricSignal:
    (read,) = signals_of(read_health({"metrics": [{**DECLINED, **changes}]}))
    return read


def series(*values: float, first: int = 0) -> list[Point]:
    return [Point(60 * (first + number), value) for number, value in enumerate(values)]


def test_the_verdicts_of_all_steps_that_may_be_asked_for_fit_into_an_item() -> None:
    asked = [
        {**DECLINED, "name": f"m{number}", "queries": [{"id": "e", "expression": "m" * 2_048}]} for number in "12345"
    ]
    signals = signals_of(read_health({"metrics": asked}))
    served = Outcomes(1_000_000, 10, Histogram.of({20: 900_000, 30: 100_000}))
    own = judge(HealthCriteria(), [Sides(served, served)], checks=["pass"], window="since 2026-11-22T10:00:00.000Z")
    metrics = [judge_metric(one, series(1, 1, 1), window="since 2026-11-22T10:00:00.000Z") for one in signals]
    verdict = combine((with_metrics(own, metrics, HealthCriteria()).about("10.20.30"),))

    assert len(verdict.parts) > len(metrics) == 5
    assert verdict.parts[-1].query == f"m5: {'m' * 195}…"
    assert MAX_SHIFTS * len(json.dumps(verdict.to_document())) < 320_000


@pytest.mark.parametrize(
    "values, outcome",
    [
        ((), "inconclusive"),
        ((1, 1), "inconclusive"),
        ((1, 1, 5), "pass"),
        ((9, 9), "inconclusive"),
        ((9, 9, 1, 1), "pass"),
        ((1, 1, 1, 9), "inconclusive"),
        ((9, 9, 9), "fail"),
        ((1, 9, 9, 9, 1, 1), "fail"),
    ],
)
def test_three_whole_periods_in_a_row_are_a_fail_and_no_data_is_no_pass(
    values: tuple[float, ...], outcome: str
) -> None:
    verdict = judge_metric(signal(), series(*values), window="since noon")

    assert (verdict.outcome, verdict.n, verdict.threshold, verdict.window) == (outcome, len(values), 5.0, "since noon")
    assert (verdict.low, verdict.high) == ((min(values), max(values)) if values else (None, None))


def test_a_least_value_is_broken_from_below() -> None:
    assert judge_metric(replace(signal(), most=None, least=5.0), series(4, 4, 4)).outcome == "fail"
    assert judge_metric(replace(signal(), most=None, least=5.0), series(9, 9, 9)).outcome == "pass"


@pytest.mark.parametrize(
    "mine, theirs, outcome",
    [
        (series(5, 5, 5), series(4, 4, 4), "pass"),
        (series(9, 9, 9), series(4, 4, 4), "fail"),
        (series(0, 0, 0), series(0, 0, 0), "pass"),
        (series(1, 1, 1), series(0, 0, 0), "fail"),
        (series(9, 9, 9), (), "inconclusive"),
        (series(9, 9, 9), series(1, 1, 1, first=3), "inconclusive"),
    ],
)
def test_stable_is_compared_in_the_same_periods(mine: list[Point], theirs: list[Point], outcome: str) -> None:
    compared = signal(max=None, maxRatio=2)

    assert judge_metric(compared, mine, theirs).outcome == outcome


NATIVE = {outcome: Verdict(outcome, f"the counts {outcome}") for outcome in Outcome}


@pytest.mark.parametrize(
    "native, metric, asks, outcome, action",
    [
        ("pass", "pass", "", "pass", None),
        ("pass", "fail", "", "fail", "rollback"),
        ("pass", "fail", "hold", "fail", "hold"),
        ("pass", "fail", "warn", "pass", None),
        ("pass", "error", "", "error", "hold"),
        ("pass", "error", "rollback", "error", "rollback"),
        ("inconclusive", "error", "rollback", "error", "rollback"),
        ("fail", "fail", "hold", "fail", "rollback"),
        ("inconclusive", "pass", "", "inconclusive", "hold"),
        ("pass", "inconclusive", "warn", "pass", None),
    ],
)
def test_a_metric_decides_where_it_asks_for_more(
    native: str, metric: str, asks: str, outcome: str, action: str | None
) -> None:
    asked = Verdict(metric, "the metric", action=asks)

    verdict = with_metrics(NATIVE[Outcome(native)], [asked], HealthCriteria())

    assert (verdict.outcome, action_of(verdict, HealthCriteria())) == (outcome, action)
    assert verdict.signals[-1] == asked


def test_a_fail_that_only_holds_hides_none_that_rolls_back() -> None:
    held, proof = Verdict(Outcome.FAIL, "the metric", action=Action.HOLD), NATIVE[Outcome.FAIL]

    assert latch(held, proof) == proof
    assert latch(held, NATIVE[Outcome.PASS]).is_latched
    assert latch(proof, held).reason == proof.reason


def test_what_is_read_is_complete_and_what_nobody_asked_for_is_absent() -> None:
    (read,) = read_health({"metrics": [DECLINED]})["metrics"]

    assert read == {**DECLINED, "returns": "m", "period": "PT1M", "datapoints": 3, "max": 5.0}
    assert "metrics" not in read_health({})


def test_placeholders_become_the_version_that_is_asked_about() -> None:
    expression = {"id": "e", "expression": "SEARCH('{AWS/Lambda,Resource} Resource=\"x:{alias}\"', 'Sum')"}
    values = {"plugin": "p", "environment": "QA", "version": "2.0.0", "alias": "v2-0-0", "lambdaVersion": "7"}

    metric, search = signal(queries=[VERSIONED, expression]).queries_for(values)

    assert metric.dimensions == {"Version": "2.0.0"}
    assert search.expression == "SEARCH('{AWS/Lambda,Resource} Resource=\"x:v2-0-0\"', 'Sum')"


@pytest.mark.parametrize(
    "changes, pointer",
    [
        ({"queries": []}, "/health/metrics/0/queries"),
        ({"queries": [VERSIONED, VERSIONED]}, "/health/metrics/0/queries"),
        ({"queries": [{**VERSIONED, "id": "Big"}]}, "/health/metrics/0/queries/0/id"),
        ({"queries": [{**VERSIONED, "accountId": "1"}]}, "/health/metrics/0/queries/0/accountId"),
        ({"queries": [{**VERSIONED, "stat": "Mean"}]}, "/health/metrics/0/queries/0/stat"),
        ({"queries": [{**VERSIONED, "dimensions": {"V": "{verison}"}}]}, "/health/metrics/0/queries/0/dimensions"),
        ({"queries": [{"id": "e", "expression": "x" * 2_049}]}, "/health/metrics/0/queries/0/expression"),
        (
            {"queries": [{"id": "e", "expression": "SELECT SUM(x) FROM y WHERE AWS.AccountId = '1'"}]},
            "/health/metrics/0/queries/0/expression",
        ),
        ({"returns": "other"}, "/health/metrics/0/returns"),
        ({"period": "PT90S"}, "/health/metrics/0/period"),
        ({"period": "PT2H"}, "/health/metrics/0/period"),
        ({"max": None}, "/health/metrics/0/max"),
        ({"min": 1}, "/health/metrics/0/max"),
        ({"max": "5"}, "/health/metrics/0/max"),
        ({"max": None, "maxRatio": 2, "queries": [{**VERSIONED, "dimensions": {}}]}, "/health/metrics/0/maxRatio"),
        ({"onFail": "explode"}, "/health/metrics/0/onFail"),
        ({"threshold": 5}, "/health/metrics/0/threshold"),
    ],
)
def test_what_cloudwatch_would_refuse_is_refused_at_the_request(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_health({"metrics": [{**DECLINED, **changes}]})

    assert pointer in [error.field for error in refused.value.errors]
    assert all(error.fix for error in refused.value.errors)


@pytest.mark.parametrize("metrics", ["all", [1], [DECLINED] * 2, [{**DECLINED, "name": str(n)} for n in range(6)]])
def test_a_list_of_a_few_objects_with_names_of_their_own_is_asked_for(metrics: object) -> None:
    with pytest.raises(ValidationError):
        read_health({"metrics": metrics})
