"""A deployment runs once, however often it is started."""

from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.deployed import begin_second, serves_only


def test_a_deployment_that_is_started_twice_runs_once(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)

    first = run.run("deployment", name=deployment.execution_name, deployment_id=deployment.id)
    called = list(run.functions.called)
    second = run.run("deployment", name=deployment.execution_name, deployment_id=deployment.id)

    assert second == first
    assert run.functions.called == called


def test_a_second_execution_of_an_ended_deployment_touches_nothing(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    run.run("deployment", name="first", deployment_id=deployment.id)
    routes = dict(world.tables.routes)

    execution = run.run("deployment", name="second", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert execution.states == ["ValidateDeployment", "RollBack", "HowDidItEnd?", "Completed"]
    assert world.tables.routes == routes
    assert serves_only(world, "2.0.0")
