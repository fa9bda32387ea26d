"""A tenant that the candidate harms leaves it alone, and the deployment goes on to its end."""

from __future__ import annotations

import pytest

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.installations import Installation
from chalicelib.domain.tallies import Batch, Exposed, Phase, Place, Tally, Tried, mark
from chalicelib.domain.tenants import Tenant
from chalicelib.services.aftercare import look_after
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.deployed import serves_only
from tests.steps.plans import SMOKE, WARM, a_plan, begin_plan, observe, shift
from tests.steps.worlds import stored_route

SICK = "acme"


@pytest.fixture
def deployment(world: FakeWorld) -> Deployment:
    """Begin a canary of a plugin that acme has installed."""
    plan = a_plan(WARM, SMOKE, shift(50), observe(30), shift(100), observe(0))
    begun = begin_plan(world, plan, health={"healthCheckInterval": "PT10S", "minRequests": 1})
    at = world.ports.deployments.get(begun.id).created_at
    world.tables.tenants[SICK] = Tenant(SICK, SICK, at, at)
    world.tables.installations[SICK, begun.plugin_id] = Installation(SICK, begun.plugin_id, at, at, revision=1)
    return begun


def one_tenant_fails(world: FakeWorld, deployment: Deployment) -> None:
    """Let a hundred calls go well on either side, and seven of one tenant fail."""
    route = stored_route(world)
    assert route.stable is not None
    tried = Phase(deployment.id, route.epoch, 0, "2.0.0", 0, route.candidate_bps)
    stable = tried._replace(version=route.stable.version, low_bps=0, high_bps=0)
    counts: dict[Place, Tally] = {
        tried: {"requests": 107, "failures": 7, "l30": 107},
        stable: {"requests": 100, "l30": 100},
        Tried(deployment.id, route.epoch, "2.0.0", mark(deployment.id, SICK)): {"requests": 6, "failures": 6},
    }
    exposed = {Exposed(deployment.id, "2.0.0", 1): frozenset(f"1{number}" for number in range(9))}
    world.tallies.add(Batch("t1", counts, exposed))


def test_a_sick_tenant_goes_back_alone_while_the_machine_goes_on_to_the_end(
    deployment: Deployment, world: FakeWorld, run: Machines
) -> None:
    run.functions.before_next("evaluate_step", lambda _: one_tenant_fails(world, deployment))

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    pin = world.tables.installations[SICK, deployment.plugin_id].pin
    assert execution.end == "Completed"
    assert serves_only(world, "2.0.0")
    assert ended.sent_back == (mark(deployment.id, SICK),)
    assert pin is not None
    assert (pin.deployment_id, pin.expires_at) == (deployment.id, None)
    assert any(record.after.get("sentBack") == 1 for record in world.ports.deployments.timeline(deployment.id))

    assert look_after(world.ports).pins_settled == (SICK,)

    kept = world.tables.installations[SICK, deployment.plugin_id].pin
    assert kept is not None
    assert kept.expires_at is not None
