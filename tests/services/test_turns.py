"""One live deployment for a place: the others are refused, wait for their turn, or supersede it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deployments import (
    FIRST_LEASE_SECONDS,
    Deployment,
    DeploymentInProgressError,
    DeploymentStatus,
    OnConflict,
)
from chalicelib.domain.errors import TransientError
from chalicelib.domain.versions import VersionStatus
from chalicelib.services.rollbacks import RollBack, roll_back
from chalicelib.services.turns import start_next
from tests.fakes import FakeWorld
from tests.services.live_deployments import ANA, PLACE, PLUGIN, a_world, ask, at_step, complete, serving

QUEUE, SUPERSEDE = OnConflict.QUEUE, OnConflict.SUPERSEDE


@pytest.fixture
def world() -> FakeWorld:
    made = a_world("1.0.0", "2.0.0", "3.0.0", "4.0.0")
    complete(made, "1.0.0")
    return made


def end(world: FakeWorld, deployment: Deployment, **changes: Any) -> None:
    roll_back(RollBack(deployment.id, ANA, "enough")._replace(**changes), world.ports)


def status_of(world: FakeWorld, deployment: Deployment) -> DeploymentStatus:
    return world.tables.deployments[deployment.id].status


def test_a_second_one_is_refused_with_the_ways_that_it_has(world: FakeWorld) -> None:
    live = at_step(world, "2.0.0", 3)

    with pytest.raises(DeploymentInProgressError) as refused:
        ask(world, "3.0.0")

    assert live.id in refused.value.fix
    assert "queue or supersede" in refused.value.fix


def test_fifty_racing_requests_make_one_live_deployment(world: FakeWorld) -> None:
    def race(_: int) -> Deployment | None:
        try:
            return ask(world, "2.0.0")
        except DeploymentInProgressError:
            return None

    with ThreadPoolExecutor(50) as pool:
        begun = [one for one in pool.map(race, range(50)) if one]

    assert len(begun) == 1
    assert [one.id for one in world.ports.deployments.live()] == [begun[0].id]


def test_one_that_waits_begins_when_the_live_one_has_ended(world: FakeWorld) -> None:
    live = at_step(world, "2.0.0", 3)
    waiting = ask(world, "3.0.0", QUEUE)
    assert waiting.is_queued
    assert waiting.execution_name not in world.executions.started

    end(world, live)
    begun = start_next(PLUGIN, PLACE, world.ports)

    assert begun is not None
    assert begun.id == waiting.id
    assert begun.fence > live.fence
    assert waiting.execution_name in world.executions.started


def test_they_have_their_turns_in_the_order_in_which_they_asked(world: FakeWorld) -> None:
    live = at_step(world, "2.0.0", 3)
    first, second = ask(world, "3.0.0", QUEUE), ask(world, "4.0.0", QUEUE)

    end(world, live)
    begun = start_next(PLUGIN, PLACE, world.ports)
    assert start_next(PLUGIN, PLACE, world.ports) is None

    assert begun is not None
    assert begun.id == first.id
    assert world.tables.deployments[second.id].is_queued


def test_r14_a_head_that_can_not_begin_holds_up_no_other(world: FakeWorld) -> None:
    live = at_step(world, "2.0.0", 3)
    head, second = ask(world, "3.0.0", QUEUE), ask(world, "4.0.0", QUEUE)
    yanked = replace(world.tables.versions[PLUGIN, "3.0.0"], status=VersionStatus.REJECTED)
    world.tables.versions[PLUGIN, "3.0.0"] = yanked

    end(world, live)
    begun = start_next(PLUGIN, PLACE, world.ports)

    assert begun is not None
    assert begun.id == second.id
    assert status_of(world, head) == "Failed"


def test_r14_ending_one_that_waits_touches_nothing_else(world: FakeWorld) -> None:
    live = at_step(world, "2.0.0", 3)
    waiting = ask(world, "3.0.0", QUEUE)
    before = serving(world), world.tables.leases[PLUGIN, PLACE]

    end(world, waiting, ends_as=DeploymentStatus.ABORTED)

    assert (serving(world), world.tables.leases[PLUGIN, PLACE]) == before
    assert status_of(world, waiting) == "Aborted"
    assert status_of(world, live) == "InProgress"


def test_r15_nothing_that_waits_undoes_a_manual_rollback(world: FakeWorld) -> None:
    live = at_step(world, "2.0.0", 3)
    waiting = ask(world, "3.0.0", QUEUE)

    end(world, live, is_manual=True)
    world.clock.advance(seconds=3_600)

    assert start_next(PLUGIN, PLACE, world.ports) is None
    assert world.tables.deployments[waiting.id].is_queued
    assert serving(world) == ("1.0.0", None, 0)


def test_a_person_who_starts_a_new_one_ends_the_hold(world: FakeWorld) -> None:
    end(world, at_step(world, "2.0.0", 3), is_manual=True)

    begun = ask(world, "3.0.0")

    assert world.tables.leases[PLUGIN, PLACE].holder == begun.id
    assert world.tables.leases[PLUGIN, PLACE].held_by == ""


def test_r01_a_superseded_run_has_ended_before_the_next_begins(world: FakeWorld) -> None:
    live = at_step(world, "2.0.0", 3)
    waiting = ask(world, "3.0.0", QUEUE)

    newest = ask(world, "4.0.0", SUPERSEDE)

    assert status_of(world, live) == status_of(world, waiting) == "Superseded"
    assert serving(world) == ("1.0.0", None, 0)
    assert world.tables.leases[PLUGIN, PLACE].holder == newest.id
    ends = [record.resource for record in world.tables.records if record.action == "EndDeployment"]
    assert f"deployments/{live.id}" in ends
    assert newest.plan.steps[0].verdict is None


def test_one_whose_lease_ran_out_is_rolled_back_before_the_next_begins(world: FakeWorld) -> None:
    dead = at_step(world, "2.0.0", 3, share_bps=5_000)
    world.clock.advance(seconds=FIRST_LEASE_SECONDS + 900)

    begun = ask(world, "3.0.0")

    assert status_of(world, dead) == "RolledBack"
    assert "lease ran out" in world.tables.deployments[dead.id].status_reason
    assert serving(world) == ("1.0.0", None, 0)
    assert world.tables.leases[PLUGIN, PLACE].holder == begun.id


def test_a_lease_of_nobody_that_ran_out_blocks_nobody(world: FakeWorld) -> None:
    lease = world.tables.leases[PLUGIN, PLACE]
    world.tables.leases[PLUGIN, PLACE] = replace(lease, holder="dep_never_stored")
    world.clock.advance(seconds=10_000)

    assert ask(world, "2.0.0").status == "Pending"


def test_one_that_waits_begins_although_nobody_is_left_to_start_it(world: FakeWorld) -> None:
    live = at_step(world, "2.0.0", 3)
    end(world, live)
    world.executions.is_down = True

    with pytest.raises(TransientError):
        ask(world, "3.0.0")
    world.executions.is_down = False

    assert ask(world, "4.0.0").status == "Pending"
