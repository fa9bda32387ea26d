"""Plans end, and steps run once."""

from __future__ import annotations

from chalicelib.domain.plans import Plan, Step, StepKind, StepStatus
from chalicelib.domain.routes import FULL_BPS
from chalicelib.domain.strategies import Strategy, compile_plan
from chalicelib.domain.verdicts import Verdict

NOW = "2026-11-22T12:00:00.000Z"
LATER = "2026-11-22T12:00:01.000Z"
BROKEN = Verdict("fail", "health check failed")


def direct() -> Plan:
    return compile_plan(Strategy.DIRECT)


def test_direct_warms_checks_gives_everything_and_judges() -> None:
    steps = direct().steps

    assert [step.kind for step in steps] == [StepKind.WARM, StepKind.SMOKE, StepKind.SHIFT, StepKind.OBSERVE]
    assert (steps[2].share_bps, steps[3].seconds) == (FULL_BPS, 0)
    assert [step.index for step in steps] == [0, 1, 2, 3]


def test_a_plan_comes_to_its_end() -> None:
    plan = direct()
    progress = [plan.progress_percentage]

    while plan.current is not None:
        plan = plan.begin(plan.current.index, NOW).complete(plan.current.index, LATER)
        progress.append(plan.progress_percentage)

    assert progress == [0, 25, 50, 75, 100]


def test_beginning_and_completing_a_step_again_changes_nothing() -> None:
    begun = direct().begin(0, NOW)

    assert begun.begin(0, LATER) == begun
    assert begun.complete(0, NOW).complete(0, LATER) == begun.complete(0, NOW)


def test_a_failed_step_keeps_its_verdict_and_skips_what_follows() -> None:
    plan = direct().begin(0, NOW).complete(0, NOW).begin(1, NOW).fail(LATER, BROKEN)

    assert [step.status for step in plan.steps] == [
        StepStatus.COMPLETED,
        StepStatus.FAILED,
        StepStatus.SKIPPED,
        StepStatus.SKIPPED,
    ]
    assert plan.steps[1].verdict == BROKEN
    assert plan.current is None


def test_failing_a_plan_that_has_ended_changes_nothing() -> None:
    plan = direct().begin(0, NOW).fail(LATER, BROKEN)

    assert plan.fail(LATER, Verdict("fail", "again")) == plan


def test_a_plan_without_steps_is_done() -> None:
    assert Plan(()).progress_percentage == 100


def of_kinds(*steps: tuple[StepKind, int | None]) -> Plan:
    return Plan(tuple(Step(index, kind, "", seconds=seconds) for index, (kind, seconds) in enumerate(steps)))


def test_a_move_is_watched_until_the_next_one() -> None:
    plan = of_kinds(
        (StepKind.SHIFT, 0), (StepKind.OBSERVE, 60), (StepKind.PAUSE, 30), (StepKind.SHIFT, 0), (StepKind.OBSERVE, 10)
    )

    assert plan.watched_seconds(plan.steps[0]) == 90
    assert plan.watched_seconds(plan.steps[3]) == 10


def test_a_test_between_two_moves_does_not_end_the_watch_over_the_first() -> None:
    plan = of_kinds((StepKind.SHIFT, 0), (StepKind.OBSERVE, 60), (StepKind.SMOKE, 0), (StepKind.PAUSE, 30))

    assert plan.watched_seconds(plan.steps[0]) == 90


def test_a_watch_that_people_end_has_no_end() -> None:
    plan = of_kinds((StepKind.SHIFT, 0), (StepKind.OBSERVE, 60), (StepKind.DECIDE, None), (StepKind.SHIFT, 0))

    assert plan.watched_seconds(plan.steps[0]) is None
    assert plan.watched_seconds(plan.steps[3]) == 0
