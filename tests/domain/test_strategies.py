"""Every strategy compiles to a plan that ends, only ever reaches more tenants, and is judged after every shift."""

from __future__ import annotations

from itertools import pairwise
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.config_reading import Reading
from chalicelib.domain.custom_steps import compile_steps, read_steps
from chalicelib.domain.errors import UnprocessableError, ValidationError
from chalicelib.domain.experiment_configs import ExperimentConfig
from chalicelib.domain.installations import Installation
from chalicelib.domain.plans import Plan, Step, StepKind
from chalicelib.domain.policies import ApprovalRule
from chalicelib.domain.populations import Member, Population, salt_of
from chalicelib.domain.resolution import resolve
from chalicelib.domain.routes import FULL_BPS, Route, SplitBy, Target
from chalicelib.domain.strategies import Conditions, Strategy, StrategyConfig, compile_plan
from chalicelib.domain.strategy_configs import BlueGreenConfig, CanaryConfig, RollingConfig, Switchover
from chalicelib.domain.tenants import Tenant

RINGS = ("internal", "beta", "general")
V1 = Target("1.0.0", "v1-0-0", "1", "aa")
V2 = Target("2.0.0", "v2-0-0", "2", "bb")
V3 = Target("3.0.0", "v3-0-0", "3", "cc")
COMPARED = Conditions(stable=V1, targets={"1.0.0": V1, "2.0.0": V2, "3.0.0": V3})
A_AND_B = {"variantA": "1.0.0", "variantB": "2.0.0", "trafficSplit": {"A": 50, "B": 50}}

members = st.lists(st.tuples(st.integers(0, FULL_BPS - 1), st.sampled_from(RINGS), st.booleans()), max_size=40).map(
    lambda drawn: tuple(
        Member(bucket, f"t{place:03}", ring, is_pinned) for place, (bucket, ring, is_pinned) in enumerate(drawn)
    )
)
populations = members.map(lambda found: Population(found, RINGS))
canaries = st.one_of(
    st.builds(CanaryConfig, st.integers(1, FULL_BPS), st.integers(250, FULL_BPS)),
    st.lists(st.integers(1, FULL_BPS - 1), unique=True, max_size=20).map(
        lambda stages: CanaryConfig(stages_bps=(*sorted(stages), FULL_BPS))
    ),
)
rollings = st.one_of(
    st.builds(RollingConfig, st.integers(1, 5), st.none(), st.just("ring"), parallel_batches=st.integers(1, 3)),
    st.builds(RollingConfig, st.integers(1, 9), st.none(), st.just("tenant"), parallel_batches=st.integers(1, 3)),
    st.builds(RollingConfig, st.just(1), st.integers(300, FULL_BPS), st.just("tenant")),
)


def canary(population: Population | None = None, **conditions: Any) -> Plan:
    return compile_plan(Strategy.CANARY, CanaryConfig(), population, Conditions(**conditions))


def of_kind(plan: Plan, kind: StepKind) -> list[Step]:
    return [step for step in plan.steps if step.kind is kind]


def shares(plan: Plan) -> list[int | None]:
    return [step.share_bps for step in of_kind(plan, StepKind.SHIFT)]


def reached(plan: Plan) -> list[int]:
    return [step.reach.tenants for step in of_kind(plan, StepKind.SHIFT) if step.reach]


def tenants(count: int, *, ring: str = "general") -> Population:
    found = ((f"t{number}", ring, False) for number in range(count))
    return Population.of(found, plugin_id="echo", salt=salt_of("echo", "Production"), rings=RINGS)


def read(kind: type[Any], document: dict[str, Any]) -> Any:
    reading = Reading(document, "/config")
    config = kind.read(reading)
    reading.refuse_unknown()
    reading.require_sound("config")
    return config


