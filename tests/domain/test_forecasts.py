"""A dry run says how long, from when, and for how much: with people, windows and freezes in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.approvals import OnExpiry
from chalicelib.domain.custom_steps import compile_steps, read_steps
from chalicelib.domain.experiment_configs import ExperimentConfig, VariantWish
from chalicelib.domain.forecasts import cost_of, forecast
from chalicelib.domain.ids import Environment
from chalicelib.domain.list_prices import STATE_TRANSITION_USD
from chalicelib.domain.plans import Plan, StepKind
from chalicelib.domain.policies import ApprovalRule, EnvironmentPolicy
from chalicelib.domain.populations import Population
from chalicelib.domain.routes import Target
from chalicelib.domain.strategies import Conditions, Strategy, compile_plan
from chalicelib.domain.strategy_configs import CanaryConfig
from chalicelib.domain.windows import Freeze, Window

#: A Sunday.
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
OPEN = EnvironmentPolicy(Environment.PRODUCTION, ApprovalRule(0))
HOUR = 3_600


def a_canary(policy: EnvironmentPolicy = OPEN) -> Plan:
    config = CanaryConfig(stages_bps=(1_000, 10_000), evaluation_seconds=600)
    return compile_plan(Strategy.CANARY, config, conditions=Conditions(policy.approvals))


def shifts_of(plan: Plan) -> list[int]:
    return [step.index for step in plan.steps if step.kind is StepKind.SHIFT]


def test_an_open_plan_takes_its_waits_and_little_more() -> None:
    seen = forecast(a_canary(), OPEN, NOW)

    assert 1_200 <= seen.at_least_seconds <= 1_205
    assert seen.at_most_seconds is not None
    assert seen.at_least_seconds < seen.at_most_seconds <= seen.at_least_seconds + 60
    assert (seen.open_ends, seen.obstacles) == ((), ())


def test_people_may_take_all_the_time_that_the_policy_gives_them() -> None:
    policy = replace(OPEN, approvals=ApprovalRule(2))

    seen = forecast(a_canary(policy), policy, NOW)

    assert seen.at_least_seconds < 1_210
    assert seen.at_most_seconds is not None
    assert 48 * HOUR + 1_200 <= seen.at_most_seconds <= 48 * HOUR + 1_300


def test_an_approval_that_is_escalated_has_two_terms_and_one_that_is_held_no_end() -> None:
    escalated = replace(OPEN, approvals=ApprovalRule(1, on_expiry=OnExpiry.ESCALATE))
    held = replace(OPEN, approvals=ApprovalRule(1, on_expiry=OnExpiry.HOLD))

    twice, never = forecast(a_canary(escalated), escalated, NOW), forecast(a_canary(held), held, NOW)

    assert twice.at_most_seconds is not None
    assert twice.at_most_seconds > 96 * HOUR
    assert never.at_most_seconds is None
    assert "step 1" in never.open_ends[0]


def test_a_shift_waits_for_its_window_in_both_counts_and_says_so() -> None:
    policy = replace(OPEN, windows=(Window((0,), "09:00", "16:00"),))

    plan = a_canary(policy)
    seen = forecast(plan, policy, NOW)

    monday = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    first, second = shifts_of(plan)
    assert seen.begins[first] == monday
    then = seen.begins[second]
    assert then is not None
    assert then >= monday + timedelta(minutes=10)
    assert [(each.step_index, each.until) for each in seen.obstacles] == [(first, monday)]
    assert seen.at_least_seconds > 18 * HOUR


def test_a_shift_does_not_begin_if_its_observation_would_reach_into_a_freeze() -> None:
    policy = replace(OPEN, freezes=(Freeze("2026-11-22T15:05:00Z", "2026-11-22T18:00:00Z", "sale"),))

    plan = a_canary()
    seen = forecast(plan, policy, NOW)

    assert seen.begins[shifts_of(plan)[0]] == datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    assert "sale" in seen.obstacles[0].reason


def test_a_line_that_is_stopped_lets_nobody_say_when() -> None:
    policy = replace(OPEN, stop_the_line="incident 7")

    plan = a_canary()
    seen = forecast(plan, policy, NOW)

    assert seen.at_most_seconds is None
    assert seen.begins[shifts_of(plan)[0] :] == (None,) * (len(plan.steps) - shifts_of(plan)[0])
    assert "incident 7" in seen.open_ends[0]


def test_a_start_that_is_asked_for_counts_from_now() -> None:
    seen = forecast(a_canary(), OPEN, NOW, start_at=NOW + timedelta(hours=2))

    assert seen.begins[0] == NOW + timedelta(hours=2)
    assert seen.at_least_seconds > 2 * HOUR


def test_a_pause_for_a_person_has_no_limit_and_costs_no_looks() -> None:
    steps = [{"kind": "shift", "percentage": 50}, {"kind": "pause"}, {"kind": "shift", "percentage": 100}]
    plan = compile_steps(read_steps(steps, rings=("general",)), Population(), Conditions())

    seen = forecast(plan, OPEN, NOW)

    assert seen.at_most_seconds is None
    assert seen.open_ends == ("step 5 pauses until a person goes on",)


@pytest.mark.parametrize("promotes_itself, told", [(False, "person's decision"), (True, "surely better")])
def test_an_experiment_waits_for_what_decides_it(*, promotes_itself: bool, told: str) -> None:
    v1, v2 = Target("1.0.0", "v1", "1", "a"), Target("2.0.0", "v2", "2", "b")
    config = ExperimentConfig((VariantWish("A", "1.0.0", 5_000), VariantWish("B", "2.0.0", 5_000)))
    heeded = Conditions(stable=v1, targets={"1.0.0": v1, "2.0.0": v2})

    seen = forecast(
        compile_plan(Strategy.AB_TESTING, config, conditions=heeded), OPEN, NOW, promotes_itself=promotes_itself
    )

    assert seen.at_least_seconds >= 24 * HOUR
    assert told in seen.open_ends[0]


def test_looking_twice_as_often_costs_about_twice_as_much() -> None:
    often, seldom = cost_of(a_canary(), 5), cost_of(a_canary(), 10)

    assert 1.6 < often.usd / seldom.usd < 2.0
    assert often.transitions > seldom.transitions > 2 * 60 * 3
    assert seldom.usd > seldom.transitions * STATE_TRANSITION_USD


def test_the_price_of_a_plan_without_waits_is_that_of_its_states() -> None:
    cost = cost_of(compile_plan(Strategy.DIRECT), 10)

    assert cost.transitions == 9 + 4 * 3
    assert 0.0005 < cost.usd < 0.001
