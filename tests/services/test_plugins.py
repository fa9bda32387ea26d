"""Plugins: registered once, changed by their owner, deleted only when nobody uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.errors import ConflictError, ForbiddenError, NotFoundError, TransientError, ValidationError
from chalicelib.domain.installations import Installation
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.plugins import PluginStatus, PluginType
from chalicelib.domain.routes import Route, Target
from chalicelib.services.plugins import (
    DeletePlugin,
    DeprecatePlugin,
    RegisterPlugin,
    UpdatePlugin,
    delete_plugin,
    deprecate_plugin,
    register_plugin,
    update_plugin,
)
from chalicelib.services.versions import CreateVersion, create_version
from tests.fakes import FakeWorld
from tests.fakes.functions import FakeFunction

ANA = Caller("ana", frozenset({Role.DEVELOPER}), trace_id="trace-1")
BOB = Caller("bob", frozenset({Role.DEVELOPER}))
ADMIN = Caller("root", frozenset({Role.ADMIN}))
SERVING = Route("echo", "Development", "salt", stable=Target("1.0.0", "v1-0-0", "1", "aa"), epoch=1, fence=1)


@pytest.fixture
def world() -> FakeWorld:
    """Make a world in which ana has registered echo."""
    world = FakeWorld()
    register_plugin(RegisterPlugin(ANA, "echo", PluginType.OTHER), world.ports)
    return world


def test_registering_makes_the_caller_the_owner_and_is_recorded(world: FakeWorld) -> None:
    plugin = world.ports.plugins.get("echo")

    assert (plugin.owner, plugin.status, plugin.display_name) == ("ana", PluginStatus.ACTIVE, "echo")
    record = world.tables.records[0]
    assert (record.actor, record.action, record.resource) == ("ana", "RegisterPlugin", "plugins/echo")
    assert record.trace_id == "trace-1"


def test_a_name_is_registered_once(world: FakeWorld) -> None:
    with pytest.raises(ConflictError):
        register_plugin(RegisterPlugin(BOB, "echo", PluginType.OTHER), world.ports)

    assert world.ports.plugins.get("echo").owner == "ana"
    assert world.tables.actions == ["RegisterPlugin"]


def test_a_dry_run_says_what_would_happen_and_changes_nothing(world: FakeWorld) -> None:
    before = list(world.tables.records)

    register_plugin(RegisterPlugin(BOB, "new-one", PluginType.OTHER, validate_only=True), world.ports)
    update_plugin(UpdatePlugin(ANA, "echo", {"author": "x"}, validate_only=True), world.ports)
    deprecate_plugin(DeprecatePlugin(ANA, "echo", "old", validate_only=True), world.ports)
    delete_plugin(DeletePlugin(ANA, "echo", validate_only=True), world.ports)
    with pytest.raises(ConflictError):
        register_plugin(RegisterPlugin(BOB, "echo", PluginType.OTHER, validate_only=True), world.ports)

    assert world.tables.records == before
    assert world.ports.plugins.get("echo").author == "ana"


def test_a_bad_name_registers_nothing(world: FakeWorld) -> None:
    with pytest.raises(ValidationError):
        register_plugin(RegisterPlugin(ANA, "Ünïcode", PluginType.OTHER), world.ports)

    assert world.tables.actions == ["RegisterPlugin"]


def test_the_owner_changes_the_words_and_the_record_shows_both_sides(world: FakeWorld) -> None:
    update_plugin(UpdatePlugin(ANA, "echo", {"description": "says it back", "tags": ("a",)}), world.ports)

    assert world.ports.plugins.get("echo").description == "says it back"
    assert world.tables.records[-1].before == {"description": "", "tags": ()}
    assert world.tables.records[-1].after == {"description": "says it back", "tags": ("a",)}


def test_another_developer_can_neither_change_nor_deprecate_nor_delete(world: FakeWorld) -> None:
    attempts: tuple[Callable[[], object], ...] = (
        lambda: update_plugin(UpdatePlugin(BOB, "echo", {"author": "bob"}), world.ports),
        lambda: deprecate_plugin(DeprecatePlugin(BOB, "echo", "mine now"), world.ports),
        lambda: delete_plugin(DeletePlugin(BOB, "echo"), world.ports),
    )
    for attempt in attempts:
        with pytest.raises(ForbiddenError):
            attempt()

    assert world.tables.actions == ["RegisterPlugin"]


def test_a_deprecated_plugin_tells_why_and_is_deprecated_once(world: FakeWorld) -> None:
    deprecated = deprecate_plugin(DeprecatePlugin(ADMIN, "echo", "old", "use shout"), world.ports)

    assert deprecated.status is PluginStatus.DEPRECATED
    assert deprecated.deprecation is not None
    assert deprecated.deprecation.migration_guide == "use shout"
    with pytest.raises(ConflictError):
        deprecate_plugin(DeprecatePlugin(ADMIN, "echo", "again"), world.ports)


def test_a_deleted_plugin_is_gone_and_its_function_too(world: FakeWorld) -> None:
    delete_plugin(DeletePlugin(ANA, "echo"), world.ports)

    with pytest.raises(NotFoundError):
        world.ports.plugins.get("echo")
    assert "echo" not in world.functions.functions


def test_a_name_that_is_registered_again_brings_no_old_version_back(world: FakeWorld) -> None:
    create_version(CreateVersion(ANA, "echo", "1.0.0", sha256="ab" * 32, size=7), world.ports)
    delete_plugin(DeletePlugin(ANA, "echo"), world.ports)

    register_plugin(RegisterPlugin(BOB, "echo", PluginType.OTHER), world.ports)

    with pytest.raises(NotFoundError):
        world.ports.versions.get("echo", "1.0.0")
    with pytest.raises(ConflictError, match="never reused"):
        create_version(CreateVersion(BOB, "echo", "1.0.0", sha256="cd" * 32, size=7), world.ports)


def test_registering_again_finishes_a_delete_that_died_half_way(world: FakeWorld) -> None:
    create_version(CreateVersion(ANA, "echo", "1.0.0", sha256="ab" * 32, size=7), world.ports)
    world.functions.functions["echo"] = FakeFunction()
    world.functions.fail_next("delete", TransientError("Lambda is away"))
    with pytest.raises(TransientError):
        delete_plugin(DeletePlugin(ANA, "echo"), world.ports)

    register_plugin(RegisterPlugin(ANA, "echo", PluginType.OTHER), world.ports)

    assert "echo" not in world.functions.functions
    assert world.ports.versions.page("echo", PageRequest()).items == ()


def test_a_plugin_that_serves_is_not_deleted(world: FakeWorld) -> None:
    world.tables.routes["echo", "Development"] = SERVING

    with pytest.raises(ConflictError, match="Development"):
        delete_plugin(DeletePlugin(ANA, "echo"), world.ports)

    assert world.ports.plugins.get("echo").status is PluginStatus.ACTIVE


def test_a_plugin_that_a_tenant_uses_is_not_deleted(world: FakeWorld) -> None:
    world.tables.installations["acme", "echo"] = Installation("acme", "echo", "", "")

    with pytest.raises(ConflictError, match="Tenants"):
        delete_plugin(DeletePlugin(ANA, "echo"), world.ports)


def test_a_deployment_that_wins_the_race_keeps_the_plugin(world: FakeWorld) -> None:
    # The check sees no route; the deployment writes one before the tombstone.
    ports = replace(world.ports, routes=replace_routes(world))

    with pytest.raises(ConflictError):
        delete_plugin(DeletePlugin(ANA, "echo"), ports)

    assert world.ports.plugins.get("echo").status is PluginStatus.ACTIVE


def replace_routes(world: FakeWorld) -> RouteWrittenAfterTheCheck:
    return RouteWrittenAfterTheCheck(world)


class RouteWrittenAfterTheCheck:
    """Routes that show nothing, and write one right after they were asked."""

    def __init__(self, world: FakeWorld) -> None:
        self.world = world

    def get(self, plugin_id: str, environment: str) -> Route | None:
        return None

    def of_plugin(self, plugin_id: str) -> tuple[Route, ...]:
        self.world.tables.routes["echo", "Development"] = SERVING
        return ()

    def everywhere(self) -> Iterator[Route]:
        yield from ()