@given(st.sampled_from(list(Strategy)), canaries, rollings, populations, st.integers(0, 3))
def test_predecessor_never_checked_its_last_wave_a_verdict_follows_every_shift_the_last_too(
    strategy: Strategy, stages: CanaryConfig, batches: RollingConfig, population: Population, needed: int
) -> None:
    if strategy is Strategy.DIRECT:
        return
    config: dict[Strategy, StrategyConfig] = {
        Strategy.CANARY: stages,
        Strategy.ROLLING: batches,
        Strategy.BLUE_GREEN: BlueGreenConfig(switchover=Switchover.GRADUAL),
        Strategy.AB_TESTING: read(ExperimentConfig, A_AND_B),
    }

    plan = compile_plan(strategy, config[strategy], population, COMPARED._replace(approvals=ApprovalRule(needed)))

    kinds = [step.kind for step in plan.steps]
    assert all(after is StepKind.OBSERVE for kind, after in pairwise(kinds) if kind is StepKind.SHIFT)
    assert kinds[-1] is not StepKind.SHIFT
    assert [step.index for step in plan.steps] == list(range(len(plan.steps)))
    asked = [StepKind.APPROVE] if needed else []
    assert kinds[: len(asked) + 2] == [*asked, StepKind.WARM, StepKind.SMOKE]


@given(canaries, populations, st.none() | st.integers(1, 20))
def test_predecessor_looped_for_ever_at_100_a_canary_ends_and_never_takes_a_tenant_back(
    config: CanaryConfig, population: Population, max_tenants: int | None
) -> None:
    plan = compile_plan(Strategy.CANARY, config, population, Conditions(max_tenants=max_tenants))

    given_shares = [share for share in shares(plan) if share is not None]
    assert all(before <= after for before, after in pairwise(given_shares))
    assert given_shares.count(FULL_BPS) == 1
    assert given_shares[-1] == FULL_BPS
    assert reached(plan)[-1] == len(population.movable)
    if max_tenants is not None:
        assert all(count <= max_tenants for count in reached(plan)[:-1])


@given(canaries, populations)
def test_predecessor_gave_ten_percent_of_few_to_nobody_the_first_step_reaches_a_tenant_if_there_is_one(
    config: CanaryConfig, population: Population
) -> None:
    plan = compile_plan(Strategy.CANARY, config, population)

    first, asked = of_kind(plan, StepKind.SHIFT)[0], config.shares_bps[0]
    assert first.reach is not None
    assert (first.reach.tenants >= 1) == bool(population.movable)
    assert first.share_bps is not None
    if population.below(asked):
        assert first.share_bps == asked
    elif population.movable:
        assert population.below(first.share_bps - 1) == 0


@given(rollings, populations)
def test_the_batches_of_a_rolling_deployment_part_the_tenants(config: RollingConfig, population: Population) -> None:
    plan = compile_plan(Strategy.ROLLING, config, population)

    seen: set[str] = set()
    for step in of_kind(plan, StepKind.SHIFT):
        now = {member.id for member in population.reached(step.share_bps or 0, step.rings)}
        assert seen <= now
        assert now > seen or not population.movable
        seen = now
    assert seen == {member.id for member in population.movable}
    assert shares(plan)[-1] == FULL_BPS


@given(populations, st.integers(1, 9))
def test_a_batch_of_tenants_has_no_more_than_asked_for_unless_they_share_a_bucket(
    population: Population, size: int
) -> None:
    plan = compile_plan(Strategy.ROLLING, read(RollingConfig, {"batchSize": size}), population)

    before = 0
    for step, count in zip(of_kind(plan, StepKind.SHIFT), reached(plan), strict=True):
        moved = population.movable[before:count]
        assert len(moved) <= size or len({member.bucket for member in moved}) == 1
        before = count
        assert step.reach is not None


def test_the_plan_of_the_contract_for_a_canary() -> None:
    plan = canary(tenants(500))

    assert shares(plan) == [1_000, 3_000, 5_000, 7_000, 9_000, 10_000]
    assert [step.seconds for step in of_kind(plan, StepKind.OBSERVE)] == [600] * 6


def test_stages_override_increments_and_end_at_100() -> None:
    plan = compile_plan(Strategy.CANARY, read(CanaryConfig, {"stages": [0.25, 12.5, 50]}))

    assert shares(plan) == [25, 1_250, 5_000, FULL_BPS]


