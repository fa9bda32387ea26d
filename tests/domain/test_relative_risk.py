"""Failures are compared by whom they fell to, with what the tenants' own past explains."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.evidence import log_evidence
from chalicelib.domain.measurements import Outcomes, Sides
from chalicelib.domain.relative_risk import (
    Labels,
    evidence_of_harm,
    expected_share,
    labels_of,
    risk,
    risk_interval,
    wager_on,
)
from chalicelib.domain.routes import SplitBy

PROOF = math.log(20)
#: Where nobody asks for digits any more.
BEYOND_DOUBT = 20.0


def sides(candidate: Outcomes, stable: Outcomes, **more: object) -> Sides:
    return Sides(candidate, stable, **{"split_by": SplitBy.REQUEST, **more})  # type: ignore[arg-type]


def test_single_requests_are_expected_to_fail_by_their_share_of_traffic() -> None:
    assert expected_share(sides(Outcomes(100), Outcomes(900))) == pytest.approx(0.1)


def test_tenants_are_expected_to_fail_as_they_did_before() -> None:
    calm = Sides(Outcomes(100), Outcomes(900), Outcomes(10_000, 50), Outcomes(90_000, 950))
    troubled = Sides(Outcomes(100), Outcomes(900), Outcomes(10_000, 500), Outcomes(90_000, 500))

    assert expected_share(calm) < 0.1
    assert 0.45 < expected_share(troubled) < 0.55


def test_history_counts_for_the_traffic_of_now() -> None:
    """The tenants failed alike, and the candidate's now make half of the requests instead of a tenth."""
    busier = Sides(Outcomes(500), Outcomes(500), Outcomes(100_000, 1_000), Outcomes(900_000, 9_000))

    assert expected_share(busier) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("failures", [0, 10, 100, 1_000])
def test_less_history_leaves_more_room(failures: int) -> None:
    known = Sides(Outcomes(100), Outcomes(900), Outcomes(10_000, failures), Outcomes(90_000, 9 * failures))
    better_known = Sides(
        Outcomes(100), Outcomes(900), Outcomes(10_000, failures + 10), Outcomes(90_000, 9 * failures + 90)
    )

    assert expected_share(known) > expected_share(better_known) > 0.1


def test_a_history_without_failures_is_a_zero_baseline_that_divides_nothing() -> None:
    """The predecessor divided by zero and passed."""
    clean = Sides(Outcomes(100, 10), Outcomes(900), Outcomes(10_000), Outcomes(90_000))

    assert 0.1 < expected_share(clean) < 0.3
    assert evidence_of_harm(labels_of([clean])).log_evidence > PROOF


@pytest.mark.parametrize(
    "candidate, stable", [(Outcomes(), Outcomes(100, 3)), (Outcomes(100, 50), Outcomes()), (Outcomes(), Outcomes())]
)
def test_one_side_alone_is_no_comparison(candidate: Outcomes, stable: Outcomes) -> None:
    assert labels_of([sides(candidate, stable)]) == ()
    assert evidence_of_harm(()).log_evidence == 0
    assert risk(()) is None
    assert risk_interval((), 0.05) == (0.0, None)


def test_an_outage_that_hits_both_is_no_evidence() -> None:
    calm, outage = (Labels(count, 9 * count, 0.1) for count in (2, 400))

    assert evidence_of_harm((calm, outage)).log_evidence < 0


def test_the_wager_is_laid_once() -> None:
    laid = sum(wager_on(start) for start in range(50_000))

    assert laid == pytest.approx(1, abs=1e-5)


@given(
    mine=st.integers(0, 200),
    theirs=st.integers(0, 200),
    share=st.floats(0.02, 0.98),
    cut=st.floats(0, 1),
)
def test_a_phase_cut_in_two_says_what_it_said_whole(mine: int, theirs: int, share: float, cut: float) -> None:
    first = Labels(round(mine * cut), round(theirs * cut), share)
    second = Labels(mine - first.candidate, theirs - first.stable, share)

    whole, parts = log_evidence(mine, theirs, share), evidence_of_harm((first, second)).log_evidence

    assert min(parts, BEYOND_DOUBT) >= min(math.log(wager_on(0)) + whole, BEYOND_DOUBT) - 0.05


def test_evidence_of_all_phases_adds_up() -> None:
    phase = Labels(5, 12, 0.1)

    one, three = evidence_of_harm((phase,)), evidence_of_harm((phase, phase, phase))

    assert one.log_evidence < PROOF < three.log_evidence


def test_a_rising_share_is_not_taken_for_harm() -> None:
    """Summed up, 45 of 120 failures would be far above the first phase's share of a tenth."""
    phases = tuple(Labels(round(40 * share), round(40 * (1 - share)), share) for share in (0.1, 0.3, 0.5, 0.7))

    assert evidence_of_harm(phases).log_evidence < 0
    assert risk(phases) == pytest.approx(1, rel=0.05)


def test_a_version_that_turns_bad_late_is_found_in_spite_of_its_good_past() -> None:
    good, bad = Labels(100, 900, 0.1), Labels(9, 3, 0.1)

    found = evidence_of_harm((*(good,) * 20, bad))
    summed_up = log_evidence(2_009, 18_003, 0.1)

    assert found.log_evidence > PROOF
    assert found.since == 20
    assert summed_up < 0


@given(
    st.lists(st.builds(Labels, st.integers(0, 40), st.integers(0, 40), st.floats(0.05, 0.95)), min_size=1, max_size=4)
)
def test_the_interval_holds_the_observed_risk(phases: list[Labels]) -> None:
    low, high = risk_interval(phases, 0.05)
    observed = risk(phases)

    assert observed is None or low <= observed * 1.001
    assert high is None or observed is None or observed <= high * 1.001


@pytest.mark.parametrize("mine", range(4, 30, 2))
def test_the_interval_passes_one_when_the_evidence_is_proof(mine: int) -> None:
    labels = (Labels(mine, 20, 0.3),)

    low, _ = risk_interval(labels, 0.05 * wager_on(0))

    assert (low > 1) == (math.log(wager_on(0)) + log_evidence(mine, 20, 0.3) >= PROOF)


def test_phases_of_different_shares_have_one_interval() -> None:
    """Three times as often, in odds, at each of two shares."""
    phases = (Labels(300, 900, 0.1), Labels(900, 300, 0.5))

    low, high = risk_interval(phases, 0.05)

    assert risk(phases) == pytest.approx(3, rel=0.01)
    assert 2.3 < low < 3
    assert high is not None
    assert 3 < high < 3.9
