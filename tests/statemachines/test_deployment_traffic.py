"""What tenants were served decides too: how many requests a pass needs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.plans import Reach, Step, StepKind
from chalicelib.domain.tallies import Batch, Phase
from tests.fakes import FakeWorld
from tests.statemachines.machines import Happening, Machines
from tests.steps.deployed import serves_only
from tests.steps.plans import SMOKE, WARM, a_plan, begin_plan, observe, pause, shift
from tests.steps.worlds import stored_route

TENANTS = Reach(5, 50, ("acme",))


def reaching(step: Step) -> Step:
    """Let a shift reach tenants, who could make requests."""
    return replace(step, reach=TENANTS)


def serve(world: FakeWorld, deployment: Deployment, requests: int) -> None:
    """Let tenants have so many good answers of the candidate, as the route is now."""
    route = stored_route(world)
    phase = Phase(deployment.id, route.epoch, 0, "2.0.0", 0, route.candidate_bps)
    world.tallies.add(Batch(world.ids.new("bat_"), {phase: {"requests": requests, "l50": requests}}, {}))


def nothing(_: Mapping[str, Any]) -> None:
    """Let a call pass as it is."""


def at_looks(run: Machines, *happenings: Happening) -> None:
    for happening in happenings:
        run.functions.before_next("evaluate_step", happening)


@pytest.mark.parametrize("before", [observe(30), observe(0), pause(30)], ids=["warm-up", "one look", "pause"])
def test_what_serves_nobody_yet_is_not_asked_for_requests(before: Step, world: FakeWorld, run: Machines) -> None:
    """Else green would be held for ever before its switch: nobody can send it a request at 0 %."""
    plan = a_plan(WARM, SMOKE, before, reaching(shift(100)), observe(0))
    deployment = begin_plan(world, plan)

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert execution.end == "Completed"
    assert not any(one.after and one.after.get("hold") for one in world.ports.deployments.timeline(deployment.id))
    looked = [step.verdict for step in ended.plan.steps if step.kind is StepKind.OBSERVE]
    assert {verdict.rule for verdict in looked if verdict} == {"consecutive health checks"}


def test_what_serves_tenants_is_held_until_they_have_made_enough_requests(world: FakeWorld, run: Machines) -> None:
    plan = a_plan(WARM, SMOKE, observe(10), reaching(shift(10)), observe(20), shift(100), observe(0))
    deployment = begin_plan(world, plan, health={"healthCheckInterval": "PT10S", "minRequests": 40})
    seen: list[str | None] = []
    # Two before anybody is served, then at 0, 1, 2, 4, 8, 10 and 20 seconds.
    at_looks(run, *(nothing,) * 9)

    def look_and_serve(_: object) -> None:
        hold = world.ports.deployments.get(deployment.id).hold
        seen.append(hold.reason if hold else None)
        serve(world, deployment, 40)

    at_looks(run, look_and_serve)

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert seen == ["no request reached the candidate"]
    assert world.ports.deployments.get(deployment.id).plan.steps[4].verdict is not None
    assert serves_only(world, "2.0.0")
