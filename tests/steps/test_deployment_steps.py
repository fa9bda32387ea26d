"""Steps of a deployment, one by one, beyond what the machine's scenarios show."""

from dataclasses import replace

import pytest

from chalicelib.domain.deployments import LEASE_SECONDS, DeploymentEndedError, DeploymentStatus
from chalicelib.domain.errors import NotFoundError, PluginTimeoutError, UnprocessableError
from chalicelib.domain.health import NOBODY, CandidateUnfitError, HealthCheckFailedError
from chalicelib.domain.plugins import PluginStatus
from chalicelib.domain.routes import Target
from chalicelib.domain.versions import VersionNotReadyError, VersionStatus
from chalicelib.steps.acquire_lease import acquire_lease
from chalicelib.steps.check_health import check_health
from chalicelib.steps.complete_deployment import PlanUnfinishedError, complete_deployment
from chalicelib.steps.evaluate_step import evaluate_step
from chalicelib.steps.prepare_candidate import prepare_candidate
from chalicelib.steps.roll_back import roll_back
from chalicelib.steps.shift_traffic import shift_traffic
from chalicelib.steps.take_step import take_step
from chalicelib.steps.validate_deployment import TargetChangedError, validate_deployment
from chalicelib.steps.warm_candidate import warm_candidate
from tests.fakes import FakeWorld
from tests.steps.deployed import BEGIN, SHIFT, SMOKE, WARM, begin_second, run_steps, serves_only
from tests.steps.worlds import (
    DEVELOPMENT,
    PLUGIN,
    TRACE,
    a_deployment,
    a_ready_version,
    a_world,
    answer_badly,
    answer_truly,
    run,
    stored_route,
    stored_version,
)


def change_version(world: FakeWorld, **changes: object) -> None:
    key = PLUGIN, "2.0.0"
    world.tables.versions[key] = replace(world.tables.versions[key], **changes)  # type: ignore[arg-type]


def test_a_version_that_was_deleted_after_the_request_is_not_deployed() -> None:
    world = a_world()
    deployment = begin_second(world)
    change_version(world, status=VersionStatus.DELETED)

    with pytest.raises(NotFoundError):
        run(validate_deployment, world.ports, deployment_id=deployment.id)


def test_a_version_that_is_not_ready_any_more_is_not_deployed() -> None:
    world = a_world()
    deployment = begin_second(world)
    change_version(world, status=VersionStatus.REJECTED)

    with pytest.raises(VersionNotReadyError):
        run(validate_deployment, world.ports, deployment_id=deployment.id)


@pytest.mark.parametrize("change", [{"sha256": "00" * 32}, {"lambda_version": "1"}, {"code_sha256": "other"}])
def test_a_build_that_is_not_the_one_that_was_asked_for_is_not_deployed(change: dict[str, str]) -> None:
    world = a_world()
    deployment = begin_second(world)
    change_version(world, **change)

    with pytest.raises(TargetChangedError):
        run(validate_deployment, world.ports, deployment_id=deployment.id)


def test_a_plugin_that_was_deleted_after_the_request_is_not_deployed() -> None:
    world = a_world()
    deployment = begin_second(world)
    world.tables.plugins[PLUGIN] = replace(world.tables.plugins[PLUGIN], status=PluginStatus.DELETED)

    with pytest.raises(NotFoundError):
        run(validate_deployment, world.ports, deployment_id=deployment.id)


def test_an_environment_that_asks_for_approvals_is_closed_even_behind_the_api() -> None:
    world = a_world()
    deployment = begin_second(world)
    world.tables.deployments[deployment.id] = replace(deployment, environment="QA")

    with pytest.raises(UnprocessableError, match="approval"):
        run(validate_deployment, world.ports, deployment_id=deployment.id)


def test_every_write_renews_the_lease() -> None:
    world = a_world()
    deployment = begin_second(world)
    run_steps(world, deployment, *BEGIN)
    world.clock.advance(seconds=LEASE_SECONDS - 1)

    run(take_step, world.ports, deployment_id=deployment.id)

    lease = world.ports.deployments.lease(PLUGIN, DEVELOPMENT)
    assert lease is not None
    assert lease.expires_at == "2026-11-22T15:29:59.000Z"


def test_the_snapshot_is_the_whole_route_as_it_was_before() -> None:
    world = a_world()
    deployment = begin_second(world)
    before = stored_route(world)

    answer = run_prepared(world, deployment.id)

    assert answer == {"previous_version": "1.0.0"}
    assert world.ports.deployments.get(deployment.id).last_known_good == before
    assert stored_route(world).candidate == deployment.target
    assert stored_route(world).candidate_bps == 0


def run_prepared(world: FakeWorld, deployment_id: str) -> dict[str, object]:
    run(acquire_lease, world.ports, deployment_id=deployment_id)
    return run(prepare_candidate, world.ports, deployment_id=deployment_id)


def test_what_an_abandoned_run_left_on_the_route_is_neither_kept_nor_gone_back_to() -> None:
    world = a_world()
    deployment = begin_second(world)
    left = Target("1.5.0", "v1-5-0", "99", "ee")
    key = PLUGIN, "Development"
    world.tables.routes[key] = world.tables.routes[key]._replace(candidate=left, candidate_bps=7_000)

    run_prepared(world, deployment.id)
    run(roll_back, world.ports, deployment_id=deployment.id)

    assert serves_only(world, "1.0.0")


