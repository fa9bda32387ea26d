"""Calls of a version on trial: what counts against it, what does not, and when stable answers instead."""

from typing import Any

import pytest

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.errors import PluginFailedError, PluginTimeoutError, TransientError, ValidationError
from chalicelib.domain.ids import Environment
from chalicelib.domain.installations import Installation
from chalicelib.domain.pins import Pin
from chalicelib.domain.routes import Route, SplitBy, Target
from chalicelib.domain.tenants import Tenant
from chalicelib.services.invocations import Invocation, InvokePlugin, invoke_plugin
from tests.fakes import FakeWorld

HOST = Caller("shop", frozenset({Role.HOST}))
BLUE, GREEN = (
    Target(f"{number}.0.0", f"v{number}-0-0", str(number), "aa", retryable=("look-up",)) for number in (1, 2)
)
LIVE = Route("echo", "Production", "salt", BLUE, GREEN, 9_999, "dep_01", epoch=3)
WELL = {"ok": True, "result": {}, "version": "1.0.0"}


def sick(kind: str = "PluginRaised") -> dict[str, Any]:
    return {"ok": False, "failure": {"kind": kind, "message": "no"}}


@pytest.fixture
def world() -> FakeWorld:
    """Make a world in which 2.0.0 is tried by nearly everybody, acme among them."""
    world = FakeWorld()
    world.tables.routes["echo", "Production"] = LIVE
    world.tables.tenants["acme"] = Tenant("acme", "acme", "", "")
    world.tables.installations["acme", "echo"] = Installation("acme", "echo", "", "")
    world.functions.respond("echo", "v1-0-0", WELL)
    world.functions.respond("echo", "v2-0-0", {"ok": True, "result": {}})
    return world


def call(world: FakeWorld, operation: str = "charge") -> Invocation:
    asked = InvokePlugin(HOST, "echo", "acme", operation, {}, Environment.PRODUCTION)
    world.clock.advance(seconds=1)
    return invoke_plugin(asked, world.serving_ports)


def counted(world: FakeWorld) -> dict[str, tuple[int, int]]:
    rows = world.ports.measurements.phases("dep_01")
    return {row.phase.version: (row.outcomes.requests, row.outcomes.failures) for row in rows}


@pytest.mark.parametrize("kind", ["PluginRaised", "InvalidOutput", "EntryPointFailed", "PluginError", "Unknown"])
def test_what_the_version_did_wrong_counts_against_it(world: FakeWorld, kind: str) -> None:
    call(world)
    world.functions.respond("echo", "v2-0-0", sick(kind))

    with pytest.raises(PluginFailedError):
        call(world)

    assert counted(world) == {"2.0.0": (2, 1)}


@pytest.mark.parametrize("error", [PluginFailedError("it stopped"), PluginTimeoutError("too late")])
def test_a_crash_and_a_timeout_count_against_it(world: FakeWorld, error: Exception) -> None:
    def fail(_: object) -> dict[str, Any]:
        raise error

    world.functions.respond("echo", "v2-0-0", fail)

    with pytest.raises(type(error)):
        call(world)

    assert counted(world) == {"2.0.0": (1, 1)}


@pytest.mark.parametrize("kind", ["UnknownOperation", "InvalidInput"])
def test_what_the_caller_did_wrong_is_no_call_of_the_version(world: FakeWorld, kind: str) -> None:
    world.functions.respond("echo", "v2-0-0", sick(kind))

    with pytest.raises(ValidationError):
        call(world)

    assert counted(world) == {}


def test_what_the_platform_did_wrong_is_no_call_of_the_version(world: FakeWorld) -> None:
    def throttled(_: object) -> dict[str, Any]:
        raise TransientError("throttled")

    world.functions.respond("echo", "v2-0-0", throttled)

    with pytest.raises(TransientError):
        call(world)

    assert counted(world) == {}


def test_a_pinned_tenant_says_nothing_of_the_split(world: FakeWorld) -> None:
    installed = world.tables.installations["acme", "echo"]
    pin = Pin("Production", GREEN, "held", "ana", "2026-01-01T00:00:00.000Z")
    world.tables.installations["acme", "echo"] = installed._replace(pin=pin)

    assert call(world).reason == "pin"

    assert counted(world) == {}


@pytest.mark.parametrize("number, version", [("1", "1.0.0"), ("2", "2.0.0")])
def test_where_requests_are_split_the_version_that_lambda_names_is_counted(
    world: FakeWorld, number: str, version: str
) -> None:
    world.tables.routes["echo", "Production"] = LIVE._replace(split_by=SplitBy.REQUEST)

    def died(_: object) -> dict[str, Any]:
        error = PluginFailedError("it stopped")
        error.lambda_version = number
        raise error

    world.functions.respond("echo", "production", died)

    with pytest.raises(PluginFailedError):
        call(world)
    world.functions.respond("echo", "production", {"ok": True, "result": {}, "version": version})
    call(world)

    assert counted(world) == {version: (2, 1)}


def test_stable_answers_what_may_be_repeated_and_the_failure_counts_against_the_candidate(world: FakeWorld) -> None:
    world.functions.respond("echo", "v2-0-0", sick())

    made = call(world, "look-up")

    assert (made.version, made.reason, made.stood_in_for) == ("1.0.0", "stable", "2.0.0")
    assert [one.alias for one in world.functions.calls] == ["v2-0-0", "v1-0-0"]
    assert counted(world) == {"2.0.0": (1, 1)}
    assert world.servings.noted == {}


def test_where_stable_fails_as_well_the_caller_is_told(world: FakeWorld) -> None:
    for alias in ("v1-0-0", "v2-0-0"):
        world.functions.respond("echo", alias, sick())

    with pytest.raises(PluginFailedError, match=r"echo 1\.0\.0"):
        call(world, "look-up")

    assert counted(world) == {"2.0.0": (1, 1)}


def test_nothing_is_repeated_that_is_not_declared_so(world: FakeWorld) -> None:
    world.functions.respond("echo", "v2-0-0", sick())

    with pytest.raises(PluginFailedError):
        call(world, "charge")

    assert len(world.functions.calls) == 1


def test_stable_has_nobody_to_stand_in_for_it(world: FakeWorld) -> None:
    world.tables.routes["echo", "Production"] = LIVE._replace(candidate=None, candidate_bps=0, deployment_id=None)
    world.functions.respond("echo", "v1-0-0", sick())

    with pytest.raises(PluginFailedError):
        call(world, "look-up")

    assert len(world.functions.calls) == 1


def test_stable_is_not_asked_when_the_caller_will_not_wait_for_it(world: FakeWorld) -> None:
    def slow(_: object) -> dict[str, Any]:
        world.clock.advance(seconds=20)
        raise PluginTimeoutError("too late")

    world.functions.respond("echo", "v2-0-0", slow)

    with pytest.raises(PluginTimeoutError):
        call(world, "look-up")

    assert len(world.functions.calls) == 1
