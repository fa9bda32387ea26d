"""Measurements add up in any order, survive JSON, and their buckets mean the same for ever."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.latency_buckets import BUCKETS, UPPER_EDGES_MS, bucket_of, lower_edge_ms, upper_edge_ms
from chalicelib.domain.measurements import Histogram, Outcomes, Sides, current_step, total
from chalicelib.domain.routes import SplitBy

histograms = st.dictionaries(st.integers(0, BUCKETS - 1), st.integers(0, 10**6)).map(Histogram.of)


@st.composite
def outcomes(draw: st.DrawFn) -> Outcomes:
    requests = draw(st.integers(0, 10**6))
    return Outcomes(requests, draw(st.integers(0, requests)), draw(histograms))


def test_edges_are_what_stored_counts_were_counted_by() -> None:
    """A change of any of these numbers changes the meaning of what is in the table."""
    assert (BUCKETS, UPPER_EDGES_MS[0], UPPER_EDGES_MS[6], UPPER_EDGES_MS[-1]) == (104, 1.0, 2.0, 131_072.0)
    assert [bucket_of(ms) for ms in (0, 1, 1.01, 100, 512, 131_072, 10**9)] == [0, 0, 1, 40, 54, 102, 103]


@given(st.floats(0, 1e7))
def test_a_latency_lies_in_its_bucket(duration_ms: float) -> None:
    bucket = bucket_of(duration_ms)

    assert duration_ms <= upper_edge_ms(bucket)
    assert bucket == 0 or lower_edge_ms(bucket) < duration_ms


@given(st.lists(st.floats(1, 1e5), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_at_most_a_bucket_off(durations: list[float], share: float) -> None:
    exact = sorted(durations)[max(math.ceil(share * len(durations) - 1e-9) - 1, 0)]

    value = Histogram.of_durations(durations).quantile_ms(share)

    assert value is not None
    assert exact / 1.13 <= max(value, 1.0) <= exact * 1.13


@given(outcomes(), outcomes(), outcomes())
def test_outcomes_add_up_in_any_order(first: Outcomes, second: Outcomes, third: Outcomes) -> None:
    assert total((first, second, third)) == total((third, first, second)) == first + (second + third)


@given(outcomes(), st.sampled_from(SplitBy), st.integers(0, 20))
def test_sides_survive_json(outcomes: Outcomes, split_by: SplitBy, step: int) -> None:
    sides = Sides(outcomes, outcomes + outcomes, Outcomes(10, 1), Outcomes(90, 2), split_by, step)

    assert Sides.from_document(json.loads(json.dumps(sides.to_document()))) == sides


def test_numbers_of_a_table_are_read_as_whole_numbers() -> None:
    stored = {"requests": Decimal(3), "failures": Decimal(1), "latencies": {"7": Decimal(3)}}

    assert Outcomes.from_document(stored) == Outcomes(3, 1, Histogram.of({7: 3}))


@pytest.mark.parametrize("counts", [{-1: 1}, {BUCKETS: 1}, {0: -1}])
def test_counts_that_cannot_be_are_refused(counts: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="latency bucket"):
        Histogram.of(counts)


def test_more_failures_than_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be"):
        Outcomes(1, 2)


def test_no_requests_are_no_rate_and_no_quantile() -> None:
    assert Outcomes().failure_rate is None
    assert Histogram().quantile_ms(0.99) is None


def test_calls_near_a_limit_are_counted_on_neither_side() -> None:
    latencies = Histogram.of_durations([400.0, 490.0, 505.0, 600.0])

    assert latencies.surely_above(500) == 1
    assert latencies.surely_within(500) == 1


def test_the_current_step_is_the_sum_of_its_phases() -> None:
    phases = [Sides(Outcomes(10, 1), Outcomes(90), step=step) for step in (2, 4, 4)]

    assert current_step(phases) == Sides(Outcomes(20, 2), Outcomes(180), step=4)
    assert current_step([]) == Sides()
