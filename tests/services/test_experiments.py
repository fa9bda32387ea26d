"""Experiments at their end: the winner stays by itself only if that was asked for; without one, stable does."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.plans import Plan, Step, StepKind, StepStatus
from chalicelib.domain.routes import Route, Target, Variant
from chalicelib.domain.tallies import Arm, Batch, mark
from chalicelib.services import experiments
from tests.fakes import FakeWorld
from tests.services.live_deployments import PLACE, PLUGIN, a_target, a_world, ask, now


@pytest.fixture
def world() -> FakeWorld:
    return a_world("1.0.0", "2.0.0")


def at_decision(world: FakeWorld, **config: Any) -> Deployment:
    """Bring an experiment between 1.0.0, which is stable, and 2.0.0 to its decision."""
    blue, green = (a_target(world, number) for number in ("1.0.0", "2.0.0"))
    arms = Variant("A", blue, 5_000), Variant("B", green, 5_000)
    done: dict[str, Any] = {"status": StepStatus.COMPLETED, "started_at": now(world), "ended_at": now(world)}
    steps = (
        Step(0, StepKind.SHIFT, "", variants=arms, **done),
        Step(1, StepKind.OBSERVE, "", seconds=1, **done),
        Step(2, StepKind.DECIDE, "", seconds=None, status=StepStatus.RUNNING, started_at=now(world)),
        Step(3, StepKind.SHIFT, "", share_bps=10_000),
    )
    good = Route(PLUGIN, PLACE, "salt", stable=blue, epoch=1)
    live = replace(ask(world, "2.0.0"), status=DeploymentStatus.IN_PROGRESS, last_known_good=good)
    world.clock.advance(seconds=10)
    return replace(live, plan=Plan(steps), config={"primaryMetric": "errorRate", "goal": "decrease", **config})


def failures(world: FakeWorld, deployment: Deployment, target: Target, share: int) -> None:
    """Let *share* percent of the calls of each of 30 tenants fail, give or take a tenth."""
    for number in range(30):
        arm = Arm(deployment.id, target.version, mark(deployment.id, f"{target.version}-{number}"))
        failed = share * (9 + number % 3) // 10
        world.tallies.add(Batch(f"{target.version}-{number}", {arm: {"requests": 100, "failures": failed}}, {}))


@pytest.mark.parametrize("before, after, winner", [(40, 10, "2.0.0"), (10, 40, "1.0.0"), (20, 20, "1.0.0")])
def test_asked_for_it_stays_with_the_winner_and_with_stable_if_there_is_none(
    world: FakeWorld, before: int, after: int, winner: str
) -> None:
    deployment = at_decision(world, autoPromote=True)
    failures(world, deployment, a_target(world, "1.0.0"), before)
    failures(world, deployment, a_target(world, "2.0.0"), after)

    settled = experiments.settle(deployment, world.ports)

    assert (settled.outcome_version, settled.plan.steps[2].status) == (winner, StepStatus.COMPLETED)
    verdict = settled.plan.steps[2].verdict
    assert verdict is not None
    assert verdict.outcome == ("inconclusive" if before == after else "pass")
    assert verdict.value == pytest.approx((after - before) / 100, abs=0.02)


def test_otherwise_a_person_decides_with_the_numbers_in_front(world: FakeWorld) -> None:
    deployment = at_decision(world)
    failures(world, deployment, a_target(world, "1.0.0"), 40)
    failures(world, deployment, a_target(world, "2.0.0"), 10)

    held = experiments.settle(deployment, world.ports)

    assert held.outcome_version is None
    assert held.hold is not None
    assert held.hold.reason == "B is better than A in errorRate: a person decides which variant stays"
    assert experiments.settle(held, world.ports) is held


def test_nothing_is_decided_before_its_time_nor_while_it_is_paused(world: FakeWorld) -> None:
    deployment = at_decision(world, autoPromote=True)
    paused = deployment.pause("ana", "wait", now(world))

    assert experiments.settle(paused, world.ports) is paused
    assert experiments.standing_of(ask_nothing(deployment), world.ports) is None


def ask_nothing(deployment: Deployment) -> Deployment:
    return replace(deployment, plan=Plan((Step(0, StepKind.SHIFT, "", share_bps=10_000),)))
