"""Caps: how many tenants and requests a candidate may have before it has everything, asked at each move and look."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.caps import tenants_shown
from chalicelib.domain.deployments import Deployment
from chalicelib.domain.errors import TransientError
from chalicelib.domain.installations import Installation
from chalicelib.domain.plans import Plan
from chalicelib.domain.populations import Population
from chalicelib.domain.routes import Variant
from chalicelib.domain.sides import PhaseOutcomes
from chalicelib.domain.tallies import Batch, Phase
from chalicelib.domain.tenants import Tenant
from chalicelib.domain.verbs import Verb
from chalicelib.services.caps import find_cap
from chalicelib.services.verbs import SayVerb, say_verb
from tests.fakes import FakeWorld
from tests.fakes.measurements import FakeMeasurements
from tests.statemachines.machines import Happening, Machines
from tests.steps.deployed import serves_only
from tests.steps.plans import SMOKE, WARM, a_plan, begin_plan, observe, pause, shares, shift
from tests.steps.worlds import ANA, DEVELOPMENT, PLUGIN, stored_route


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


CAPPED = a_plan(WARM, SMOKE, shift(10), observe(20), shift(50), observe(20), shift(100), observe(20))


def say(world: FakeWorld, verb: Verb, deployment: Deployment) -> Happening:
    def say_it(_: Mapping[str, Any]) -> None:
        say_verb(SayVerb(ANA, verb, deployment.id, "we have looked"), world.ports)

    return say_it


def begin_capped(world: FakeWorld, plan: Plan = CAPPED) -> Deployment:
    return begin_plan(world, plan, max_requests=100)


def test_a_candidate_that_has_served_its_cap_is_held_where_it_is(world: FakeWorld, run: Machines) -> None:
    deployment = begin_capped(world)
    seen: list[tuple[str, int]] = []

    def note(_: object) -> None:
        hold = world.ports.deployments.get(deployment.id).hold
        seen.append((hold.reason if hold else "", stored_route(world).candidate_bps))

    at_looks(run, lambda _: serve(world, deployment, 100), *(note,) * 10, say(world, Verb.ROLLBACK, deployment))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert set(seen) == {("the candidate has served 100 requests, and 100 were its cap", 1_000)}
    assert execution.end == "RolledBack"
    assert serves_only(world, "1.0.0")


def test_who_advances_it_lets_it_have_as_many_requests_again(world: FakeWorld, run: Machines) -> None:
    """R9: a person's decision consumes its gate, and only that."""
    deployment = begin_capped(world)
    seen: list[str] = []

    def note(_: object) -> None:
        hold = world.ports.deployments.get(deployment.id).hold
        seen.append(hold.reason if hold else "")

    at_looks(run, lambda _: serve(world, deployment, 120), say(world, Verb.ADVANCE, deployment))
    at_looks(run, note, lambda _: serve(world, deployment, 99), lambda _: serve(world, deployment, 1), note)
    at_looks(run, say(world, Verb.ADVANCE, deployment))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert seen == ["", "the candidate has served 100 requests, and 100 were its cap"]
    assert execution.end == "Completed"
    assert shares(world, deployment) == [1_000, 5_000, 10_000]


def enable(world: FakeWorld, *tenants: str) -> None:
    """Let more tenants have the plugin."""
    for tenant in tenants:
        world.tables.tenants[tenant] = Tenant(tenant, tenant, "", "")
        world.tables.installations[tenant, PLUGIN] = Installation(tenant, PLUGIN, "", "")


def holds(world: FakeWorld, deployment: Deployment) -> list[str]:
    """Tell what it was held for, in order, each once."""
    told = [one.after.get("hold") for one in world.ports.deployments.timeline(deployment.id) if one.after]
    return [reason for reason in dict.fromkeys(told) if reason]


CROWD = tuple(f"tenant-{number}" for number in range(40))


def test_a_move_that_would_reach_more_tenants_than_its_cap_by_now_does_not_begin(
    world: FakeWorld, run: Machines
) -> None:
    """The plan was made when nobody had the plugin; forty came since."""
    deployment = begin_plan(world, CAPPED, max_tenants=8)
    at_looks(run, nothing, lambda _: enable(world, *CROWD), nothing, nothing, say(world, Verb.ABORT, deployment))

    execution = run.run("deployment", deployment_id=deployment.id)

    (reason,) = holds(world, deployment)
    assert execution.end == "Aborted"
    assert reason.startswith("the candidate would serve ")
    assert reason.endswith(" tenants by now, and 8 were its cap: promote it, or abort")
    assert shares(world, deployment) == [1_000]


