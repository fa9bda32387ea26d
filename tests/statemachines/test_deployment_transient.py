"""What passes by itself is tried again; what does not pass goes back to the last known good."""

import pytest

from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.errors import StaleRevisionError, TransientError
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines, raises
from tests.steps.deployed import begin_second, serves_only

FUNCTIONS = [
    "validate_deployment",
    "acquire_lease",
    "prepare_candidate",
    "take_step",
    "warm_candidate",
    "check_health",
    "shift_traffic",
    "complete_deployment",
]
TRIES = 9


class TableThrottledError(TransientError):
    """Some adapter's own name for a passing trouble."""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_transient_error_is_tried_again_at_every_state(function: str, world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    run.functions.before_next(function, raises(TransientError("throttled")))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert serves_only(world, "2.0.0")


def test_a_transient_error_by_any_other_name_is_tried_again_too(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    world.functions.fail_next("mirror", TableThrottledError("slow down"))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert run.functions.called.count("prepare_candidate") == 2


def test_a_write_that_somebody_overtook_is_read_again_without_waiting(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    for _ in range(2):
        world.tables.fail_next(StaleRevisionError("somebody else wrote"))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert run.functions.called.count("acquire_lease") == 1


@pytest.mark.parametrize("function", ["prepare_candidate", "check_health", "shift_traffic", "complete_deployment"])
def test_a_trouble_that_does_not_pass_rolls_back(function: str, world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    for _ in range(TRIES):
        run.functions.before_next(function, raises(TransientError("throttled")))

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    expected = DeploymentStatus.FAILED if function == "prepare_candidate" else DeploymentStatus.ROLLED_BACK
    assert ended.status is expected
    assert ended.status_reason == "throttled"
    assert execution.end == expected
    assert serves_only(world, "1.0.0")


def test_a_rollback_that_meets_an_outage_goes_on_until_it_is_over(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    run.functions.before_next("complete_deployment", raises(RuntimeError("a bug")))
    for _ in range(2 * TRIES):
        run.functions.before_next("roll_back", raises(TransientError("the table does not answer")))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.states.count("RestBeforeRollBack") == 2
    assert execution.end == "RolledBack"
    assert serves_only(world, "1.0.0")
