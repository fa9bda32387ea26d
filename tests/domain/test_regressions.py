"""Late regressions: what is one, what is not, and how seldom a good version is taken for one."""

from __future__ import annotations

import pytest

from chalicelib.domain.measurements import Outcomes, total
from chalicelib.domain.regressions import judge_late_regression
from tests.canaries import chance, counted

HOUR = 12


@pytest.mark.parametrize(
    "slots, before, outcome",
    [
        ([Outcomes(100, 30)], Outcomes(10_000, 20), "fail"),
        ([Outcomes(500, 1)] * 10 + [Outcomes(50, 25)], Outcomes(10_000, 20), "fail"),
        ([Outcomes(1_000, 8)] * 6, Outcomes(100_000, 0), "pass"),
        ([Outcomes(100, 10)], Outcomes(10_000, 900), "pass"),
        ([Outcomes(20, 10)], Outcomes(3, 0), "pass"),
    ],
    ids=["fails", "turns bad late", "below one in a hundred", "as before", "little is known"],
)
def test_it_needs_proof_of_more_than_before(slots: list[Outcomes], before: Outcomes, outcome: str) -> None:
    verdict = judge_late_regression(slots, before, of_slots=HOUR)

    assert verdict is not None
    assert verdict.outcome == outcome


def test_a_verdict_tells_of_the_time_since_it_turned_bad() -> None:
    verdict = judge_late_regression([Outcomes(500, 1)] * 10 + [Outcomes(50, 25)], Outcomes(10_000, 20), of_slots=HOUR)

    assert verdict is not None
    assert (verdict.n, verdict.value, verdict.rule) == (50, 0.5, "late regression")


@pytest.mark.parametrize(
    "slots, before", [([], Outcomes(10)), ([Outcomes()], Outcomes(10)), ([Outcomes(9, 9)], Outcomes())]
)
def test_without_anything_to_compare_there_is_no_verdict(slots: list[Outcomes], before: Outcomes) -> None:
    assert judge_late_regression(slots, before, of_slots=HOUR) is None


@pytest.mark.parametrize("base", [0.005, 0.2])
@pytest.mark.parametrize("calls", [10, 300])
def test_a_version_that_does_as_before_is_never_quite_taken_for_worse(base: float, calls: int) -> None:
    """Looked at after each slot of a day; what was before is drawn as well, and is little."""
    source, watches, wrong = chance(31), 50, 0

    for _ in range(watches):
        before = counted(source, 20 * calls, base)
        slots: list[Outcomes] = []
        for _ in range(24):
            slots.append(counted(source, calls, base))
            verdict = judge_late_regression(slots, before, of_slots=24)
            if verdict is not None and verdict.is_fail:
                wrong += 1
                break

    assert wrong / watches <= 0.02


def test_five_times_the_errors_are_found_within_some_slots() -> None:
    source = chance(32)
    found = []
    for _ in range(50):
        slots = [counted(source, 200, 0.01) for _ in range(10)] + [counted(source, 200, 0.1) for _ in range(4)]
        verdict = judge_late_regression(slots, counted(source, 20_000, 0.01), of_slots=HOUR)
        found.append(verdict is not None and verdict.is_fail and total(slots).requests == 2_800)

    assert sum(found) >= 48
