"""Deployments at every place of their life, made of what the services and the ports themselves write."""

from dataclasses import replace

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.deployments import Deployment, DeploymentStatus, OnConflict
from chalicelib.domain.ids import Environment
from chalicelib.domain.plans import Plan, Step, StepKind, StepStatus
from chalicelib.domain.plugins import PluginType
from chalicelib.domain.routes import FULL_BPS, Route, Target
from chalicelib.domain.times import rfc3339
from chalicelib.domain.versions import VersionStatus
from chalicelib.services.deployments import CreateDeployment, create_deployment
from chalicelib.services.leases import released_lease
from chalicelib.services.plugins import RegisterPlugin, register_plugin
from chalicelib.services.records import record_of
from chalicelib.services.targets import target_of
from chalicelib.services.versions import CreateVersion, create_version
from tests.fakes import FakeWorld

ANA = Caller("ana", frozenset({Role.DEVELOPER}), trace_id="trace-1")
PLUGIN, PLACE = "echo", Environment.DEVELOPMENT
CANARY = Plan(
    tuple(
        Step(index, kind, kind.value, share_bps=share, seconds=seconds)
        for index, (kind, share, seconds) in enumerate(
            [
                (StepKind.WARM, None, 0),
                (StepKind.SMOKE, None, 0),
                (StepKind.SHIFT, 1_000, 0),
                (StepKind.OBSERVE, None, 600),
                (StepKind.SHIFT, FULL_BPS, 0),
                (StepKind.OBSERVE, None, 600),
            ]
        )
    )
)


def a_world(*numbers: str) -> FakeWorld:
    """Make a world in which these versions of echo are Ready."""
    world = FakeWorld()
    register_plugin(RegisterPlugin(ANA, PLUGIN, PluginType.OTHER), world.ports)
    for place, number in enumerate(numbers or ("1.0.0", "2.0.0", "3.0.0"), start=1):
        draft, _ = create_version(CreateVersion(ANA, PLUGIN, number, sha256=f"{place:02d}" * 32, size=7), world.ports)
        ready = replace(draft, status=VersionStatus.READY, lambda_version=str(place))
        world.tables.versions[PLUGIN, number] = ready
    return world


def a_target(world: FakeWorld, number: str) -> Target:
    return target_of(world.tables.versions[PLUGIN, number])


def ask(world: FakeWorld, number: str, on_conflict: OnConflict = OnConflict.REJECT) -> Deployment:
    """Ask for a Direct deployment to Development; each a second after the one before."""
    world.clock.advance(seconds=1)
    return create_deployment(CreateDeployment(ANA, PLUGIN, number, PLACE, on_conflict=on_conflict), world.ports)


def complete(world: FakeWorld, number: str) -> Deployment:
    """Make *number* serve, as the last step does."""
    deployment = at_step(world, number, 4)
    route = stored_route(world)
    ended = deployment.end(DeploymentStatus.COMPLETED, "every step passed", now(world))
    record = record_of(ANA, "CompleteDeployment", f"deployments/{ended.id}", world.ports)
    promoted = route.shift(FULL_BPS, fence=ended.fence)
    ended = world.ports.deployments.commit(ended, record, route=promoted)
    settled = promoted.promote(fence=ended.fence)
    record = record_of(ANA, "CompleteDeployment", f"deployments/{ended.id}", world.ports)
    return world.ports.deployments.commit(ended, record, route=settled, lease=released_lease(ended, world.ports))


def at_step(world: FakeWorld, number: str, index: int, *, share_bps: int = 1_000) -> Deployment:
    """Bring a canary of *number* to step *index*, with so much of the traffic."""
    asked = ask(world, number)
    good = world.tables.routes.get((PLUGIN, PLACE)) or Route(PLUGIN, PLACE, "salt")
    offered = good.offer(asked.target, deployment_id=asked.id, fence=asked.fence)
    steps = tuple(
        replace(step, status=StepStatus.COMPLETED, started_at=now(world), ended_at=now(world))
        if step.index < index
        else replace(step, status=StepStatus.RUNNING, started_at=now(world))
        if step.index == index
        else step
        for step in CANARY.steps
    )
    prepared = replace(
        asked,
        status=DeploymentStatus.IN_PROGRESS,
        plan=Plan(steps),
        last_known_good=good,
        previous_version=good.stable.version if good.stable else None,
    )
    record = record_of(ANA, "PrepareCandidate", f"deployments/{asked.id}", world.ports)
    prepared = world.ports.deployments.commit(prepared, record, route=offered)
    record = record_of(ANA, "ShiftTraffic", f"deployments/{asked.id}", world.ports)
    return world.ports.deployments.commit(prepared, record, route=offered.shift(share_bps, fence=asked.fence))


def stored_route(world: FakeWorld) -> Route:
    return world.tables.routes[PLUGIN, PLACE]


def serving(world: FakeWorld) -> tuple[str | None, str | None, int]:
    """Say who is stable, who is tried, and with which share."""
    route = stored_route(world)
    stable, candidate = (target.version if target else None for target in (route.stable, route.candidate))
    return stable, candidate, route.candidate_bps


def now(world: FakeWorld) -> str:
    return rfc3339(world.clock.now())
