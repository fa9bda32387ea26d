"""One after the other: superseded, queued and tried again, and never two at once or one with another's past."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.domain.deployments import Deployment, DeploymentStatus, OnConflict
from chalicelib.domain.plans import StepStatus
from chalicelib.domain.policies import ApprovalRule, EnvironmentPolicy
from chalicelib.domain.verbs import Verb
from chalicelib.domain.windows import Freeze
from chalicelib.services.deployments import CreateDeployment, create_deployment
from chalicelib.services.verbs import SayVerb, say_verb
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.deployed import serves_only
from tests.steps.plans import SMOKE, WARM, a_plan, begin_plan, observe, shares, shift
from tests.steps.worlds import (
    ANA,
    DEVELOPMENT,
    PLUGIN,
    a_ready_version,
    answer_badly,
    answer_truly,
    stored_route,
    stored_version,
)

LONG = a_plan(WARM, SMOKE, shift(10), observe(600), shift(100), observe(0))


def ask_for_third(world: FakeWorld, on_conflict: OnConflict) -> Deployment:
    a_ready_version(world, "3.0.0")
    command = CreateDeployment(ANA, PLUGIN, "3.0.0", DEVELOPMENT, on_conflict=on_conflict)
    return create_deployment(command, world.ports)


def test_r01_a_superseded_run_ends_before_the_next_one_begins_and_leaves_it_nothing(
    world: FakeWorld, run: Machines
) -> None:
    """R1: a new deployment in the midst of a canary neither sticks nor inherits (argo-rollouts#3331, flagger#30)."""
    old = begin_plan(world, LONG)
    newer: list[Deployment] = []
    routes = []

    def supersede(_: Mapping[str, Any]) -> None:
        newer.append(ask_for_third(world, OnConflict.SUPERSEDE))
        routes.append(stored_route(world))

    for _ in range(3):
        run.functions.before_next("evaluate_step", lambda _: None)
    run.functions.before_next("evaluate_step", supersede)
    first = run.run("deployment", name="old", deployment_id=old.id)
    second = run.run("deployment", name="newer", deployment_id=newer[0].id)

    assert (first.end, second.end) == ("Superseded", "Completed")
    assert (routes[0].candidate, routes[0].candidate_bps) == (None, 0)
    assert world.ports.deployments.get(old.id).status is DeploymentStatus.SUPERSEDED
    assert {check.version for check in world.ports.deployments.get(newer[0].id).health_checks} == {"3.0.0"}
    assert serves_only(world, "3.0.0")


def test_the_next_in_the_queue_is_started_when_a_deployment_ends_even_if_it_failed(
    world: FakeWorld, run: Machines
) -> None:
    old = begin_plan(world, LONG)
    queued: list[Deployment] = []
    run.functions.before_next("warm_candidate", lambda _: queued.append(ask_for_third(world, OnConflict.QUEUE)))
    run.functions.before_next(
        "check_health", lambda _: answer_badly(world, "2.0.0", "PluginRaised", "not well", only="ping")
    )

    first = run.run("deployment", name="old", deployment_id=old.id)

    started = world.ports.deployments.get(queued[0].id)
    assert first.end == "RolledBack"
    assert started.is_queued is False
    assert started.execution_name in world.executions.started
    assert run.run("deployment", name="next", deployment_id=started.id).end == "Completed"


def test_a_deployment_that_is_tried_again_runs_anew_under_another_name(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, LONG)
    answer_badly(world, "2.0.0", "PluginRaised", "not well", only="ping")
    first = run.run("deployment", name=deployment.execution_name, deployment_id=deployment.id)
    answer_truly(world, "2.0.0", stored_version(world, "2.0.0").sha256)

    again = say_verb(SayVerb(ANA, Verb.RETRY, deployment.id, "it was the network"), world.ports)
    second = run.run("deployment", name=again.execution_name, deployment_id=deployment.id, attempt=again.attempt)

    ended = world.ports.deployments.get(deployment.id)
    assert (first.end, second.end) == ("RolledBack", "Completed")
    assert [step.status for step in ended.plan.steps] == [StepStatus.COMPLETED] * 6
    assert [check.outcome for check in ended.health_checks] == ["pass"]


def test_an_execution_that_outlives_its_attempt_does_not_touch_the_next_one(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, LONG)
    again: list[Deployment] = []

    def end_and_try_again(_: Mapping[str, Any]) -> None:
        """Roll it back by hand while it is watched, and retry before the machine has noticed."""
        say_verb(SayVerb(ANA, Verb.ROLLBACK, deployment.id, "enough"), world.ports)
        again.append(say_verb(SayVerb(ANA, Verb.RETRY, deployment.id, "once more"), world.ports))

    run.functions.after_next("evaluate_step", end_and_try_again)

    first = run.run("deployment", name="late", deployment_id=deployment.id)

    assert first.end == "Failed"
    assert world.ports.deployments.get(deployment.id) == again[0]
    assert serves_only(world, "1.0.0")


def test_a_freeze_holds_the_next_shift_back_and_not_the_way_back(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, LONG)
    freeze = Freeze("2026-11-22T15:05:00.000Z", "2026-11-22T18:00:00.000Z", "the great sale")
    frozen = EnvironmentPolicy(DEVELOPMENT, ApprovalRule(0), freezes=(freeze,))
    world.tables.policies[DEVELOPMENT] = frozen
    holds = []

    def look_at_hold(_: Mapping[str, Any]) -> None:
        held = world.ports.deployments.get(deployment.id)
        holds.append((held.hold.reason if held.hold else "", stored_route(world).candidate_bps))

    run.functions.after_next("evaluate_step", look_at_hold)

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert holds == [("its observation would reach into the freeze from 2026-11-22T15:05:00.000Z: the great sale", 0)]
    begun = world.ports.deployments.get(deployment.id).plan.steps[2].started_at
    assert begun is not None
    assert begun >= freeze.ends


def test_a_line_that_is_stopped_lets_a_bad_candidate_go_back(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, LONG)

    def stop(_: Mapping[str, Any]) -> None:
        stopped = EnvironmentPolicy(DEVELOPMENT, ApprovalRule(0), stop_the_line="an incident")
        world.tables.policies[DEVELOPMENT] = stopped
        answer_badly(world, "2.0.0", "PluginRaised", "not well", only="ping")

    run.functions.before_next("evaluate_step", lambda _: None)
    run.functions.before_next("evaluate_step", stop)

    assert run.run("deployment", deployment_id=deployment.id).end == "RolledBack"
    assert shares(world, deployment) == [1_000]


def test_a_version_whose_tests_fail_at_zero_percent_serves_nobody(world: FakeWorld, run: Machines) -> None:
    tests = [
        {"name": "gives back what it got", "operation": "handle", "input": {"n": 1, "m": 2}, "expect": {"n": 1}},
        {"name": "counts", "operation": "handle", "input": {"n": 1}, "config": {"by": 2}, "expect": {"n": 3}},
    ]
    deployment = begin_plan(world, LONG)
    key = PLUGIN, "2.0.0"
    manifest = {**world.tables.versions[key].manifest, "sandboxTests": tests}
    world.tables.versions[key] = replace(world.tables.versions[key], manifest=manifest)

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert execution.end == "RolledBack"
    assert [(check.operation, check.outcome) for check in ended.health_checks] == [
        ("ping", "pass"),
        ("test: gives back what it got", "pass"),
        ("test: counts", "fail"),
    ]
    assert ended.status_reason == "smoke failed: its result is not as expected at /n"
    assert shares(world, deployment) == []
