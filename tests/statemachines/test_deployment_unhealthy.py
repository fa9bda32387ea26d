"""A candidate that is not well gets no traffic: the last known good goes on serving."""

from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.errors import PluginTimeoutError
from chalicelib.domain.plans import StepStatus
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.deployed import begin_second, serves_only
from tests.steps.worlds import DEVELOPMENT, PLUGIN, a_deployment, a_package, a_ready_version, answer_badly, stored_route


def test_a_failed_health_check_rolls_back_to_the_last_known_good(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    answer_badly(world, "2.0.0", "PluginRaised", "The plugin failed while it worked on the call.", only="ping")

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert serves_only(world, "1.0.0")
    assert ended.status is DeploymentStatus.ROLLED_BACK
    assert "PluginRaised: The plugin failed while it worked on the call." in ended.status_reason
    assert execution.states[-4:] == ["CheckHealth", "RollBack", "HowDidItEnd?", "RolledBack"]
    assert (execution.status, execution.error) == ("FAILED", "DeploymentRolledBack")
    assert execution.cause == ended.status_reason


def test_the_plan_shows_which_step_failed_and_that_the_rest_was_skipped(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    answer_badly(world, "2.0.0", "PluginRaised", "no", only="ping")

    run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    warm, smoke, shift, judge = ended.plan.steps
    (check,) = ended.health_checks
    assert (warm.status, smoke.status) == (StepStatus.COMPLETED, StepStatus.FAILED)
    assert (shift.status, judge.status) == (StepStatus.SKIPPED, StepStatus.SKIPPED)
    assert smoke.verdict is not None
    assert (smoke.verdict.outcome, smoke.verdict.reason) == ("fail", "PluginRaised: no")
    assert (check.operation, check.outcome, check.version) == ("ping", "fail", "2.0.0")


def test_a_candidate_that_does_not_start_never_reaches_its_health_check(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    world.functions.fail_next("call", PluginTimeoutError("It did not answer in 30 s."))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "RolledBack"
    assert "CheckHealth" not in execution.states
    assert serves_only(world, "1.0.0")
    assert "It did not answer in 30 s." in world.ports.deployments.get(deployment.id).status_reason


def test_a_first_version_that_is_not_well_leaves_the_environment_to_nobody(world: FakeWorld, run: Machines) -> None:
    a_ready_version(world)
    deployment = a_deployment(world)
    answer_badly(world, "1.0.0", "PluginRaised", "no", only="ping")

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "RolledBack"
    assert stored_route(world).targets == ()
    assert DEVELOPMENT.alias not in world.functions.functions[PLUGIN].aliases


def test_a_version_without_health_check_is_probed(world: FakeWorld, run: Machines) -> None:
    a_ready_version(world, package=a_package(healthCheck=None))
    deployment = a_deployment(world)

    run.run("deployment", deployment_id=deployment.id)

    (check,) = world.ports.deployments.get(deployment.id).health_checks
    assert (check.operation, check.outcome) == ("probe", "pass")


def test_the_next_deployment_can_begin_at_once_after_a_rollback(world: FakeWorld, run: Machines) -> None:
    failing = begin_second(world)
    world.functions.fail_next("call", PluginTimeoutError("no answer"))
    run.run("deployment", name="failing", deployment_id=failing.id)

    execution = run.run("deployment", name="next", deployment_id=a_deployment(world, "2.0.0").id)

    assert execution.end == "Completed"
    assert serves_only(world, "2.0.0")
