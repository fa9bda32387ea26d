"""Waits: what follows from one look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.deployments import Deployment, DeploymentStatus, Hold
from chalicelib.domain.health_criteria import HealthCriteria, criteria_of
from chalicelib.domain.plans import Plan, Step, StepKind, StepStatus
from chalicelib.domain.routes import Target
from chalicelib.domain.strategies import Strategy
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Action, Outcome, Verdict
from chalicelib.domain.waits import EAGER_SECONDS, PATIENT_SECONDS, SYSTEM_HOLDS, due_at, look, tick_seconds

BEGUN = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
PASS, FAIL = Verdict(Outcome.PASS, "well"), Verdict(Outcome.FAIL, "not well")
NO_DATA, ERROR = Verdict(Outcome.INCONCLUSIVE, "too few requests"), Verdict(Outcome.ERROR, "not measured")
CRITERIA = HealthCriteria()


def waiting(kind: StepKind = StepKind.OBSERVE, seconds: int | None = 60, **changes: object) -> Deployment:
    step = Step(0, kind, "wait", seconds=seconds, status=StepStatus.RUNNING, started_at=rfc3339(BEGUN))
    deployment = Deployment(
        id="dep_1",
        plugin_id="echo",
        environment="Development",
        target=Target("2.0.0", "v2-0-0", "2", "ab"),
        strategy=Strategy.CANARY,
        plan=Plan((step,)),
        initiated_by="ana",
        created_at=rfc3339(BEGUN),
        fence=1,
        status=DeploymentStatus.IN_PROGRESS,
    )
    return replace(deployment, **changes)  # type: ignore[arg-type]


def after(seconds: float) -> datetime:
    return BEGUN + timedelta(seconds=seconds)


def test_an_observation_goes_on_until_its_time_is_over() -> None:
    early, late = look(waiting(), PASS, CRITERIA, after(55)), look(waiting(), PASS, CRITERIA, after(60))

    assert (early.is_over, early.seconds, early.deployment) == (False, 5, waiting())
    assert (late.is_over, late.deployment.plan.steps[0].status) == (True, StepStatus.COMPLETED)
    assert late.deployment.plan.steps[0].verdict == PASS


def test_time_that_was_waited_does_not_count() -> None:
    deployment = waiting()
    held = replace(deployment, plan=deployment.plan.wait_longer(0, 30))

    assert due_at(held.plan.steps[0]) == rfc3339(after(90))
    assert look(held, PASS, CRITERIA, after(89)).seconds == 1
    assert look(held, PASS, CRITERIA, after(90)).is_over


@pytest.mark.parametrize("when", [1, 60])
def test_a_fail_rolls_back_at_once(when: float) -> None:
    seen = look(waiting(), FAIL, CRITERIA, after(when))

    assert (seen.rolls_back, seen.deployment.plan.steps[0].status) == (True, StepStatus.FAILED)


@pytest.mark.parametrize("verdict, setting", [(NO_DATA, "on_no_data"), (ERROR, "on_error")])
@pytest.mark.parametrize("action", Action)
def test_what_is_no_pass_and_no_fail_is_dealt_with_at_the_end_as_was_asked(
    verdict: Verdict, setting: str, action: Action
) -> None:
    criteria = HealthCriteria(**{setting: action})  # type: ignore[arg-type]

    early, late = look(waiting(), verdict, criteria, after(10)), look(waiting(), verdict, criteria, after(60))

    assert (early.is_over, early.deployment.hold) == (False, None)
    assert late.rolls_back is (action is Action.ROLLBACK)
    assert late.is_over is (action is not Action.HOLD)
    held = late.deployment.hold
    assert (held.reason if held else None) == (verdict.reason if action is Action.HOLD else None)


def test_what_was_held_for_want_of_data_goes_on_when_the_data_came() -> None:
    held = look(waiting(), NO_DATA, CRITERIA, after(60)).deployment

    seen = look(held, PASS, CRITERIA, after(70))

    assert held.hold is not None
    assert (seen.is_over, seen.deployment.hold) == (True, None)


def test_a_hold_is_written_once_and_not_at_every_look() -> None:
    held = look(waiting(), NO_DATA, CRITERIA, after(60)).deployment

    again = look(held, replace(NO_DATA, reason="still too few"), CRITERIA, after(70))

    assert again.deployment is held


@pytest.mark.parametrize("verdict", [PASS, NO_DATA, ERROR])
def test_a_look_that_a_person_cut_is_over_at_once_and_proves_nothing(verdict: Verdict) -> None:
    deployment = waiting()
    cut = replace(deployment, plan=Plan((replace(deployment.plan.steps[0], is_cut=True, waited_seconds=30),)))

    seen = look(cut, verdict, CRITERIA, after(1))

    given = seen.deployment.plan.steps[0].verdict
    assert (seen.is_over, seen.rolls_back, seen.deployment.hold) == (True, False, None)
    assert given is not None
    assert given.outcome == (Outcome.INCONCLUSIVE if verdict is PASS else verdict.outcome)
    assert given.reason == ("cut short: until then, well" if verdict is PASS else verdict.reason)
    assert due_at(cut.plan.steps[0]) is None


def test_a_fail_after_a_promotion_rolls_back_all_the_same() -> None:
    """R12: the last phase is protected, whoever brought it there (flagger#1588)."""
    deployment = waiting()
    cut = replace(deployment, plan=Plan((replace(deployment.plan.steps[0], is_cut=True),)))

    assert look(cut, FAIL, CRITERIA, after(1)).rolls_back


def test_what_a_cap_held_goes_on_when_it_is_kept_again() -> None:
    cap = Hold("12 tenants, and 10 were its cap", SYSTEM_HOLDS, rfc3339(after(10)))

    held = look(waiting(), PASS, CRITERIA, after(10), cap=cap).deployment
    seen = look(held, PASS, CRITERIA, after(20))

    assert held.hold == cap
    assert (seen.is_over, seen.deployment.hold) == (False, None)


@pytest.mark.parametrize("kind", [StepKind.PAUSE, StepKind.DECIDE])
def test_what_waits_for_a_person_waits_for_ever_and_says_so(kind: StepKind) -> None:
    seen = look(waiting(kind, None), PASS, CRITERIA, after(10**6))

    assert (seen.is_over, seen.seconds) == (False, PATIENT_SECONDS)
    assert seen.deployment.hold is not None
    assert seen.deployment.hold.by == SYSTEM_HOLDS


def test_a_paused_deployment_waits_and_a_fail_ends_it_all_the_same() -> None:
    paused = waiting(status=DeploymentStatus.PAUSED, hold=Hold("to see", "ana", rfc3339(BEGUN)))

    assert look(paused, PASS, CRITERIA, after(600)) == (paused, False, False, 10)
    assert look(paused, FAIL, CRITERIA, after(600)).rolls_back


def test_a_step_that_may_not_begin_waits_until_its_obstacle_is_gone() -> None:
    deployment = waiting(StepKind.SHIFT, 0)
    shift = replace(deployment, plan=Plan((replace(deployment.plan.steps[0], status=StepStatus.PENDING),)))
    obstacle = Hold("frozen", SYSTEM_HOLDS, rfc3339(BEGUN), until=rfc3339(after(4)))

    held = look(shift, None, CRITERIA, BEGUN, held=obstacle)
    free = look(held.deployment, None, CRITERIA, after(4))

    assert (held.is_over, held.seconds, held.deployment.hold) == (False, 4, obstacle)
    assert (free.is_over, free.deployment.hold) == (True, None)


def test_a_fail_stays_one_whatever_is_measured_later() -> None:
    criteria = HealthCriteria(on_fail=Action.HOLD)
    failed = look(waiting(), FAIL, criteria, after(10)).deployment

    seen = look(failed, PASS, criteria, after(60))

    assert (seen.is_over, seen.deployment.hold) == (False, failed.hold)
    assert failed.hold is not None
    assert failed.hold.reason == "not well"


def test_looks_get_fewer_after_three_days_and_never_none() -> None:
    eager = HealthCriteria(health_check_interval_seconds=1)
    slow = HealthCriteria(health_check_interval_seconds=60)

    ticks = [tick_seconds(waiting(), one, after(age)) for one in (eager, slow) for age in (1, EAGER_SECONDS)]

    assert ticks == [1, PATIENT_SECONDS, 60, 60]
    assert tick_seconds(waiting(), eager, BEGUN, at_most=0.2) == 1


def test_criteria_are_read_in_the_words_of_the_api() -> None:
    said = {
        "maxErrorRate": 0.02,
        "latencyRatio": 1.5,
        "healthCheckInterval": "PT1M",
        "onFail": "hold",
        "minRequests": 5,
    }

    assert criteria_of(said) == HealthCriteria(
        max_error_rate_bps=200,
        latency_ratio_bps=15_000,
        health_check_interval_seconds=60,
        on_fail=Action.HOLD,
        min_requests=5,
    )
    assert criteria_of({}) == HealthCriteria()


@pytest.mark.parametrize(
    "kind, seconds, status",
    [
        (StepKind.DECIDE, None, StepStatus.RUNNING),
        (StepKind.SHIFT, 0, StepStatus.RUNNING),
        (StepKind.OBSERVE, 60, StepStatus.COMPLETED),
    ],
)
def test_what_waits_for_no_clock_is_due_at_no_time(kind: StepKind, seconds: int | None, status: StepStatus) -> None:
    assert due_at(replace(waiting(kind, seconds).plan.steps[0], status=status)) is None
