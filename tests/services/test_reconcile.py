"""What happens every minute, through the function that the schedule calls."""

from __future__ import annotations

from typing import Any

from chalicelib import bootstrap
from chalicelib.domain.deployments import DeploymentStatus, OnConflict
from chalicelib.events.reconcile import reconcile
from chalicelib.services.leases import released_lease
from chalicelib.services.records import record_of
from tests.fakes import FakeWorld
from tests.services.live_deployments import ANA, a_world, ask, at_step, complete
from tests.services.test_approvals import APPROVAL, Scene, scene

__all__ = ["scene"]

EVENT = {"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}, "region": "here"}


def a_minute_passes(world: FakeWorld) -> dict[str, Any]:
    world.clock.advance(seconds=60)
    with bootstrap.use(world.ports):
        done: dict[str, Any] = reconcile({**EVENT, "account": "1", "time": "", "id": "1", "resources": []}, None)
    return done


def test_an_approval_whose_time_has_run_out_ends_its_deployment_within_two_minutes(scene: Scene) -> None:
    scene.ask()
    scene.wait(hours=48)

    first, second = a_minute_passes(scene.world), a_minute_passes(scene.world)

    assert (first["expired"], second["ended"]) == ([APPROVAL], [APPROVAL])
    assert scene.deployment.status is DeploymentStatus.REJECTED


def test_one_that_waits_begins_although_whoever_ended_the_live_one_has_died() -> None:
    world = a_world("1.0.0", "2.0.0", "3.0.0")
    complete(world, "1.0.0")
    live = at_step(world, "2.0.0", 3)
    waiting = ask(world, "3.0.0", OnConflict.QUEUE)
    assert a_minute_passes(world)["begun"] == []

    stored = world.tables.deployments[live.id]
    ended = stored.end(DeploymentStatus.ABORTED, "enough", "2026-11-22T15:00:00.000Z")
    record = record_of(ANA, "EndDeployment", f"deployments/{live.id}", world.ports)
    world.ports.deployments.commit(ended, record, lease=released_lease(ended, world.ports))

    assert a_minute_passes(world)["begun"] == [waiting.id]
    assert a_minute_passes(world)["begun"] == []
    assert not world.tables.deployments[waiting.id].is_queued
    assert waiting.execution_name in world.executions.started


def test_a_minute_in_which_nothing_is_due_writes_nothing(scene: Scene) -> None:
    scene.ask()
    before = list(scene.told)

    done = a_minute_passes(scene.world)

    assert all(not ids for ids in done.values())
    assert scene.told == before
