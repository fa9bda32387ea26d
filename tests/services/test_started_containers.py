"""Containers are kept started for versions that a route or a pin leads to, and released when nobody needs them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import bootstrap
from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.errors import TransientError
from chalicelib.domain.installations import Installation
from chalicelib.domain.pins import Pin
from chalicelib.domain.routes import Route, Variant
from chalicelib.domain.started_containers import KEPT_FOR, StartedContainers
from chalicelib.domain.times import rfc3339
from chalicelib.domain.versions import VersionStatus
from chalicelib.events.settle_versions import settle_versions
from chalicelib.services.started_containers import Settled, settle_containers
from tests.fakes import FakeWorld
from tests.services.live_deployments import PLUGIN, a_target, a_world, ask
from tests.services.test_mirrors import EVENT

OLD = StartedContainers(PLUGIN, "1.0.0", "v1-0-0", 2)
NAME = f"{PLUGIN}/1.0.0"
DONE_NOTHING = Settled((), (), ())


@pytest.fixture(name="world")
def world_with_started_containers() -> FakeWorld:
    """Make a world in which 1.0.0 has two containers, and 2.0.0, which has none, took its place."""
    world = a_world()
    world.ports.functions.mirror(routed(world, "1.0.0"))
    world.functions.functions[PLUGIN].started = {"v1-0-0": 2}
    world.ports.started_containers.save(OLD)
    routed(world, "2.0.0", previous="1.0.0")
    return world


def routed(world: FakeWorld, number: str, *, previous: str | None = None) -> Route:
    route = Route(PLUGIN, "Development", "salt", stable=a_target(world, number), epoch=1)
    if previous is not None:
        route = route._replace(previous=a_target(world, previous))
    world.tables.routes[PLUGIN, "Development"] = route
    return route


def started(world: FakeWorld) -> dict[str, int]:
    return world.functions.functions[PLUGIN].started


def pinned(world: FakeWorld, *, expires_at: str | None = None) -> None:
    pin = Pin("Development", a_target(world, "1.0.0"), "waits for us", "ana", rfc3339(world.clock.now()), expires_at)
    world.tables.installations["acme", PLUGIN] = Installation("acme", PLUGIN, "", "", pin=pin)


def passes(world: FakeWorld, time: timedelta = KEPT_FOR) -> None:
    world.clock.advance(seconds=time.total_seconds())


def test_containers_of_a_version_that_left_every_route_and_pin_are_released_after_the_time_for_going_back(
    world: FakeWorld,
) -> None:
    assert settle_containers(world.ports) == DONE_NOTHING
    passes(world, KEPT_FOR - timedelta(seconds=1))
    assert settle_containers(world.ports) == DONE_NOTHING
    assert started(world) == {"v1-0-0": 2}

    passes(world, timedelta(seconds=1))

    assert settle_containers(world.ports).released == (NAME,)
    assert started(world) == {}
    assert world.tables.actions[-1] == "ReleaseContainers"
    assert settle_containers(world.ports) == DONE_NOTHING


@pytest.mark.parametrize("by", ["stable", "candidate", "variant", "pin"])
def test_containers_are_started_again_for_a_version_that_somebody_may_be_sent_to(world: FakeWorld, by: str) -> None:
    for _ in range(2):
        settle_containers(world.ports)
        passes(world)
    assert started(world) == {}
    old, route = a_target(world, "1.0.0"), routed(world, "2.0.0")
    leading = {
        "stable": route._replace(stable=old),
        "candidate": route._replace(candidate=old),
        "variant": route._replace(variants=(Variant("a", old, 5_000),)),
        "pin": route,
    }
    world.tables.routes[PLUGIN, "Development"] = leading[by]
    if by == "pin":
        pinned(world)

    assert settle_containers(world.ports).started == (NAME,)

    assert started(world) == {"v1-0-0": 2}
    assert world.tables.actions[-1] == "StartContainers"
    passes(world)
    assert settle_containers(world.ports) == DONE_NOTHING, "as long as it is needed"


def test_the_time_for_going_back_begins_anew_each_time_that_a_version_is_left(world: FakeWorld) -> None:
    settle_containers(world.ports)
    passes(world, KEPT_FOR / 2)
    routed(world, "1.0.0")
    settle_containers(world.ports)
    routed(world, "2.0.0", previous="1.0.0")
    settle_containers(world.ports)
    passes(world, KEPT_FOR / 2)

    assert settle_containers(world.ports) == DONE_NOTHING


def test_a_pin_that_has_ended_keeps_nothing_started(world: FakeWorld) -> None:
    pinned(world, expires_at=rfc3339(world.clock.now() + timedelta(minutes=5)))
    settle_containers(world.ports)
    for _ in range(2):
        passes(world)
        settled = settle_containers(world.ports)

    assert settled.released == (NAME,)


@pytest.mark.parametrize("keeps, released", [(False, (NAME,)), (True, ())])
def test_blue_is_released_at_once_where_its_deployment_does_not_keep_it(
    world: FakeWorld, *, keeps: bool, released: tuple[str, ...]
) -> None:
    deployment: Deployment = ask(world, "2.0.0")
    world.tables.deployments[deployment.id] = replace(
        deployment, status=DeploymentStatus.COMPLETED, config={"keepPreviousEnvironment": keeps}
    )

    assert settle_containers(world.ports).released == released


@pytest.mark.parametrize("status", [VersionStatus.BLOCKED, VersionStatus.REJECTED, VersionStatus.DELETED])
def test_containers_of_a_version_that_never_serves_again_are_released_and_forgotten(
    world: FakeWorld, status: VersionStatus
) -> None:
    world.tables.versions[PLUGIN, "1.0.0"] = replace(world.tables.versions[PLUGIN, "1.0.0"], status=status)

    assert settle_containers(world.ports).released == (NAME,)
    assert (started(world), world.tables.started_containers) == ({}, {})


def test_one_version_that_fails_holds_up_no_other_and_is_tried_again(world: FakeWorld) -> None:
    other = replace(OLD, version="3.0.0", alias="v3-0-0")
    world.ports.started_containers.save(other)
    started(world)["v3-0-0"] = 2
    settle_containers(world.ports)
    passes(world)
    world.functions.fail_next("release_started", TransientError("throttled"))

    first = settle_containers(world.ports)
    second = settle_containers(world.ports)

    assert (first.released, [name for name, _ in first.failed]) == ((f"{PLUGIN}/3.0.0",), [NAME])
    assert second.released == (NAME,)


def test_the_minute_tells_what_it_settled(world: FakeWorld) -> None:
    settle_containers(world.ports)
    passes(world)

    with bootstrap.use(world.ports):
        answer = settle_versions(EVENT, None)

    assert answer == {"finished": [], "started": [], "released": [NAME], "failed": []}
