"""Traffic as evidence: breaches, what is not enough, what could not be read, and what a person went past."""

from dataclasses import replace

import pytest

from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.errors import TransientError
from chalicelib.domain.measurements import Outcomes
from chalicelib.domain.plans import Plan, Reach, StepKind
from chalicelib.domain.tallies import Call, History
from chalicelib.domain.tenants import Tenant
from chalicelib.domain.verdicts import Outcome, Verdict
from chalicelib.services import evaluations, traffic
from chalicelib.services.rollbacks import RollBack, roll_back
from tests.fakes import FakeWorld
from tests.fakes.measurements import FakeMeasurements
from tests.services.live_deployments import ANA, a_world, at_step, complete, serving, stored_route


@pytest.fixture
def world() -> FakeWorld:
    """Make a world in which 1.0.0 serves, and any version that is tried is well by its checks."""
    world = a_world()
    for (plugin, number), version in world.tables.versions.items():
        manifest = {"name": plugin, "version": number, "type": "Other", "entryPoint": "echo:handle"}
        world.tables.versions[plugin, number] = replace(version, manifest=manifest)
    complete(world, "1.0.0")
    for alias in ("v1-0-0", "v2-0-0"):
        world.functions.respond("echo", alias, {"ok": True, "result": {}})
    return world


def calls(world: FakeWorld, times: int, *, failures: int = 0, on_stable: bool = False) -> None:
    route = stored_route(world)
    target = route.stable if on_stable else route.candidate
    assert target is not None
    for number in range(times):
        world.clock.advance(seconds=1)
        tenant = Tenant(f"tenant-{number}", "", "", "")
        call = Call(route, tenant, target, is_split=True, has_failed=number < failures, duration_ms=10.0)
        world.calls.count(call)


def verdict_on(world: FakeWorld, deployment: Deployment) -> Verdict:
    return evaluations.evaluate(deployment, world.ports).verdict


def test_a_candidate_that_fails_tenants_fails_although_its_checks_pass(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    calls(world, 40, on_stable=True)
    calls(world, 20, failures=10)

    verdict = verdict_on(world, deployment)

    assert (verdict.outcome, verdict.rule, verdict.n) == (Outcome.FAIL, "obvious", 20)
    assert verdict.window.startswith("since ")


def test_a_candidate_that_serves_well_passes_once_it_has_served_enough(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    calls(world, 200, failures=1, on_stable=True)
    assert verdict_on(world, deployment).rule == "no data"
    calls(world, 49)
    assert verdict_on(world, deployment).rule == "minimum requests"

    calls(world, 2)

    assert verdict_on(world, deployment).outcome == Outcome.PASS


@pytest.mark.parametrize("change", ["nobody", "no time"])
def test_where_no_request_can_come_the_checks_are_enough(world: FakeWorld, change: str) -> None:
    deployment = at_step(world, "2.0.0", 3)
    steps = list(deployment.plan.steps)
    if change == "nobody":
        steps[2] = replace(steps[2], reach=Reach(0, 0))
    else:
        steps[3] = replace(steps[3], seconds=0)

    verdict = verdict_on(world, replace(deployment, plan=Plan(tuple(steps))))

    assert (verdict.outcome, verdict.rule) == (Outcome.PASS, "consecutive health checks")


def test_below_production_the_checks_are_enough_where_nobody_ever_calls(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)

    verdict = verdict_on(world, deployment)

    assert (verdict.outcome, verdict.rule) == (Outcome.PASS, "consecutive health checks")


def test_one_call_is_traffic_be_it_of_stable_or_of_the_week_before(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    calls(world, 1, on_stable=True)
    assert verdict_on(world, deployment).rule == "no data"

    before = FakeWorld()
    before.tallies.tallies[History("echo", "Development", int(world.clock.now().timestamp() // 86_400), "general")] = {
        "r7": 1,
        "f7": 0,
    }
    ports = replace(world.ports, measurements=FakeMeasurements(before.tallies))
    assert evaluations.evaluate(deployment, ports).verdict.rule == "no data"


@pytest.mark.parametrize("change", ["Production", "its own number"])
def test_production_and_whoever_asks_for_requests_wait_for_them(world: FakeWorld, change: str) -> None:
    deployment = at_step(world, "2.0.0", 3)
    if change == "Production":
        deployment = replace(deployment, environment=change)
    else:
        deployment = replace(deployment, health={"minRequests": 20})

    assert verdict_on(world, deployment).rule == "no data"


def test_what_can_not_be_read_is_an_error_and_no_pass(world: FakeWorld) -> None:
    class Away(FakeMeasurements):
        def phases(self, deployment_id: str) -> tuple[()]:
            raise TransientError(f"no counts of {deployment_id}")

    deployment = at_step(world, "2.0.0", 3)
    ports = replace(world.ports, measurements=Away(world.tallies))

    verdict = evaluations.evaluate(deployment, ports).verdict

    assert verdict.outcome == Outcome.ERROR
    assert traffic.exposure_of(deployment, ports) is None


def test_evidence_that_a_person_went_past_is_not_held_against_the_next_step(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 5)
    calls(world, 20, failures=20)
    assert verdict_on(world, deployment).is_fail

    by_hand = Verdict(Outcome.INCONCLUSIVE, "cut short by ana", rule="advance by hand")
    steps = [
        replace(step, verdict=by_hand) if step.index == 3 and step.kind is StepKind.OBSERVE else step
        for step in deployment.plan.steps
    ]

    assert not verdict_on(world, replace(deployment, plan=Plan(tuple(steps)))).is_fail


def test_a_broken_stable_does_not_keep_its_fix_out(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    calls(world, 200, failures=120, on_stable=True)
    calls(world, 100, failures=40)

    assert not verdict_on(world, deployment).is_fail


def test_checks_that_fail_on_stable_as_well_are_not_the_candidates_fault(world: FakeWorld) -> None:
    sick = {"ok": False, "failure": {"kind": "PluginRaised", "message": "the bank is down"}}
    deployment = at_step(world, "2.0.0", 3)
    world.functions.respond("echo", "v2-0-0", sick)
    world.functions.respond("echo", "v1-0-0", sick)
    for _ in range(4):
        world.clock.advance(seconds=10)
        evaluation = evaluations.evaluate(deployment, world.ports)
        deployment = evaluation.deployment

    assert not evaluation.verdict.is_fail
    assert evaluation.verdict.fix_forward
    world.functions.respond("echo", "v1-0-0", {"ok": True, "result": {}})
    assert verdict_on(world, deployment).is_fail


def test_the_verdict_and_the_traffic_are_one_write(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    verdict = Verdict(Outcome.FAIL, "10 of 20 requests failed", rule="obvious")
    before = len(world.tables.records)

    roll_back(RollBack(deployment.id, ANA, "observe failed: 10 of 20", verdict=verdict), world.ports)

    first = world.tables.records[before]
    assert (first.action, first.reason) == ("RollBack", "observe failed: 10 of 20")
    ended = world.tables.deployments[deployment.id]
    assert ended.status is DeploymentStatus.ROLLED_BACK
    assert ended.plan.steps[3].verdict == verdict
    assert serving(world) == ("1.0.0", None, 0)


def test_whom_it_served_is_counted_with_what_failed(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    calls(world, 30, on_stable=True)
    calls(world, 12, failures=4)

    assert traffic.exposure_of(deployment, world.ports) == (12, 12, 4)
    assert Outcomes(12, 4).failure_rate == pytest.approx(1 / 3)