def test_a_canary_may_bake_after_everybody_has_it() -> None:
    plan = compile_plan(Strategy.CANARY, read(CanaryConfig, {"stages": [100], "bake": "PT1H"}))

    assert [step.kind for step in plan.steps[-3:]] == [StepKind.SHIFT, StepKind.OBSERVE, StepKind.OBSERVE]
    assert plan.steps[-1].seconds == 3_600


def test_a_pinned_tenant_moves_with_no_step() -> None:
    population = Population((Member(1, "pinned", "general", is_pinned=True), Member(9_000, "free", "general")), RINGS)

    plan = canary(population)

    assert reached(plan)[0] == reached(plan)[-1] == 1
    assert all("pinned" not in step.reach.sample for step in plan.steps if step.reach)
    assert shares(plan)[0] == 9_001
    assert "raised to 90.01 %" in of_kind(plan, StepKind.SHIFT)[0].detail


def test_a_cap_holds_the_share_down_and_makes_no_step_that_moves_nobody() -> None:
    plan = canary(tenants(200), max_tenants=30)

    assert reached(plan)[-2:] == [30, 200]
    assert "by maxTenants 30" in of_kind(plan, StepKind.SHIFT)[-2].detail


def test_a_canary_of_requests_meets_any_tenant_and_takes_its_share_as_it_is() -> None:
    config = read(CanaryConfig, {"splitBy": "request"})

    plan = compile_plan(Strategy.CANARY, config, tenants(3))

    assert shares(plan)[0] == 1_000
    assert reached(plan) == [3] * 6
    assert config.split_by is SplitBy.REQUEST


def test_green_is_watched_at_0_and_blue_keeps_serving_until_the_switch() -> None:
    plan = compile_plan(Strategy.BLUE_GREEN, BlueGreenConfig(), tenants(10))

    assert [(step.kind, step.share_bps, step.seconds) for step in plan.steps] == [
        (StepKind.WARM, None, 0),
        (StepKind.SMOKE, None, 0),
        (StepKind.OBSERVE, None, 120),
        (StepKind.SHIFT, FULL_BPS, 0),
        (StepKind.OBSERVE, None, 300),
    ]


def test_a_gradual_switch_goes_in_quarters() -> None:
    plan = compile_plan(Strategy.BLUE_GREEN, read(BlueGreenConfig, {"switchoverType": "Gradual"}), tenants(400))

    assert shares(plan) == [2_500, 5_000, 7_500, FULL_BPS]


def test_rings_go_in_their_order_and_an_empty_one_is_no_step() -> None:
    found = [("a", "internal", False), ("b", "general", False), ("c", "general", False), ("d", "gone", False)]
    population = Population.of(found, plugin_id="echo", salt="s", rings=RINGS)

    plan = compile_plan(Strategy.ROLLING, RollingConfig(), population)

    moves = of_kind(plan, StepKind.SHIFT)
    assert [(step.rings, step.share_bps) for step in moves] == [(("internal",), 0), (RINGS, FULL_BPS)]
    assert reached(plan) == [1, 4]


def test_parallel_batches_move_together() -> None:
    config = read(RollingConfig, {"batchSize": "25%", "maxParallelBatches": 2})

    assert reached(compile_plan(Strategy.ROLLING, config, tenants(8))) == [4, 8]


def test_a_batch_is_never_judged_sooner_than_its_health_check_may_take() -> None:
    config = read(RollingConfig, {"batchSize": 1, "waitBetweenBatches": "PT1S", "healthCheckTimeout": "PT40S"})

    plan = compile_plan(Strategy.ROLLING, config, tenants(2))

    assert [step.seconds for step in of_kind(plan, StepKind.OBSERVE)] == [40, 40]


def test_more_batches_than_anybody_reads_are_refused_with_a_fix() -> None:
    with pytest.raises(UnprocessableError) as refused:
        compile_plan(Strategy.ROLLING, read(RollingConfig, {"batchSize": 1}), tenants(1_000))

    assert refused.value.errors[0].field == "/rollingConfig/batchSize"
    assert "%" in refused.value.fix