def test_the_plan_is_taken_step_by_step_until_none_is_left() -> None:
    world = a_world()
    deployment = begin_second(world)
    run_steps(world, deployment, *BEGIN)
    taken = []

    for handler in (warm_candidate, check_health, shift_traffic, evaluate_step):
        taken.append(run(take_step, world.ports, deployment_id=deployment.id))
        run_steps(world, deployment, handler)
    taken.append(run(take_step, world.ports, deployment_id=deployment.id))

    assert taken == [
        {"kind": "warm", "index": 0, "round": 1},
        {"kind": "smoke", "index": 1, "round": 1},
        {"kind": "shift", "index": 2, "round": 1},
        {"kind": "evaluate", "index": 3, "round": 1},
        {"kind": "none", "index": -1, "round": 1},
    ]


def test_a_fail_verdict_is_final_even_if_the_candidate_recovers() -> None:
    world = a_world()
    deployment = begin_second(world)
    run_steps(world, deployment, *BEGIN, warm_candidate)
    answer_badly(world, "2.0.0", "PluginRaised", "no", only="ping")
    with pytest.raises(HealthCheckFailedError):
        run(check_health, world.ports, deployment_id=deployment.id, **SMOKE)
    answer_truly(world, "2.0.0", stored_version(world, "2.0.0").sha256)

    for handler in (check_health, take_step):
        with pytest.raises(HealthCheckFailedError, match="PluginRaised: no"):
            run(handler, world.ports, deployment_id=deployment.id, **SMOKE)

    assert len(world.ports.deployments.get(deployment.id).health_checks) == 1


def test_a_health_check_is_nobodys_call_and_sees_no_config_and_no_secret() -> None:
    world = a_world()
    deployment = begin_second(world)
    run_steps(world, deployment, *BEGIN, warm_candidate, check_health)

    call = world.functions.calls[-1]

    assert call.alias == "v2-0-0"
    assert call.payload == {
        "operation": "ping",
        "input": {"n": 1},
        "tenantId": NOBODY,
        "environment": "Development",
        "config": {},
        "secrets": {},
        "state": None,
        "executionId": f"{deployment.id}-1",
        "traceId": TRACE,
    }


def test_readiness_can_not_be_skipped_when_the_alias_names_another_build() -> None:
    world = a_world()
    deployment = begin_second(world)
    run_steps(world, deployment, *BEGIN)
    world.functions.functions[PLUGIN].aliases["v2-0-0"] = "1"

    with pytest.raises(CandidateUnfitError, match="does not name Lambda version 2"):
        run(warm_candidate, world.ports, deployment_id=deployment.id, **WARM)


def test_no_traffic_goes_to_a_candidate_that_the_route_does_not_offer() -> None:
    world = a_world()
    deployment = begin_second(world)
    run(acquire_lease, world.ports, deployment_id=deployment.id)

    with pytest.raises(CandidateUnfitError, match="does not offer"):
        run(shift_traffic, world.ports, deployment_id=deployment.id, **SHIFT)

    assert serves_only(world, "1.0.0")


def test_nothing_is_promoted_before_its_plan_is_finished() -> None:
    world = a_world()
    deployment = begin_second(world)
    run_steps(world, deployment, *BEGIN, warm_candidate)

    with pytest.raises(PlanUnfinishedError):
        run(complete_deployment, world.ports, deployment_id=deployment.id)

    stable = stored_route(world).stable
    assert stable is not None
    assert stable.version == "1.0.0"


def test_a_step_that_comes_back_to_life_during_a_rollback_moves_nothing() -> None:
    world = a_world()
    deployment = begin_second(world)
    run_steps(world, deployment, *BEGIN, warm_candidate, check_health)
    stored = world.tables.deployments[deployment.id]
    world.tables.deployments[deployment.id] = replace(stored, status=DeploymentStatus.ROLLING_BACK)

    with pytest.raises(DeploymentEndedError):
        run(shift_traffic, world.ports, deployment_id=deployment.id, **SHIFT)

    assert stored_route(world).candidate_bps == 0


def test_a_rollback_keeps_the_lease_until_the_alias_has_followed() -> None:
    world = a_world()
    deployment = begin_second(world)
    run_steps(world, deployment, *BEGIN, warm_candidate, check_health, shift_traffic)
    world.functions.fail_next("mirror", OSError("Lambda is away"))

    with pytest.raises(Exception, match="RollBack failed"):
        run(roll_back, world.ports, deployment_id=deployment.id)

    lease = world.ports.deployments.lease(PLUGIN, DEVELOPMENT)
    assert lease is not None
    assert lease.holder == deployment.id
    assert world.ports.deployments.get(deployment.id).status is DeploymentStatus.ROLLING_BACK
    assert run(roll_back, world.ports, deployment_id=deployment.id)["status"] == "RolledBack"
    assert serves_only(world, "1.0.0")


def test_a_rollback_without_an_error_says_that_it_was_asked_for() -> None:
    world = a_world()
    a_ready_version(world)
    deployment = a_deployment(world)

    answer = run(roll_back, world.ports, deployment_id=deployment.id)

    assert answer == {"status": "Failed", "status_reason": "it was asked to roll back"}


def test_a_candidate_that_does_not_answer_its_health_check_in_time_fails_it() -> None:
    world = a_world()
    deployment = begin_second(world)
    run_steps(world, deployment, *BEGIN, warm_candidate)
    world.functions.fail_next("call", PluginTimeoutError("It did not answer in 30 s."))

    with pytest.raises(HealthCheckFailedError, match="It did not answer in 30 s"):
        run(check_health, world.ports, deployment_id=deployment.id, **SMOKE)

    (check,) = world.ports.deployments.get(deployment.id).health_checks
    assert (check.outcome, check.message) == ("fail", "It did not answer in 30 s.")


def test_a_roll_back_of_a_deployment_that_was_never_stored_ends_and_does_not_try_for_ever() -> None:
    result = run(roll_back, a_world().ports, deployment_id="dep_00000000000000000000000000", attempt=1)

    assert result["status"] == "Failed"
    assert "no deployment" in result["status_reason"]
