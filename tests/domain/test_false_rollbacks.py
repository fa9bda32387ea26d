"""A good version is not thrown out by noise: simulated canaries of two equal versions, looked at thirty times."""

from __future__ import annotations

import statistics

import pytest

from chalicelib.domain.measurements import Outcomes, Sides
from chalicelib.domain.relative_risk import expected_share
from tests.canaries import Canary, chance, is_rolled_back, requests_to_rollback, share_rolled_back

#: What the product promises: at most so many good versions are rolled back over 30 looks.
MOST = 0.03
#: The rarer the failures, the cheaper a run, and the nearer to the promise: most runs go where they matter.
_CHEAP_FAILURES, _RUNS, _RUNS_OF_MANY = 5, 1_000, 200
BASE_RATES = (0.001, 0.01, 0.05, 0.2)
REQUESTS = (10, 100, 1_000)


@pytest.mark.parametrize("base", BASE_RATES)
@pytest.mark.parametrize("requests", REQUESTS)
@pytest.mark.parametrize("stable_times", [1, 9])
def test_two_equal_versions_are_seldom_told_apart(base: float, requests: int, stable_times: int) -> None:
    source = chance(5)
    candidate_requests = requests if stable_times == 1 else max(1, requests // 10)
    canary = Canary(base, base, candidate_requests, candidate_requests * stable_times)

    share = share_rolled_back((canary for _ in range(_runs(base, requests))), source)

    assert share <= MOST


@pytest.mark.parametrize("rate, at_most, median", [(0.5, 200, 20), (0.1, 1_000, 100), (0.05, 3_000, 300)])
def test_a_bad_version_is_found_within_so_many_of_its_requests(rate: float, at_most: int, median: float) -> None:
    source = chance(10)

    took = [requests_to_rollback(source, rate, at_most=at_most) for _ in range(300)]

    assert statistics.median(took) <= median


def test_twice_the_errors_are_mostly_found_within_three_thousand_requests() -> None:
    source = chance(11)

    took = [requests_to_rollback(source, 0.02, at_most=3_000) for _ in range(1_000)]

    assert sum(n <= 3_000 for n in took) / len(took) >= 0.7


def test_equal_versions_looked_at_after_each_request_stay() -> None:
    source = chance(12)

    took = [requests_to_rollback(source, 0.01, at_most=3_000) for _ in range(200)]

    assert sum(n <= 3_000 for n in took) / len(took) <= MOST


def test_twice_the_errors_at_ten_requests_a_look_are_not_decided() -> None:
    """No honest method can: it is a first-class answer, not a defect."""
    source = chance(13)

    share = share_rolled_back((Canary(0.02, 0.01, 10, 10) for _ in range(200)), source)

    assert share <= 0.2


def test_a_better_candidate_is_never_rolled_back() -> None:
    source = chance(14)

    share = share_rolled_back((Canary(0.01, 0.05, 100, 100) for _ in range(200)), source)

    assert share == 0


def test_r21_sides_that_are_swapped_would_be_noticed() -> None:
    """R21: control and treatment were swapped in another product's analysis, and nothing failed."""
    bad, good = Outcomes(300, 30), Outcomes(2_700, 27)

    assert is_rolled_back(Sides(candidate=bad, stable=good))
    assert not is_rolled_back(Sides(candidate=good, stable=bad))
    assert expected_share(Sides(Outcomes(100), Outcomes(100), Outcomes(1_000, 90), Outcomes(1_000, 10))) > 0.5
    assert expected_share(Sides(Outcomes(100), Outcomes(100), Outcomes(1_000, 10), Outcomes(1_000, 90))) < 0.5


def _runs(base: float, requests: int) -> int:
    return _RUNS if base * requests <= _CHEAP_FAILURES else _RUNS_OF_MANY
