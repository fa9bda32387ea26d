"""A roll-back is one write of the last known good, whoever notices first and wherever it is interrupted."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.authorization import SYSTEM
from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.errors import StaleRevisionError, TransientError
from chalicelib.domain.plans import StepStatus
from chalicelib.domain.routes import SplitBy
from chalicelib.domain.verdicts import Outcome, Verdict
from chalicelib.services.records import record_of
from chalicelib.services.rollbacks import RollBack, roll_back
from tests.fakes import FakeWorld
from tests.services.live_deployments import (
    PLACE,
    PLUGIN,
    a_world,
    ask,
    at_step,
    complete,
    serving,
    stored_route,
)

BREACH = Verdict(Outcome.FAIL, "50 of 60 requests failed", rule="obvious")


@pytest.fixture
def world() -> FakeWorld:
    made = a_world()
    complete(made, "1.0.0")
    return made


def order(deployment: Deployment, **changes: Any) -> RollBack:
    return RollBack(deployment.id, SYSTEM, "it failed")._replace(**changes)


def test_r03_a_rollback_restores_the_whole_snapshot_never_a_share_that_the_candidate_had(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3, share_bps=7_000)
    route = stored_route(world)
    world.tables.routes[PLUGIN, PLACE] = route._replace(candidate_rings=("beta",), split_by=SplitBy.REQUEST)

    ended = roll_back(order(deployment), world.ports)

    assert ended.status == "RolledBack"
    assert serving(world) == ("1.0.0", None, 0)
    restored = stored_route(world)
    assert (restored.candidate_rings, restored.variants, restored.split_by) == ((), (), SplitBy.TENANT)
    assert world.functions.weights(PLUGIN, PLACE) == {"1": 10_000}


def test_the_first_write_takes_the_traffic_even_if_lambda_is_away(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    world.functions.fail_next("mirror", TransientError("Lambda is throttled."))

    with pytest.raises(TransientError):
        roll_back(order(deployment, verdict=BREACH), world.ports)

    assert serving(world) == ("1.0.0", None, 0)
    rolling = world.ports.deployments.get(deployment.id)
    assert (rolling.status, rolling.ends_as) == ("RollingBack", "RolledBack")
    assert rolling.plan.steps[3].verdict == BREACH


def test_whoever_comes_later_closes_it_as_the_first_one_meant_it(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    world.functions.fail_next("mirror", TransientError("Lambda is throttled."))
    aborted = order(deployment, ends_as=DeploymentStatus.ABORTED, reason="abort by ana: wrong version")
    with pytest.raises(TransientError):
        roll_back(aborted, world.ports)

    ended = roll_back(order(deployment, reason="it was asked to roll back"), world.ports)

    assert (ended.status, ended.status_reason) == ("Aborted", "abort by ana: wrong version")
    assert world.tables.leases[PLUGIN, PLACE].holder == ""
    assert world.tables.actions.count("RollBack") == 1


def test_a_manual_rollback_holds_even_if_we_die_before_its_books_are_closed(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    world.functions.fail_next("mirror", TransientError("Lambda is throttled."))
    with pytest.raises(TransientError):
        roll_back(order(deployment, is_manual=True), world.ports)

    roll_back(order(deployment), world.ports)

    assert world.tables.leases[PLUGIN, PLACE].held_by == deployment.id


def test_an_automatic_rollback_holds_nobody(world: FakeWorld) -> None:
    roll_back(order(at_step(world, "2.0.0", 3)), world.ports)

    assert world.tables.leases[PLUGIN, PLACE].held_by == ""


@pytest.mark.parametrize(
    "ends_as, ends",
    [
        (DeploymentStatus.ROLLED_BACK, DeploymentStatus.FAILED),
        (DeploymentStatus.ABORTED, DeploymentStatus.ABORTED),
        (DeploymentStatus.SUPERSEDED, DeploymentStatus.SUPERSEDED),
    ],
)
def test_r02_one_that_never_touched_the_route_ends_without_a_touch(
    world: FakeWorld, ends_as: DeploymentStatus, ends: DeploymentStatus
) -> None:
    deployment = ask(world, "2.0.0")
    before = stored_route(world)

    ended = roll_back(order(deployment, ends_as=ends_as), world.ports)

    assert ended.status is ends
    assert stored_route(world) == before


def test_r13_one_that_lost_its_lease_touches_nothing_of_the_newer_one(world: FakeWorld) -> None:
    old = at_step(world, "2.0.0", 3)
    world.clock.advance(seconds=10_000)
    lease = world.tables.leases[PLUGIN, PLACE]
    world.tables.leases[PLUGIN, PLACE] = replace(lease, holder="dep_newer", fence=lease.fence + 1)
    before = stored_route(world)

    ended = roll_back(order(old), world.ports)

    assert ended.status == "Superseded"
    assert stored_route(world) == before
    assert world.tables.leases[PLUGIN, PLACE].holder == "dep_newer"


def test_one_that_has_ended_stays_as_it_is(world: FakeWorld) -> None:
    first = roll_back(order(at_step(world, "2.0.0", 3)), world.ports)
    told = len(world.tables.records)

    assert roll_back(order(first, reason="again"), world.ports) == first
    assert len(world.tables.records) == told


def test_a_write_in_between_is_read_again(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    world.tables.fail_next(StaleRevisionError("The machine wrote in between."))

    assert roll_back(order(deployment), world.ports).status == "RolledBack"


def test_a_step_that_failed_before_tells_its_own_reason(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3).fail_step(BREACH, "2026-11-22T15:00:09.000Z")
    record = record_of(SYSTEM, "FailStep", f"deployments/{deployment.id}", world.ports)
    world.ports.deployments.commit(deployment, record)

    ended = roll_back(order(deployment, reason="States.TaskFailed"), world.ports)

    assert ended.status_reason == "observe failed: 50 of 60 requests failed"
    assert [step.status for step in ended.plan.steps[3:]] == [StepStatus.FAILED, StepStatus.SKIPPED, StepStatus.SKIPPED]