def test_a_candidate_that_serves_more_tenants_than_its_cap_is_held_until_they_go(
    world: FakeWorld, run: Machines
) -> None:
    deployment = begin_plan(world, a_plan(WARM, SMOKE, shift(50), observe(60), shift(100), observe(0)), max_tenants=8)
    at_looks(run, lambda _: enable(world, *CROWD), nothing, nothing, lambda _: world.tables.installations.clear())

    execution = run.run("deployment", deployment_id=deployment.id)

    (reason,) = holds(world, deployment)
    assert reason.endswith(" tenants by now, and 8 were its cap")
    assert execution.end == "Completed"
    assert world.ports.deployments.get(deployment.id).hold is None


def test_who_advances_it_lets_it_serve_those_tenants(world: FakeWorld, run: Machines) -> None:
    """R9: what a person has seen is not asked about twice."""
    plan = a_plan(WARM, SMOKE, shift(50), observe(20), pause(20), shift(100), observe(0))
    deployment = begin_plan(world, plan, max_tenants=8)
    at_looks(run, lambda _: enable(world, *CROWD), nothing, say(world, Verb.ADVANCE, deployment))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert len(holds(world, deployment)) == 1


def test_arms_of_an_experiment_have_a_cap_of_tenants_too(world: FakeWorld) -> None:
    deployment = begin_plan(world, CAPPED, max_tenants=8)
    stable = stored_route(world).stable
    assert stable is not None
    arms = (Variant("A", stable, 5_000), Variant("B", deployment.target, 5_000))
    tenants = ((each, "general", False) for each in CROWD)
    population = Population.of(tenants, plugin_id=PLUGIN, salt="s", rings=("general",))

    shown = tenants_shown(deployment, replace(shift(0), share_bps=None, variants=arms), population)

    assert 0 < shown == len(CROWD) - population.below(5_000) < len(CROWD)


class Away(FakeMeasurements):
    """What was measured can't be read."""

    def phases(self, deployment_id: str) -> tuple[PhaseOutcomes, ...]:
        raise TransientError("DynamoDB throttles")


def test_a_cap_that_can_not_be_counted_lets_nobody_on(world: FakeWorld) -> None:
    deployment = begin_capped(world, a_plan(shift(10), observe(20), shift(100), observe(0)))
    ports = replace(world.ports, measurements=Away(world.tallies))

    hold = find_cap(replace(deployment, last_known_good=stored_route(world)), ports)

    assert hold is not None
    assert "can't be counted now" in hold.reason
    assert "DynamoDB throttles" in hold.reason


@pytest.mark.parametrize("is_before_the_move", [True, False])
def test_a_cap_of_requests_is_asked_about_before_each_move_too(
    world: FakeWorld, run: Machines, *, is_before_the_move: bool
) -> None:
    """What is offered at last is counted at last: between the look before and the move may lie a night."""
    deployment = begin_capped(world)
    frozen = replace(world.ports.policies.get(DEVELOPMENT), stop_the_line="an outage")

    def stop_the_line(_: object) -> None:
        world.tables.policies[DEVELOPMENT] = frozen

    def go_on(_: object) -> None:
        serve(world, deployment, 100 if is_before_the_move else 99)
        world.tables.policies.clear()

    at_looks(run, nothing, stop_the_line, nothing, nothing, go_on, nothing, say(world, Verb.ABORT, deployment))

    run.run("deployment", deployment_id=deployment.id)

    reasons = holds(world, deployment)
    assert reasons[0] == "Development is stopped: an outage"
    assert shares(world, deployment) == ([1_000] if is_before_the_move else [1_000, 5_000])


def test_what_has_everything_has_no_cap_any_more(world: FakeWorld, run: Machines) -> None:
    deployment = begin_capped(world, a_plan(WARM, SMOKE, shift(100), observe(20)))
    at_looks(run, lambda _: serve(world, deployment, 1_000))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert world.ports.deployments.get(deployment.id).hold is None
