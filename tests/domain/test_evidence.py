"""Evidence is what integers say it is, and its intervals hold at every look."""

from __future__ import annotations

import math
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.evidence import log_evidence, lower_bound, quantile_interval, rate_interval
from chalicelib.domain.incomplete_beta import log_upper_incomplete_beta
from chalicelib.domain.measurements import Histogram
from tests.canaries import chance, counted

shares = st.fractions(Fraction(1, 1000), Fraction(999, 1000), max_denominator=1000)


def exactly(hits: int, misses: int, share: Fraction) -> float:
    """Integrate p^hits (1 - p)^misses from *share* to 1 term by term, in integers."""
    integral = sum(
        (
            Fraction((-1) ** k * math.comb(misses, k), hits + k + 1) * (1 - share ** (hits + k + 1))
            for k in range(misses + 1)
        ),
        Fraction(0),
    )
    e = integral / ((1 - share) * share**hits * (1 - share) ** misses)
    return math.log(e.numerator) - math.log(e.denominator)


@given(hits=st.integers(0, 60), misses=st.integers(0, 60), share=shares)
def test_evidence_is_what_integers_say(hits: int, misses: int, share: Fraction) -> None:
    assert log_evidence(hits, misses, float(share)) == pytest.approx(exactly(hits, misses, share), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(
    "hits, misses, share",
    [(300, 50, Fraction(9, 10)), (50, 300, Fraction(1, 10)), (120, 130, Fraction(1, 1000)), (3, 400, Fraction(1, 20))],
)
def test_evidence_keeps_its_digits_in_far_tails(hits: int, misses: int, share: Fraction) -> None:
    assert log_evidence(hits, misses, float(share)) == pytest.approx(exactly(hits, misses, share), rel=1e-9)


@pytest.mark.parametrize("n", [10**5, 10**7])
def test_millions_of_requests_neither_overflow_nor_take_long(n: int) -> None:
    began = time.perf_counter()

    worse, equal, better = (log_evidence(round(n * rate), n - round(n * rate), 0.1) for rate in (0.12, 0.1, 0.08))

    assert worse > 100
    assert -10 < equal < 0
    assert better < equal
    assert time.perf_counter() - began < 1


def test_five_failures_of_five_are_the_textbook_number() -> None:
    assert math.exp(log_evidence(5, 0, 0.5)) == pytest.approx((1 - 0.5**6) / 6 / (0.5 * 0.5**5))


@given(hits=st.integers(0, 200), misses=st.integers(0, 200), share=st.floats(0.001, 0.999))
def test_one_hit_more_is_never_evidence_for_fewer_hits(hits: int, misses: int, share: float) -> None:
    assert log_evidence(hits + 1, misses, share) >= log_evidence(hits, misses, share) - 1e-9


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_shares_that_leave_no_doubt_have_an_answer(share: float) -> None:
    assert log_evidence(0, 0, share) == 0
    assert log_evidence(3, 0, share) == (math.inf if share == 0 else 0.0)
    assert log_evidence(0, 3, share) <= 0


@given(a=st.floats(0.5, 500), b=st.floats(0.5, 500), x=st.floats(0.01, 0.99))
def test_both_tails_of_a_beta_are_everything(a: float, b: float, x: float) -> None:
    above, below = log_upper_incomplete_beta(a, b, x), log_upper_incomplete_beta(b, a, 1 - x)

    assert math.exp(above) + math.exp(below) == pytest.approx(1, abs=1e-9)


@given(hits=st.integers(0, 300), misses=st.integers(0, 300))
def test_an_interval_holds_what_was_seen(hits: int, misses: int) -> None:
    n = hits + misses
    low, high = rate_interval(hits, n, 0.05)

    assert 0 <= low <= (hits / n if n else 0.5) <= high <= 1


def test_nothing_seen_bounds_nothing() -> None:
    assert rate_interval(0, 0, 0.05) == (0.0, 1.0)
    assert quantile_interval(Histogram(), 0.99, 0.05) == (0.0, None)


def test_a_bound_passes_a_limit_exactly_when_the_evidence_does() -> None:
    bounds = {hits: lower_bound(hits, 200 - hits, 0.05) for hits in range(1, 60)}

    proven = {hits: log_evidence(hits, 200 - hits, 0.05) >= math.log(20) for hits in bounds}

    assert {hits: bound > 0.05 for hits, bound in bounds.items()} == proven
    assert len({*proven.values()}) == 2


@pytest.mark.parametrize("rate", [0.02, 0.2])
def test_intervals_hold_the_truth_at_all_looks_at_once(rate: float) -> None:
    source, missed, runs = chance(21), 0, 150

    for _ in range(runs):
        hits = n = 0
        is_missed = False
        for _ in range(30):
            hits, n = hits + counted(source, 50, rate).failures, n + 50
            low, high = rate_interval(hits, n, 0.05)
            is_missed = is_missed or not low <= rate <= high
        missed += is_missed

    assert missed / runs <= 0.05


def test_quantile_intervals_hold_the_truth_at_all_looks_at_once() -> None:
    source, missed, runs = chance(22), 0, 40
    true_p90_ms = 100 * math.exp(0.5 * 1.2815515655446004)

    for _ in range(runs):
        latencies = Histogram()
        is_missed = False
        for _ in range(20):
            latencies += Histogram.of_durations(100 * source.lognormvariate(0, 0.5) for _ in range(50))
            low, high = quantile_interval(latencies, 0.9, 0.05)
            is_missed = is_missed or low > true_p90_ms or (high is not None and high < true_p90_ms)
        missed += is_missed

    assert missed / runs <= 0.05


def test_a_p99_has_no_upper_bound_until_enough_calls_were_seen() -> None:
    few, many = (Histogram.of_durations([10.0] * n) for n in (300, 1_000))

    assert quantile_interval(few, 0.99, 0.05)[1] is None
    assert quantile_interval(many, 0.99, 0.05)[1] == pytest.approx(10, rel=0.13)
