"""
Promise 1: kill whatever moves a deployment, after any call of anything outside.

At that instant each tenant is served by the last known good, or by the candidate that its step allows; a minute later
everything has converged, without a human, and the audit trail tells why.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from chalicelib import bootstrap
from chalicelib.domain.authorization import SYSTEM
from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.diagnoses import ExecutionState
from chalicelib.domain.errors import DomainError
from chalicelib.domain.installations import Installation
from chalicelib.domain.plans import StepKind, StepStatus
from chalicelib.domain.resolution import resolve
from chalicelib.domain.tenants import Tenant
from chalicelib.domain.verbs import Verb
from chalicelib.events.execution_ended import execution_ended
from chalicelib.events.mend_aliases import mend_aliases
from chalicelib.events.reconcile import reconcile
from chalicelib.ports import Ports
from chalicelib.services.diagnoses import diagnose
from chalicelib.services.rollbacks import RollBack, roll_back
from chalicelib.services.verbs import SayVerb, say_verb
from chalicelib.steps._step import UnexpectedStepError
from tests.fakes import FakeWorld
from tests.steps.deaths import DiedError, Fate, Throttle, mortal
from tests.steps.deployed import serves_only
from tests.steps.plans import CANARY, begin_plan, shares
from tests.steps.walks import walk
from tests.steps.worlds import ANA, DEVELOPMENT, NOW, PLUGIN, a_deployment, a_world, answer_badly, stored_route

TENANTS = [f"tenant-{number}" for number in range(200)]
_TEXTS = ("version", "detail-type", "source", "region", "account", "time", "id")
TICK: Any = {**dict.fromkeys(_TEXTS, "0"), "detail": {}, "resources": []}
SERVING = {"1.0.0", "2.0.0"}


class Path(NamedTuple):
    """Something that is under way when it is killed: how the world is before, and what is then done."""

    name: str
    begin: Callable[[], tuple[FakeWorld, Deployment]]
    act: Callable[[FakeWorld, Deployment, Ports], object]


def a_canary() -> tuple[FakeWorld, Deployment]:
    """Let 1.0.0 serve, and a canary of 2.0.0 be asked for."""
    world = a_world()
    return world, begin_plan(world, CANARY)


def a_canary_that_turns_bad() -> tuple[FakeWorld, Deployment]:
    """Let 2.0.0 fail its health checks once some tenants have it."""
    world, deployment = a_canary()
    _walk_until(world, deployment, shift=1)
    answer_badly(world, "2.0.0", "PluginRaised", "not well", only="ping")
    return world, deployment


def a_canary_half_way() -> tuple[FakeWorld, Deployment]:
    """Let half of the tenants have 2.0.0."""
    world, deployment = a_canary()
    _walk_until(world, deployment, shift=2)
    return world, deployment


class _HalfWayError(Exception):
    """Far enough."""


def _walk_until(world: FakeWorld, deployment: Deployment, *, shift: int) -> None:
    """Stop the machine right after so many shifts."""

    class Stop(Fate):
        def passes(self, call: str) -> None:
            if call == "functions.mirror" and len(shares(world, deployment)) == shift:
                raise _HalfWayError

    with pytest.raises(UnexpectedStepError):
        walk(world, deployment, mortal(world.ports, Stop()))


def _say(verb: Verb) -> Callable[[FakeWorld, Deployment, Ports], object]:
    return lambda _world, deployment, ports: say_verb(SayVerb(ANA, verb, deployment.id, "enough"), ports)


def _hear(_world: FakeWorld, deployment: Deployment, ports: Ports) -> None:
    with bootstrap.use(ports):
        execution_ended({"detail": {"name": deployment.execution_name, "status": "ABORTED"}}, None)


def _reconcile(world: FakeWorld, deployment: Deployment, ports: Ports) -> None:
    """Sweep over a dead execution; what the sweep swallows, so that others are looked after, is raised here."""
    world.executions.ended[deployment.execution_name] = ExecutionState.FAILED
    with bootstrap.use(ports):
        failed = reconcile(TICK, None)["failed"]
    if failed:
        raise DiedError(failed)


PATHS = [
    Path("the machine", a_canary, walk),
    Path("the machine that rolls back", a_canary_that_turns_bad, walk),
    Path("abort", a_canary_half_way, _say(Verb.ABORT)),
    Path("rollback by hand", a_canary_half_way, _say(Verb.ROLLBACK)),
    Path("pause", a_canary_half_way, _say(Verb.PAUSE)),
    Path("promote", a_canary_half_way, _say(Verb.PROMOTE)),
    Path("execution_ended", a_canary_half_way, _hear),
    Path("reconcile", a_canary_half_way, _reconcile),
]


def calls_of(path: Path) -> list[str]:
    """Record every call of something outside, in order."""
    world, deployment = path.begin()
    fate = Fate()
    with suppress(DomainError):  # What was rolled back ends in the machine's own error.
        path.act(world, deployment, mortal(world.ports, fate))
    return fate.calls


DEATHS = [
    pytest.param(path, number, id=f"{path.name}-{number}-{call}")
    for path in PATHS
    for number, call in enumerate(calls_of(path), start=1)
]


def served_by(world: FakeWorld) -> dict[str, str]:
    """Ask for every tenant which version serves it now."""
    route = stored_route(world)
    found = {}
    for name in TENANTS:
        tenant = Tenant(name, name, NOW, NOW)
        decision = resolve(route, tenant, Installation(name, PLUGIN, NOW, NOW), NOW)
        assert decision.target is not None
        found[name] = decision.target.version
    return found


def most_allowed(deployment: Deployment) -> int:
    """Say how much the candidate may have at most: what its last shift that has begun gives it."""
    if deployment.status.is_final and deployment.status is not DeploymentStatus.COMPLETED:
        return 0
    begun = [one for one in deployment.plan.steps if one.status is not StepStatus.PENDING and one.share_bps]
    return max((one.share_bps or 0 for one in begun if one.kind is StepKind.SHIFT), default=0)


def assert_promise_1(world: FakeWorld, deployment: Deployment) -> None:
    """Nobody is served by anything but the last known good or an allowed candidate."""
    stored, route = world.tables.deployments[deployment.id], stored_route(world)
    versions = served_by(world)
    assert set(versions.values()) <= SERVING
    if "2.0.0" in versions.values() and route.stable is not None and route.stable.version == "1.0.0":
        assert route.candidate_bps <= most_allowed(stored)
        assert route.deployment_id == deployment.id
    shown = world.functions.weights(PLUGIN, DEVELOPMENT)
    aliases = world.functions.functions[PLUGIN].aliases
    assert set(shown) <= {aliases["v1-0-0"], aliases["v2-0-0"]}


def a_minute_passes(world: FakeWorld) -> None:
    world.clock.advance(seconds=60)
    with bootstrap.use(world.ports):
        reconcile(TICK, None)
        mend_aliases(TICK, None)


@pytest.mark.parametrize("path, number", DEATHS)
def test_promise_1_holds_at_once_and_everything_converges_within_two_minutes(path: Path, number: int) -> None:
    world, deployment = path.begin()
    with pytest.raises((DiedError, UnexpectedStepError)):
        path.act(world, deployment, mortal(world.ports, Fate(number)))

    assert_promise_1(world, deployment)
    world.executions.ended[deployment.execution_name] = ExecutionState.ABORTED
    a_minute_passes(world)
    assert_promise_1(world, deployment)
    a_minute_passes(world)

    ended = world.tables.deployments[deployment.id]
    assert ended.status.is_final
    assert serves_only(world, "2.0.0" if ended.status is DeploymentStatus.COMPLETED else "1.0.0")
    assert world.tables.leases[PLUGIN, DEVELOPMENT].holder == ""
    assert diagnose(world.ports).diagnoses == ()
    last = world.ports.deployments.timeline(deployment.id)[-1]
    assert (last.after["status"], last.reason) == (ended.status, ended.status_reason)
    assert ended.status_reason
    # Nothing is left that the next one would stumble over.
    assert a_deployment(world, "2.0.0").status is DeploymentStatus.PENDING


@pytest.mark.parametrize(
    "number, call", [pytest.param(at, call, id=f"{at}-{call}") for at, call in enumerate(calls_of(PATHS[0]), start=1)]
)
def test_a_service_that_refuses_once_costs_the_deployment_nothing(number: int, call: str) -> None:
    world, deployment = a_canary()

    walk(world, deployment, mortal(world.ports, Throttle(number)))

    ended = world.tables.deployments[deployment.id]
    assert (ended.status, serves_only(world, "2.0.0")) == (DeploymentStatus.COMPLETED, True), call
    assert shares(world, deployment) == [1_000, 5_000, 10_000]


def test_a_lease_that_runs_out_in_the_middle_of_a_step_lets_nothing_move_afterwards() -> None:
    world, deployment = a_canary_half_way()
    lease = world.tables.leases[PLUGIN, DEVELOPMENT]
    world.tables.leases[PLUGIN, DEVELOPMENT] = replace(lease, expires_at=NOW)

    a_minute_passes(world)
    with pytest.raises(Exception, match="RolledBack"):
        walk(world, deployment, world.ports)

    assert serves_only(world, "1.0.0")


def test_what_was_rolled_back_is_told_once_however_many_noticed() -> None:
    world, deployment = a_canary_half_way()
    world.executions.ended[deployment.execution_name] = ExecutionState.FAILED

    _hear(world, deployment, world.ports)
    a_minute_passes(world)
    run_back = RollBack(deployment.id, SYSTEM, "the machine was late")
    roll_back(run_back, world.ports)

    actions = [one.action for one in world.ports.deployments.timeline(deployment.id)]
    assert (actions.count("RollBack"), actions.count("EndDeployment")) == (1, 1)
