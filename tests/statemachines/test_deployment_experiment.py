"""An A/B test: arms served side by side, watched, and decided by a person; without a winner stable stays."""

import pytest

from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.strategies import Strategy
from chalicelib.domain.verbs import Verb
from chalicelib.services.verbs import SayVerb, say_verb
from tests.fakes import FakeWorld
from tests.statemachines.machines import Happening, Machines
from tests.steps.deployed import begin_second, serves_only
from tests.steps.plans import DECIDE, SMOKE, WARM, a_plan, experiment, give_plan, observe, shift
from tests.steps.worlds import ANA, a_ready_version, answer_badly, stored_route, stored_version


def begin_experiment(world: FakeWorld, seconds: int = 60) -> Deployment:
    """Let 1.0.0 serve, and try 2.0.0 and 3.0.0 beside it."""
    deployment = begin_second(world)
    a_ready_version(world, "3.0.0")
    third = deployment.target._replace(version="3.0.0", alias="v3-0-0", sha256=stored_version(world, "3.0.0").sha256)
    third = third._replace(lambda_version=stored_version(world, "3.0.0").lambda_version or "")
    stable = stored_route(world).stable
    assert stable is not None
    arms = experiment(("A", stable, 50), ("B", deployment.target, 25), ("C", third, 25))
    plan = a_plan(WARM, SMOKE, arms, observe(seconds), DECIDE, shift(100), observe(0))
    return give_plan(world, deployment, plan, strategy=Strategy.AB_TESTING)


def decide_for(world: FakeWorld, deployment: Deployment, version: str) -> Happening:
    def decide(_: object) -> None:
        if world.ports.deployments.get(deployment.id).status is DeploymentStatus.IN_PROGRESS:
            command = SayVerb(ANA, Verb.PROMOTE, deployment.id, "the numbers say so", outcome_version=version)
            say_verb(command, world.ports)

    return decide


@pytest.mark.parametrize("winner", ["1.0.0", "2.0.0", "3.0.0"])
def test_whatever_a_person_decides_for_serves_everybody(winner: str, world: FakeWorld, run: Machines) -> None:
    deployment = begin_experiment(world)
    for _ in range(8):
        run.functions.before_next("evaluate_step", lambda _: None)
    run.functions.before_next("evaluate_step", decide_for(world, deployment, winner))

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert (execution.end, ended.outcome_version) == ("Completed", winner)
    assert serves_only(world, winner)


def test_every_arm_is_started_tested_and_watched(world: FakeWorld, run: Machines) -> None:
    deployment = begin_experiment(world)
    for _ in range(3):
        run.functions.before_next("evaluate_step", lambda _: None)
    run.functions.before_next(
        "evaluate_step", lambda _: answer_badly(world, "3.0.0", "PluginRaised", "not well", only="ping")
    )

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert execution.end == "RolledBack"
    assert {check.version for check in ended.health_checks[:2]} == {"2.0.0", "3.0.0"}
    assert [check.version for check in ended.health_checks[2:]] == ["3.0.0"] * 3
    assert serves_only(world, "1.0.0")


def test_arms_are_served_side_by_side_until_it_is_decided(world: FakeWorld, run: Machines) -> None:
    deployment = begin_experiment(world)
    seen = set()
    for _ in range(9):
        run.functions.before_next(
            "evaluate_step", lambda _: seen.add(tuple(arm.name for arm in stored_route(world).variants))
        )
    run.functions.before_next("evaluate_step", decide_for(world, deployment, "2.0.0"))

    run.run("deployment", deployment_id=deployment.id)

    assert seen == {("A", "B", "C")}


@pytest.mark.parametrize(
    "verb, status", [(Verb.ABORT, DeploymentStatus.ABORTED), (Verb.ROLLBACK, DeploymentStatus.ROLLED_BACK)]
)
def test_an_experiment_that_is_given_up_leaves_everybody_on_stable(
    verb: Verb, status: DeploymentStatus, world: FakeWorld, run: Machines
) -> None:
    deployment = begin_experiment(world)
    for _ in range(8):
        run.functions.before_next("evaluate_step", lambda _: None)

    def give_up(_: object) -> None:
        say_verb(SayVerb(ANA, verb, deployment.id, "no effect to be seen"), world.ports)

    run.functions.before_next("evaluate_step", give_up)

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert (execution.end, ended.status, ended.outcome_version) == (status, status, None)
    assert stored_route(world).variants == ()
    assert serves_only(world, "1.0.0")


def test_nothing_is_moved_any_more_once_it_is_decided_for_stable(world: FakeWorld, run: Machines) -> None:
    deployment = begin_experiment(world)
    for _ in range(8):
        run.functions.before_next("evaluate_step", lambda _: None)
    run.functions.before_next("evaluate_step", decide_for(world, deployment, "1.0.0"))

    run.run("deployment", deployment_id=deployment.id)

    moved = [one.after for one in world.ports.deployments.timeline(deployment.id) if one.action == "ShiftTraffic"]
    assert [after["candidateBps"] for after in moved if after] == [0, 0]
    assert world.ports.deployments.get(deployment.id).status is DeploymentStatus.COMPLETED
