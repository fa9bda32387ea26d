"""Sides: what is compared with what, and which tenants' past it is held against."""

from chalicelib.domain.health_criteria import HealthCriteria
from chalicelib.domain.judgements import judge
from chalicelib.domain.measurements import Outcomes, Sides, current_step
from chalicelib.domain.routes import SplitBy
from chalicelib.domain.sides import PhaseOutcomes, Usual, groups_of, outcomes_of, sides_of, without
from chalicelib.domain.tallies import Phase

HOUR = 480_000
TODAY = 20_000


def counted(
    epoch: int, version: str, requests: int, failures: int = 0, *, below: int = 1_000, piece: int = HOUR
) -> PhaseOutcomes:
    high = below if version == "2.0.0" else 0
    return PhaseOutcomes(Phase("dep_01", epoch, piece, version, 0, high), Outcomes(requests, failures))


def sides(*rows: PhaseOutcomes, usual: tuple[Usual, ...] = (), now_epoch: int = 5) -> tuple[Sides, ...]:
    return sides_of(rows, usual, tried="2.0.0", stable="1.0.0", since_epoch=3, now_epoch=now_epoch, today=TODAY)


def test_candidate_and_stable_stand_side_by_side_phase_by_phase() -> None:
    made = sides(counted(4, "1.0.0", 90, 1), counted(4, "2.0.0", 10), counted(5, "2.0.0", 30, 2, below=3_000))

    assert [(one.candidate, one.stable, one.step) for one in made] == [
        (Outcomes(10), Outcomes(90, 1), 0),
        (Outcomes(30, 2), Outcomes(), 1),
    ]


def test_what_was_counted_before_the_offer_is_no_evidence() -> None:
    assert [one.candidate.requests for one in sides(counted(3, "2.0.0", 50, 50), counted(5, "2.0.0", 1))] == [1]


def test_a_step_without_a_call_yet_is_no_pass_by_the_step_before() -> None:
    made = sides(counted(4, "2.0.0", 5_000), counted(4, "1.0.0", 5_000), now_epoch=5)

    assert current_step(made).candidate == Outcomes()
    assert judge(HealthCriteria(), made, checks=["pass"]).outcome == "inconclusive"


def test_a_write_that_moved_nobody_and_another_hour_go_on_with_the_step() -> None:
    made = sides(counted(4, "2.0.0", 10), counted(4, "2.0.0", 10, piece=HOUR + 1), counted(5, "2.0.0", 10))

    assert [one.step for one in made] == [0, 0, 0]
    assert current_step(made).candidate.requests == 30


def test_an_epoch_in_which_only_stable_was_called_begins_a_step_of_its_own() -> None:
    made = sides(counted(4, "2.0.0", 10), counted(5, "1.0.0", 10))

    assert [one.step for one in made] == [0, 1]


def test_the_past_of_those_who_are_on_the_candidate_is_parted_from_that_of_the_others() -> None:
    today = Usual(TODAY, "general", {0: Outcomes(100, 8), 9: Outcomes(50, 2), 10: Outcomes(1_000, 5)})
    internal = Usual(TODAY, "internal", {99: Outcomes(10, 1)})

    (one,) = sides(counted(5, "2.0.0", 1), usual=(today, internal))
    assert (one.candidate_history, one.stable_history) == (Outcomes(150, 10), Outcomes(1_010, 6))

    ringed = PhaseOutcomes(Phase("dep_01", 5, HOUR, "2.0.0", 0, 0, ("internal",)), Outcomes(1))
    (one,) = sides(ringed, usual=(today, internal))
    assert (one.candidate_history, one.stable_history) == (Outcomes(10, 1), Outcomes(1_150, 15))


def test_the_past_fades() -> None:
    days = tuple(Usual(TODAY - age, "general", {0: Outcomes(80, 8)}) for age in (0, 2, 4))

    (one,) = sides(counted(5, "2.0.0", 1), usual=days)

    assert one.candidate_history == Outcomes(80 + 40 + 20, 8 + 4 + 2)


def test_the_past_of_sick_tenants_keeps_a_good_version_from_being_blamed() -> None:
    rows = counted(5, "1.0.0", 900, 3), counted(5, "2.0.0", 100, 6)
    usual = (Usual(TODAY, "general", {0: Outcomes(10_000, 600), 50: Outcomes(90_000, 300)}),)

    assert judge(HealthCriteria(min_requests=50), sides(*rows)).outcome == "fail"
    assert judge(HealthCriteria(min_requests=50), sides(*rows, usual=usual)).outcome != "fail"


def test_tallies_are_read_as_outcomes_and_groups() -> None:
    tally = {"requests": 3, "failures": 1, "l7": 2, "l103": 1, "low_bps": 0}

    assert outcomes_of(tally).latencies.counts == ((7, 2), (103, 1))
    assert groups_of({"r7": 4, "f7": 1, "r99": 1}) == {7: Outcomes(4, 1), 99: Outcomes(1)}
    assert Phase("dep_01", 1, 1, "2.0.0").split_by is SplitBy.TENANT


def test_tenants_that_are_gone_are_left_out_of_the_counts_of_their_epoch() -> None:
    early = Phase("dep_01", 4, 1, "2.0.0")
    rows = [
        PhaseOutcomes(early, Outcomes(10, 3)),
        PhaseOutcomes(early._replace(piece=2), Outcomes(20, 4)),
        PhaseOutcomes(early._replace(version="1.0.0"), Outcomes(9, 1)),
        PhaseOutcomes(early._replace(epoch=5), Outcomes(8, 8)),
    ]

    left = without(rows, {(4, "2.0.0"): Outcomes(12, 5), (5, "2.0.0"): Outcomes(9, 9)})

    assert [row.outcomes for row in left] == [Outcomes(0, 0), Outcomes(18, 2), Outcomes(9, 1), Outcomes()]
    assert without(rows, {}) == tuple(rows)
