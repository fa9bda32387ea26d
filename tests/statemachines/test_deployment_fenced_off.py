"""A deployment that lost its lease touches nothing: what a newer one wrote stays as it is."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.domain.deployments import LEASE_SECONDS, Deployment, DeploymentStatus
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.deployed import BEGIN, begin_second, run_steps
from tests.steps.worlds import a_deployment, a_ready_version, stored_route

STATES = ["acquire_lease", "prepare_candidate", "take_step", "warm_candidate", "check_health", "shift_traffic"]


@pytest.mark.parametrize("function", [*STATES, "complete_deployment"])
def test_a_run_whose_lease_a_newer_deployment_took_ends_without_touching_the_route(
    function: str, world: FakeWorld, run: Machines
) -> None:
    old = begin_second(world)
    a_ready_version(world, "3.0.0")
    newer: list[Deployment] = []

    def take_over(_: Mapping[str, Any]) -> None:
        world.clock.advance(seconds=LEASE_SECONDS + 1)
        newer.append(a_deployment(world, "3.0.0"))
        run_steps(world, newer[0], *BEGIN)

    run.functions.before_next(function, take_over)
    execution = run.run("deployment", deployment_id=old.id)

    route = stored_route(world)
    assert (route.deployment_id, route.candidate, route.candidate_bps) == (newer[0].id, newer[0].target, 0)
    assert world.ports.deployments.get(old.id).status.is_final
    assert world.ports.deployments.get(newer[0].id).status is DeploymentStatus.IN_PROGRESS
    assert execution.states[-3:-1] == ["RollBack", "HowDidItEnd?"]


def test_a_run_that_is_fenced_off_while_it_is_not_closed_ends_superseded(world: FakeWorld, run: Machines) -> None:
    old = begin_second(world)

    def take_lease(_: Mapping[str, Any]) -> None:
        key = old.plugin_id, old.environment
        lease = world.tables.leases[key]
        world.tables.leases[key] = type(lease)(*key, "dep_newer", lease.fence + 1, "2099-01-01T00:00:00.000Z")

    run.functions.before_next("shift_traffic", take_lease)
    before = [*world.tables.leases]
    execution = run.run("deployment", deployment_id=old.id)

    ended = world.ports.deployments.get(old.id)
    assert (execution.status, execution.end) == ("SUCCEEDED", "Superseded")
    assert ended.status is DeploymentStatus.SUPERSEDED
    assert "does not hold the lease" in ended.status_reason
    assert [*world.tables.leases] == before
    assert world.tables.leases[old.plugin_id, old.environment].holder == "dep_newer"


def test_a_lease_that_ran_out_but_that_nobody_took_is_still_ours(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    run.functions.before_next("shift_traffic", lambda _: world.clock.advance(seconds=LEASE_SECONDS + 1))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
