"""After a shift looks come more often than health checks, and what fails at once is gone before the interval ends."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.plans import Plan, Reach, StepKind
from chalicelib.domain.tallies import Call
from chalicelib.domain.tenants import Tenant
from chalicelib.steps.evaluate_step import evaluate_step
from tests.fakes import FakeWorld
from tests.services.live_deployments import PLUGIN, a_world, at_step, complete, serving, stored_route
from tests.steps.worlds import a_manifest, run


@pytest.fixture
def world() -> FakeWorld:
    made = a_world()
    version = made.tables.versions[PLUGIN, "2.0.0"]
    made.tables.versions[PLUGIN, "2.0.0"] = replace(version, manifest=a_manifest("2.0.0"))
    complete(made, "1.0.0")
    return made


def watched(world: FakeWorld, tenants: int) -> str:
    """Begin to watch a canary that so many tenants may call."""
    deployment = at_step(world, "2.0.0", 3)
    reach = Reach(tenants, 30)
    steps = [replace(one, reach=reach) if one.kind is StepKind.SHIFT else one for one in deployment.plan.steps]
    world.tables.deployments[deployment.id] = replace(deployment, plan=Plan(tuple(steps)))
    return deployment.id


def looks(world: FakeWorld, deployment_id: str, seconds: int) -> list[int]:
    """Look as the machine does for so long; give the times of the looks."""
    times, tick, elapsed = [], None, 0
    while elapsed <= seconds:
        times.append(elapsed)
        given: Mapping[str, Any] = {"tick": tick} if tick else {}
        tick = run(evaluate_step, world.ports, deployment_id=deployment_id, step={"kind": "wait", "index": 3}, **given)
        if tick["is_over"]:
            break
        world.clock.advance(seconds=tick["seconds"])
        elapsed += tick["seconds"]
    return times


def test_looks_come_at_once_and_then_seldomer_and_checks_at_their_interval(world: FakeWorld) -> None:
    checked: list[float] = []
    begun = world.clock.now().timestamp() + 1

    def answer(_: Mapping[str, Any]) -> dict[str, Any]:
        checked.append(world.clock.now().timestamp() - begun)
        return {"ok": True}

    world.functions.respond(PLUGIN, "v2-0-0", answer)

    times = looks(world, watched(world, tenants=3), 60)

    assert times == [0, 1, 2, 4, 8, 10, 20, 30, 40, 50, 60]
    assert [round(at) for at in checked] == [0, 10, 20, 30, 40, 50, 60]


def test_where_nobody_can_call_it_looks_and_checks_come_at_the_interval(world: FakeWorld) -> None:
    world.functions.respond(PLUGIN, "v2-0-0", lambda _: {"ok": True})

    assert looks(world, watched(world, tenants=0), 45) == [0, 10, 20, 30, 40]


def test_what_fails_from_its_first_call_is_gone_before_the_first_interval(world: FakeWorld) -> None:
    world.functions.respond(PLUGIN, "v2-0-0", lambda _: {"ok": True})
    deployment_id = watched(world, tenants=3)
    route = stored_route(world)
    assert route.candidate is not None
    failing = Call(route, Tenant("acme", "", "", ""), route.candidate, is_split=True, has_failed=True, duration_ms=5.0)
    for _ in range(10):
        world.clock.advance(seconds=0.2)
        world.calls.count(failing)

    times = looks(world, deployment_id, 60)

    assert times[-1] <= 2
    assert serving(world) == ("1.0.0", None, 0)