def test_a_ring_over_the_cap_is_refused_and_not_cut_in_two() -> None:
    found = [*((f"i{number}", "internal", False) for number in range(5)), ("b", "general", False)]
    population = Population.of(found, plugin_id="echo", salt="s", rings=RINGS)

    with pytest.raises(UnprocessableError) as refused:
        compile_plan(Strategy.ROLLING, RollingConfig(), population, Conditions(max_tenants=4))

    assert refused.value.errors[0].field == "/maxTenants"


def test_both_spellings_of_an_experiment_mean_the_same() -> None:
    variants = [
        {"name": "A", "version": "1.0.0", "percentage": 50},
        {"name": "B", "version": "2.0.0", "percentage": 50},
    ]

    assert read(ExperimentConfig, A_AND_B) == read(ExperimentConfig, {"variants": variants})


def test_r28_an_experiment_ends_with_a_decision_and_nobody_ships_by_default() -> None:
    plan = compile_plan(Strategy.AB_TESTING, read(ExperimentConfig, A_AND_B), tenants(100), COMPARED)

    kinds = [step.kind for step in plan.steps]
    decide = kinds.index(StepKind.DECIDE)
    assert kinds[decide - 2 : decide] == [StepKind.SHIFT, StepKind.OBSERVE]
    assert plan.steps[decide].seconds is None
    assert all(step.share_bps is None for step in plan.steps[:decide])
    assert "a person decides; inconclusive: stable stays" in plan.steps[decide].detail


def test_r27_an_experiment_splits_tenants_and_never_the_weights_of_an_alias() -> None:
    plan = compile_plan(Strategy.AB_TESTING, read(ExperimentConfig, A_AND_B), tenants(100), COMPARED)

    shift = of_kind(plan, StepKind.SHIFT)[0]
    assert [(arm.name, arm.target, arm.share_bps) for arm in shift.variants] == [("A", V1, 5_000), ("B", V2, 5_000)]
    with pytest.raises(ValidationError):
        read(ExperimentConfig, {**A_AND_B, "splitBy": "request"})


def test_whom_the_variants_leave_is_the_control() -> None:
    variants = [
        {"name": "blue", "version": "2.0.0", "percentage": 20},
        {"name": "red", "version": "3.0.0", "percentage": 20},
    ]

    plan = compile_plan(Strategy.AB_TESTING, read(ExperimentConfig, {"variants": variants}), tenants(100), COMPARED)

    shift = of_kind(plan, StepKind.SHIFT)[0]
    assert [arm.name for arm in shift.variants] == ["blue", "red", "stable"]
    assert sum(arm.share_bps for arm in shift.variants) == FULL_BPS


@pytest.mark.parametrize(
    "variants, conditions",
    [
        ([("2.0.0", 50), ("3.0.0", 50)], COMPARED),
        ([("1.0.0", 50), ("2.0.0", 50)], COMPARED._replace(stable=None)),
        ([("1.0.0", 50), ("2.0.0", 50)], COMPARED._replace(max_tenants=1)),
    ],
)
def test_an_experiment_without_a_control_or_over_the_cap_is_refused(
    variants: list[tuple[str, int]], conditions: Conditions
) -> None:
    arms = [
        {"name": f"v{place}", "version": version, "percentage": share}
        for place, (version, share) in enumerate(variants)
    ]

    with pytest.raises(UnprocessableError) as refused:
        compile_plan(Strategy.AB_TESTING, read(ExperimentConfig, {"variants": arms}), tenants(100), conditions)

    assert refused.value.errors[0].fix


@given(populations.filter(lambda population: bool(population.movable)), canaries)
def test_r20_a_plan_reaches_exactly_whom_the_route_will_serve(population: Population, config: CanaryConfig) -> None:
    salt = salt_of("echo", "Production")
    tenants_of_it = [(member.id, member.ring, member.is_pinned) for member in population.members]
    placed = Population.of(tenants_of_it, plugin_id="echo", salt=salt, rings=RINGS)
    route = Route("echo", "Production", salt, stable=V1).offer(V2, deployment_id="dep_1", fence=1)

    for step in of_kind(compile_plan(Strategy.CANARY, config, placed), StepKind.SHIFT):
        shifted = route.shift(step.share_bps or 0, fence=1, rings=step.rings)
        served = {member.id for member in placed.movable if _target(shifted, member) == V2}
        assert served == {member.id for member in placed.reached(step.share_bps or 0, step.rings)}


