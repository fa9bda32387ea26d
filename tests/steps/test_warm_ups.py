"""Warm-ups: as many containers as requests will need, and what the answers of several of them mean."""

from collections.abc import Mapping
from dataclasses import replace
from threading import Barrier, Lock
from typing import Any

import pytest

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.errors import PluginFailedError, TransientError
from chalicelib.domain.health import NOBODY
from chalicelib.domain.sides import Counted
from chalicelib.domain.tallies import SLOT_SECONDS, Call
from chalicelib.domain.tenants import Tenant
from chalicelib.domain.warm_ups import FEWEST_CONTAINERS
from chalicelib.services.warm_ups import warm_up
from tests.fakes import FakeWorld
from tests.steps.deployed import begin_second
from tests.steps.worlds import PLUGIN, a_world, stored_route

PATIENCE_SECONDS = 30


@pytest.fixture
def world() -> FakeWorld:
    return a_world()


@pytest.fixture
def deployment(world: FakeWorld) -> Deployment:
    return begin_second(world)


def probed(deployment: Deployment) -> dict[str, Any]:
    target = deployment.target
    return {"ok": True, "probe": {"name": PLUGIN, "version": target.version, "sha256": target.sha256}}


def respond(world: FakeWorld, deployment: Deployment, *answers: Mapping[str, Any] | Exception) -> None:
    """Let the candidate answer the first caller with the first, the next with the next."""
    left, lock = list(answers), Lock()

    def answer(_: Mapping[str, Any]) -> dict[str, Any]:
        with lock:
            given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return dict(given)

    world.functions.respond(PLUGIN, deployment.target.alias, answer)


def ask(world: FakeWorld, *, each_second: int, milliseconds: float) -> None:
    """Let stable have been asked so often for five minutes."""
    route = stored_route(world)
    assert route.stable is not None
    tenant = Tenant("acme", "", "", "")
    for _ in range(SLOT_SECONDS * each_second):
        world.calls.count(Call(route, tenant, route.stable, is_split=True, has_failed=False, duration_ms=milliseconds))
    world.clock.advance(seconds=60)
    world.calls.count(Call(route, tenant, route.stable, is_split=True, has_failed=False, duration_ms=milliseconds))


class Away:
    """Measurements that can't be read."""

    def traffic(self, plugin_id: str, environment: str, *, since_slot: int) -> tuple[Counted, ...]:
        raise TransientError(f"no counts of {plugin_id}")


def test_containers_are_started_at_the_same_moment_or_one_would_answer_for_all(
    world: FakeWorld, deployment: Deployment
) -> None:
    together = Barrier(FEWEST_CONTAINERS)

    def answer(_: Mapping[str, Any]) -> dict[str, Any]:
        together.wait(PATIENCE_SECONDS)
        return probed(deployment)

    world.functions.respond(PLUGIN, deployment.target.alias, answer)

    assert warm_up(deployment, world.ports).outcome == "pass"


def test_a_busy_plugin_gets_as_many_as_were_under_way_at_once(world: FakeWorld, deployment: Deployment) -> None:
    ask(world, each_second=10, milliseconds=200.0)
    before = len(world.functions.calls)

    warm_up(deployment, world.ports)

    assert len(world.functions.calls) - before == 7


def test_a_warm_up_waits_for_no_measurement(world: FakeWorld, deployment: Deployment) -> None:
    away: Any = Away()
    before = len(world.functions.calls)

    assert warm_up(deployment, replace(world.ports, measurements=away)).outcome == "pass"
    assert len(world.functions.calls) - before == FEWEST_CONTAINERS


@pytest.mark.parametrize("is_first", [True, False])
def test_one_container_that_does_not_start_is_one_too_many(
    world: FakeWorld, deployment: Deployment, *, is_first: bool
) -> None:
    good, bad = probed(deployment), PluginFailedError("echo stopped before it answered.")
    respond(world, deployment, *((bad, good) if is_first else (good, bad)))

    verdict = warm_up(deployment, world.ports)

    assert (verdict.outcome, verdict.reason) == ("fail", "echo stopped before it answered.")


def test_no_room_for_one_more_says_nothing_about_the_version(world: FakeWorld, deployment: Deployment) -> None:
    full = TransientError("too many at once")

    respond(world, deployment, full, probed(deployment))
    assert warm_up(deployment, world.ports).outcome == "pass"

    respond(world, deployment, full, full)
    with pytest.raises(TransientError):
        warm_up(deployment, world.ports)


def test_a_version_that_isolates_tenants_starts_one_container_for_nobody(
    world: FakeWorld, deployment: Deployment
) -> None:
    before = len(world.functions.calls)
    isolated = replace(deployment, target=deployment.target._replace(is_isolated=True))

    warm_up(isolated, world.ports)

    assert [call.isolated_for for call in world.functions.calls[before:]] == [NOBODY]
