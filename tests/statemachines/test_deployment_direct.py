"""Direct: the first version gets an environment, and the second one takes it over."""

from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.plans import StepStatus
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.worlds import DEVELOPMENT, PLUGIN, a_deployment, a_ready_version, stored_route

LOOP = ["TakeStep", "WhichStep?"]


def test_a_direct_deployment_goes_through_its_plan_to_completed(world: FakeWorld, run: Machines) -> None:
    a_ready_version(world)

    execution = run.run("deployment", deployment_id=a_deployment(world).id)

    assert (execution.status, execution.end) == ("SUCCEEDED", "Completed")
    assert execution.states == [
        *("ValidateDeployment", "AcquireLease", *LOOP, "PrepareCandidate"),
        *(*LOOP, "WarmCandidate", *LOOP, "CheckHealth", *LOOP, "ShiftTraffic"),
        *(*LOOP, "EvaluateStep", *LOOP, "CompleteDeployment", "Completed"),
    ]


def test_what_the_product_does_for_somebody_is_on_record_as_theirs(world: FakeWorld, run: Machines) -> None:
    a_ready_version(world)
    deployment = a_deployment(world)

    run.run("deployment", deployment_id=deployment.id)

    told = [record for record in world.tables.records if record.actor == "system"]
    assert len(told) > 3
    assert {record.on_behalf_of for record in told} == {deployment.initiated_by} != {""}


def test_the_first_version_serves_everybody(world: FakeWorld, run: Machines) -> None:
    version = a_ready_version(world)
    deployment = a_deployment(world)

    run.run("deployment", deployment_id=deployment.id)

    route = stored_route(world)
    ended = world.ports.deployments.get(deployment.id)
    assert route.stable == deployment.target
    assert (route.candidate, route.candidate_bps, route.deployment_id) == (None, 0, None)
    assert world.functions.weights(PLUGIN, DEVELOPMENT) == {version.lambda_version: 10_000}
    assert (ended.status, ended.previous_version, ended.plan.progress_percentage) == (
        DeploymentStatus.COMPLETED,
        None,
        100,
    )


def test_the_second_version_takes_over_and_remembers_the_first(world: FakeWorld, run: Machines) -> None:
    for number in ("1.0.0", "2.0.0"):
        version = a_ready_version(world, number)
        deployment = a_deployment(world, number)
        run.run("deployment", name=number, deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert ended.previous_version == "1.0.0"
    assert ended.last_known_good is not None
    assert ended.last_known_good.stable is not None
    assert ended.last_known_good.stable.version == "1.0.0"
    assert stored_route(world).stable == deployment.target
    assert world.functions.weights(PLUGIN, DEVELOPMENT) == {version.lambda_version: 10_000}


def test_every_step_is_completed_before_the_next_one_begins(world: FakeWorld, run: Machines) -> None:
    a_ready_version(world)
    seen = []
    deployment = a_deployment(world)
    for function in ("warm_candidate", "check_health", "shift_traffic", "evaluate_step", "complete_deployment"):
        run.functions.before_next(
            function,
            lambda _: seen.append([step.status for step in world.ports.deployments.get(deployment.id).plan.steps]),
        )

    run.run("deployment", deployment_id=deployment.id)

    done, now, later = StepStatus.COMPLETED, StepStatus.RUNNING, StepStatus.PENDING
    assert seen == [[*(done,) * at, now, *(later,) * (3 - at)] for at in range(4)] + [[done] * 4]


def test_no_tenant_reaches_the_candidate_before_its_health_check_passed(world: FakeWorld, run: Machines) -> None:
    a_ready_version(world)
    shares = []
    for function in ("warm_candidate", "check_health", "shift_traffic"):
        run.functions.before_next(function, lambda _: shares.append(stored_route(world).candidate_bps))

    run.run("deployment", deployment_id=a_deployment(world).id)

    assert shares == [0, 0, 0]
    assert world.ports.deployments.get(a_deployment(world).id).status is DeploymentStatus.PENDING


def test_the_lease_is_free_again_and_the_next_fence_is_greater(world: FakeWorld, run: Machines) -> None:
    a_ready_version(world)
    first = a_deployment(world)

    run.run("deployment", deployment_id=first.id)

    lease = world.ports.deployments.lease(PLUGIN, DEVELOPMENT)
    assert lease is not None
    assert (lease.holder, lease.fence) == ("", first.fence)
    assert a_deployment(world).fence == first.fence + 1