def test_ten_thousand_tenants_are_planned_in_well_under_a_second() -> None:
    found = [(f"tenant-{number}", RINGS[number % 3], number % 50 == 0) for number in range(10_000)]
    begun = perf_counter()

    population = Population.of(found, plugin_id="echo", salt="s", rings=RINGS)
    for strategy, config in ((Strategy.CANARY, CanaryConfig()), (Strategy.ROLLING, RollingConfig())):
        assert reached(compile_plan(strategy, config, population))[-1] == 9_800

    assert perf_counter() - begun < 0.5


def test_the_salt_of_a_first_route_is_the_same_whenever_it_is_asked_for_and_another_elsewhere() -> None:
    assert salt_of("echo", "QA") == salt_of("echo", "QA")
    assert len({salt_of(plugin, place) for plugin in ("echo", "tax") for place in ("QA", "Production")}) == 4


def test_custom_steps_get_what_may_never_be_missing() -> None:
    wished = read_steps(
        [
            {"kind": "shift", "percentage": 5, "rings": ["internal"]},
            {"kind": "pause"},
            {"kind": "shift", "percentage": 100},
        ],
        rings=RINGS,
    )

    plan = compile_steps(wished, tenants(50), Conditions(ApprovalRule(1)))

    assert [step.kind for step in plan.steps] == [
        StepKind.APPROVE,
        StepKind.WARM,
        StepKind.SMOKE,
        StepKind.SHIFT,
        StepKind.OBSERVE,
        StepKind.PAUSE,
        StepKind.SHIFT,
        StepKind.OBSERVE,
    ]
    assert plan.steps[5].seconds is None


def test_an_approval_in_between_comes_in_addition() -> None:
    steps = [{"kind": "shift", "percentage": 50}, {"kind": "approve"}, {"kind": "shift", "percentage": 100}]

    plan = compile_steps(read_steps(steps, rings=RINGS), tenants(2), Conditions(ApprovalRule(2)))

    assert [step.index for step in of_kind(plan, StepKind.APPROVE)] == [0, 5]


def test_an_approval_that_nobody_could_give_is_refused() -> None:
    steps = [{"kind": "approve"}, {"kind": "shift", "percentage": 100}]

    with pytest.raises(UnprocessableError) as refused:
        compile_steps(read_steps(steps, rings=RINGS), tenants(2), Conditions())

    assert refused.value.errors[0].field == "/steps/0/kind"


@pytest.mark.parametrize(
    "steps, field",
    [
        ([], "/steps"),
        (["shift"], "/steps/0"),
        ([{"kind": "leap"}], "/steps/0/kind"),
        ([{"kind": "decide"}], "/steps/0/kind"),
        ([{"kind": "shift"}], "/steps/0/percentage"),
        ([{"kind": "shift", "percentage": 10.001}], "/steps/0/percentage"),
        ([{"kind": "shift", "percentage": 10, "rings": ["nobody"]}], "/steps/0/rings/0"),
        ([{"kind": "shift", "percentage": 10}], "/steps"),
        ([{"kind": "shift", "percentage": 50}, {"kind": "shift", "percentage": 20}], "/steps/1"),
        ([{"kind": "shift", "percentage": 100}, {"kind": "warm"}], "/steps/1/kind"),
        ([{"kind": "observe"}, {"kind": "shift", "percentage": 100}], "/steps/0/duration"),
        ([{"kind": "shift", "percentage": 100, "percent": 1}], "/steps/0/percent"),
        ([{"kind": "pause", "duration": "P1Y"}, {"kind": "shift", "percentage": 100}], "/steps/0/duration"),
    ],
)
def test_steps_in_no_order_are_refused_where_they_are_wrong(steps: list[Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_steps(steps, rings=RINGS)

    assert field in {error.field for error in refused.value.errors}
    assert all(error.fix for error in refused.value.errors)


def _target(route: Route, member: Member) -> Target | None:
    tenant = Tenant(member.id, member.id, "", "", ring=member.ring)
    return resolve(route, tenant, Installation(member.id, route.plugin_id, "", ""), now="").target
