"""Each strategy's way to Completed: who is served when, what is watched, and how little it costs beside its waits."""

import pytest

from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.plans import Plan, StepKind, StepStatus
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.deployed import serves_only
from tests.steps.plans import BLUE_GREEN, CANARY, ROLLING, begin_plan, shares
from tests.steps.worlds import stored_route


@pytest.mark.parametrize(
    "plan, expected, waited",
    [
        (CANARY, [1_000, 5_000, 10_000], 120),
        (BLUE_GREEN, [10_000], 90),
        (ROLLING, [0, 0, 10_000], 60),
    ],
    ids=["canary", "blue-green", "rolling"],
)
def test_a_strategy_goes_through_its_shares_and_its_waits_to_completed(
    plan: Plan, expected: list[int], waited: int, world: FakeWorld, run: Machines
) -> None:
    deployment = begin_plan(world, plan)

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert (execution.status, execution.end) == ("SUCCEEDED", "Completed")
    assert shares(world, deployment) == expected
    assert sum(run.waited) == waited
    assert serves_only(world, "2.0.0")
    assert (ended.status, ended.outcome_version, ended.hold) == (DeploymentStatus.COMPLETED, "2.0.0", None)


def test_a_verdict_follows_every_shift_the_last_one_too(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, CANARY)

    run.run("deployment", deployment_id=deployment.id)

    steps = world.ports.deployments.get(deployment.id).plan.steps
    judged = [step for step in steps if step.kind is StepKind.OBSERVE]
    assert [step.status for step in steps] == [StepStatus.COMPLETED] * len(steps)
    assert [(step.verdict.outcome, step.verdict.rule) for step in judged if step.verdict] == [
        ("pass", "consecutive health checks")
    ] * 3


def test_an_observation_of_no_length_starts_no_execution(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, CANARY)

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.states.count("Observe") == 2
    assert execution.states[-5:-2] == ["EvaluateStep", "TakeStep", "WhichStep?"]


def test_r22_what_watches_is_named_after_deployment_step_and_round(world: FakeWorld, run: Machines) -> None:
    """R22: what a run makes has a name that is the same at each try."""
    deployment = begin_plan(world, CANARY)

    run.run("deployment", name=deployment.execution_name, deployment_id=deployment.id)

    assert run.names("observe") == [f"{deployment.execution_name}-3-5", f"{deployment.execution_name}-5-7"]


def test_rings_are_served_one_after_the_other(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, ROLLING)
    seen: list[tuple[str, ...]] = []
    for _ in range(12):
        run.functions.before_next("evaluate_step", lambda _: seen.append(stored_route(world).candidate_rings))

    run.run("deployment", deployment_id=deployment.id)

    assert list(dict.fromkeys(seen)) == [("internal",), ("internal", "beta"), ()]


def test_green_is_watched_before_anybody_is_served_by_it(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, BLUE_GREEN)
    shared: list[int] = []
    for _ in range(4):
        run.functions.before_next("evaluate_step", lambda _: shared.append(stored_route(world).candidate_bps))

    run.run("deployment", deployment_id=deployment.id)

    assert shared == [0, 0, 0, 0]


def test_a_canary_of_six_steps_costs_few_transitions_beside_its_looks(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, CANARY)

    execution = run.run("deployment", deployment_id=deployment.id)

    looks = run.functions.called.count("evaluate_step")
    assert len(execution.states) == 33
    assert len(run.functions.called) - looks == 19
    assert looks == 2 * (60 // 10 + 1) + 1
