"""A deployment that somebody else ended is found ended at the next state, and nothing more happens."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deployments import Deployment, DeploymentStatus
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.deployed import begin_second, serves_only
from tests.steps.worlds import NOW, stored_route


def end_from_outside(world: FakeWorld, deployment: Deployment, status: DeploymentStatus) -> None:
    """Do what an abort through the API does: route and end in one write."""
    stored = world.tables.deployments[deployment.id]
    route = world.tables.routes[deployment.plugin_id, deployment.environment]
    ended = replace(stored.end(status, "somebody said so", NOW), revision=stored.revision + 1)
    world.tables.deployments[deployment.id] = ended
    if route.deployment_id == deployment.id:
        world.tables.routes[route.plugin_id, route.environment] = route.settle_on(route.stable, fence=route.fence)


@pytest.mark.parametrize("function", ["validate_deployment", "acquire_lease", "take_step", "check_health"])
def test_a_late_step_of_an_ended_deployment_changes_nothing(function: str, world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    run.functions.before_next(function, lambda _: end_from_outside(world, deployment, DeploymentStatus.ABORTED))

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert (execution.status, execution.end) == ("SUCCEEDED", "Aborted")
    assert (ended.status, ended.status_reason) == (DeploymentStatus.ABORTED, "somebody said so")
    assert stored_route(world).candidate is None
    assert serves_only(world, "1.0.0")


def test_a_deployment_that_was_rolled_back_from_outside_ends_as_such(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)

    def roll_back(_: Mapping[str, Any]) -> None:
        end_from_outside(world, deployment, DeploymentStatus.ROLLED_BACK)

    run.functions.before_next("shift_traffic", roll_back)
    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "RolledBack"
    assert execution.cause == "somebody said so"


def test_a_deployment_that_completed_before_the_answer_got_lost_is_completed(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)

    def lose_the_answer(_: Mapping[str, Any]) -> None:
        raise RuntimeError("the answer got lost")

    run.functions.after_next("complete_deployment", lose_the_answer)
    execution = run.run("deployment", deployment_id=deployment.id)

    assert (execution.status, execution.end) == ("SUCCEEDED", "Completed")
    assert serves_only(world, "2.0.0")
