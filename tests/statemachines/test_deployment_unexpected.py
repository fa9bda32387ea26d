"""Whatever breaks, wherever: the last known good serves, the books are closed, and nobody sees our internals."""

from dataclasses import replace
from typing import cast

import pytest

from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.plans import Plan, StepKind
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines, raises
from tests.steps.deployed import begin_second, serves_only
from tests.steps.worlds import DEVELOPMENT, PLUGIN, TRACE

BEFORE_THE_ROUTE = ["validate_deployment", "acquire_lease", "take_step", "prepare_candidate"]
AFTER = ["warm_candidate", "check_health", "shift_traffic", "complete_deployment"]


@pytest.mark.parametrize("function", [*BEFORE_THE_ROUTE, *AFTER])
def test_a_bug_in_any_state_leaves_the_last_known_good_serving(function: str, world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    run.functions.before_next(function, raises(RuntimeError("a bug")))

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    lease = world.ports.deployments.lease(PLUGIN, DEVELOPMENT)
    expected = DeploymentStatus.FAILED if function in BEFORE_THE_ROUTE else DeploymentStatus.ROLLED_BACK
    assert (execution.status, execution.end) == ("FAILED", expected)
    assert ended.status is expected
    assert lease is not None
    assert lease.holder == ""
    assert serves_only(world, "1.0.0")


def test_an_answer_that_got_lost_after_the_route_moved_takes_the_traffic_back(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    run.functions.after_next("shift_traffic", raises(RuntimeError("the answer got lost")))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "RolledBack"
    assert serves_only(world, "1.0.0")


def test_a_bug_inside_a_step_tells_its_users_only_where_operators_look(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    world.functions.fail_next("mirror", KeyError("table hotswap-routing in account 123456789012"))

    run.run("deployment", deployment_id=deployment.id)

    reason = world.ports.deployments.get(deployment.id).status_reason
    assert TRACE in reason
    assert "PrepareCandidate failed unexpectedly" in reason
    assert "KeyError" not in reason
    assert "123456789012" not in reason


def test_a_step_of_a_kind_that_no_state_runs_goes_back_and_never_on(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    first, *rest = deployment.plan.steps
    strange = replace(deployment, plan=Plan((replace(first, kind=cast("StepKind", "teleport")), *rest)))
    world.tables.deployments[deployment.id] = strange

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "RolledBack"
    assert execution.states[-4:-2] == ["WhichStep?", "RollBack"]
    assert serves_only(world, "1.0.0")
