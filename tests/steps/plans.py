"""Plans for tests, put together by hand, and deployments that run them over 1.0.0."""

from dataclasses import replace
from typing import Any

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.plans import Plan, Reach, Step, StepKind
from chalicelib.domain.routes import Target, Variant
from chalicelib.domain.strategies import Strategy
from tests.fakes import FakeWorld
from tests.steps.deployed import deploy_first
from tests.steps.worlds import a_deployment, a_ready_version

WARM = Step(0, StepKind.WARM, "warm")
SMOKE = Step(0, StepKind.SMOKE, "smoke")
APPROVE = Step(0, StepKind.APPROVE, "approve", seconds=None)
DECIDE = Step(0, StepKind.DECIDE, "decide", seconds=None)
PAUSE = Step(0, StepKind.PAUSE, "pause", seconds=None)
#: No tenant has the plugin, so no request is missed and the health checks decide.
NOBODY = Reach(0, 0)


def shift(percent: float, *, rings: tuple[str, ...] = ()) -> Step:
    return Step(0, StepKind.SHIFT, f"{percent} %", share_bps=round(percent * 100), rings=rings, reach=NOBODY)


def observe(seconds: int = 0) -> Step:
    return Step(0, StepKind.OBSERVE, f"watch for {seconds} s", seconds=seconds)


def pause(seconds: int) -> Step:
    return Step(0, StepKind.PAUSE, f"pause for {seconds} s", seconds=seconds)


def experiment(*arms: tuple[str, Target, float]) -> Step:
    variants = tuple(Variant(name, target, round(percent * 100)) for name, target, percent in arms)
    return Step(0, StepKind.SHIFT, "part the tenants", variants=variants, reach=NOBODY)


def a_plan(*steps: Step) -> Plan:
    return Plan(tuple(replace(step, index=index) for index, step in enumerate(steps)))


CANARY = a_plan(
    WARM, SMOKE, *(step for percent in (10, 50, 100) for step in (shift(percent), observe(60 if percent < 100 else 0)))
)
BLUE_GREEN = a_plan(WARM, SMOKE, observe(30), shift(100), observe(60))
ROLLING = a_plan(
    WARM,
    SMOKE,
    *(shift(0, rings=("internal",)), observe(20), shift(0, rings=("internal", "beta")), observe(20)),
    *(shift(100), observe(20)),
)


def give_plan(world: FakeWorld, deployment: Deployment, plan: Plan, **changes: Any) -> Deployment:
    """Let a deployment that has not begun run *plan*, watched every 10 s, as if it had been asked for so."""
    changes = {"health": {"healthCheckInterval": "PT10S"}, "strategy": Strategy.CANARY, **changes}
    planned = replace(world.tables.deployments[deployment.id], plan=plan, **changes)
    world.tables.deployments[deployment.id] = planned
    return planned


def begin_plan(world: FakeWorld, plan: Plan, **changes: Any) -> Deployment:
    """Make 1.0.0 serve, and ask for 2.0.0 to take over by *plan*."""
    deploy_first(world)
    a_ready_version(world, "2.0.0")
    return give_plan(world, a_deployment(world, "2.0.0"), plan, **changes)


def shares(world: FakeWorld, deployment: Deployment) -> list[int]:
    """Return the shares that the candidate was given, in order, as the audit trail tells it."""
    told = [one for one in world.ports.deployments.timeline(deployment.id) if one.action == "ShiftTraffic"]
    return [one.after["candidateBps"] for one in told if one.after]
