"""Installations and secrets: one tenant's own, and never a secret in the clear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.errors import ConflictError, NotFoundError, PayloadTooLargeError, ValidationError
from chalicelib.domain.plugins import PluginType
from chalicelib.domain.tenants import Tier
from chalicelib.domain.versions import Version, VersionStatus
from chalicelib.services.authentication import LogIn, log_in
from chalicelib.services.configurations import MAX_CONFIG_BYTES
from chalicelib.services.installations import (
    DeleteSecret,
    DisablePlugin,
    EnablePlugin,
    PutSecret,
    delete_secret,
    disable_plugin,
    enable_plugin,
    put_secret,
)
from chalicelib.services.plugins import RegisterPlugin, register_plugin
from chalicelib.services.tenants import CreateTenant, create_tenant
from tests.fakes import FakeWorld

ADMIN = Caller("root", frozenset({Role.ADMIN}))
OWNER = Caller("olga", frozenset({Role.TENANT_OWNER}), tenant_id="acme")
STRANGER = Caller("max", frozenset({Role.TENANT_OWNER}), tenant_id="globex")
ENABLE = EnablePlugin(OWNER, "acme", "echo", {"greeting": "hi"}, 20)
SECRET = PutSecret(OWNER, "acme", "echo", "apiKey", "sk_live_planted")


@pytest.fixture
def world() -> FakeWorld:
    """Make a world with tenants acme and globex and the plugin echo, installed by nobody."""
    world = FakeWorld()
    register_plugin(RegisterPlugin(ADMIN, "echo", PluginType.OTHER), world.ports)
    manifest = {"secrets": ["apiKey"]}
    ready = Version("echo", "1.0.0", "", 0, VersionStatus.READY, "", "root", "key", manifest=manifest)
    world.tables.versions["echo", "1.0.0"] = ready
    for tenant in ("acme", "globex"):
        create_tenant(CreateTenant(ADMIN, tenant, tenant.title(), Tier.STARTER), world.ports)
    return world


def test_a_tenant_is_created_once_and_recorded_as_its_own(world: FakeWorld) -> None:
    with pytest.raises(ConflictError):
        create_tenant(CreateTenant(ADMIN, "acme", "Again"), world.ports)
    create_tenant(CreateTenant(ADMIN, "initech", "Initech", validate_only=True), world.ports)

    assert sorted(world.tables.tenants) == ["acme", "globex"]
    assert world.tables.records[-1].tenant_id == "globex"


@pytest.mark.parametrize("caller", [OWNER, ADMIN])
def test_the_owner_or_an_admin_enables_a_plugin(world: FakeWorld, caller: Caller) -> None:
    installation = enable_plugin(replace(ENABLE, caller=caller), world.ports)

    assert installation.is_enabled
    assert world.tables.records[-1].after == {"configKeys": ["greeting"]}


def test_another_tenants_owner_finds_nothing_to_touch(world: FakeWorld) -> None:
    enable_plugin(ENABLE, world.ports)
    before = list(world.tables.records)

    attempts: tuple[Callable[[], object], ...] = (
        lambda: enable_plugin(replace(ENABLE, caller=STRANGER), world.ports),
        lambda: disable_plugin(DisablePlugin(STRANGER, "acme", "echo"), world.ports),
        lambda: put_secret(replace(SECRET, caller=STRANGER), world.ports),
        lambda: delete_secret(DeleteSecret(STRANGER, "acme", "echo", "apiKey"), world.ports),
    )
    for attempt in attempts:
        with pytest.raises(NotFoundError):
            attempt()

    assert world.tables.records == before


@pytest.mark.parametrize("tenant_id, plugin_id", [("nobody", "echo"), ("acme", "nothing")])
def test_nothing_is_installed_for_nobody_or_of_nothing(world: FakeWorld, tenant_id: str, plugin_id: str) -> None:
    with pytest.raises(NotFoundError):
        enable_plugin(EnablePlugin(ADMIN, tenant_id, plugin_id), world.ports)

    assert world.tables.installations == {}


def test_enabling_twice_is_a_conflict_and_keeps_the_first_config(world: FakeWorld) -> None:
    enable_plugin(ENABLE, world.ports)

    with pytest.raises(ConflictError):
        enable_plugin(replace(ENABLE, config={"greeting": "other"}), world.ports)

    assert world.tables.installations["acme", "echo"].config == {"greeting": "hi"}


def test_disabling_keeps_config_and_secrets_for_the_next_time(world: FakeWorld) -> None:
    enable_plugin(ENABLE, world.ports)
    put_secret(SECRET, world.ports)

    disable_plugin(DisablePlugin(OWNER, "acme", "echo"), world.ports)
    disable_plugin(DisablePlugin(OWNER, "acme", "echo"), world.ports)
    again = enable_plugin(replace(ENABLE, config={}), world.ports)

    assert again.config == {"greeting": "hi"}
    assert list(again.sealed_secrets) == ["apiKey"]
    assert world.tables.actions.count("DisablePlugin") == 1


def test_a_config_of_65_kilobytes_is_refused(world: FakeWorld) -> None:
    with pytest.raises(PayloadTooLargeError):
        enable_plugin(replace(ENABLE, config_bytes=MAX_CONFIG_BYTES + 1), world.ports)


def test_a_secret_is_sealed_under_its_tenant_plugin_and_name_and_recorded_by_name_only(world: FakeWorld) -> None:
    enable_plugin(ENABLE, world.ports)

    installation = put_secret(SECRET, world.ports)

    sealed = installation.sealed_secrets["apiKey"]
    context = {"tenant": "acme", "plugin": "echo", "name": "apiKey"}
    assert world.secrets.unseal(sealed, context) == "sk_live_planted"
    assert "sk_live_planted" not in repr((installation, world.tables.records, SECRET))
    assert world.tables.records[-1].after == {"secret": "apiKey"}


def test_a_deleted_secret_is_gone_and_deleting_it_again_changes_nothing(world: FakeWorld) -> None:
    enable_plugin(ENABLE, world.ports)
    put_secret(SECRET, world.ports)

    for _ in range(2):
        installation = delete_secret(DeleteSecret(OWNER, "acme", "echo", "apiKey"), world.ports)
        assert installation.sealed_secrets == {}

    assert world.tables.actions.count("DeleteSecret") == 1


@pytest.mark.parametrize(
    "secret, error",
    [
        (replace(SECRET, value=""), ValidationError),
        (replace(SECRET, name=""), ValidationError),
        (replace(SECRET, name="n" * 65), ValidationError),
        (replace(SECRET, value="v" * 4097), PayloadTooLargeError),
    ],
)
def test_what_can_not_be_a_secret_is_refused(world: FakeWorld, secret: PutSecret, error: type[Exception]) -> None:
    enable_plugin(ENABLE, world.ports)

    with pytest.raises(error) as refused:
        put_secret(secret, world.ports)

    assert "vvvv" not in str(refused.value)


def test_a_dry_run_of_an_installation_changes_nothing(world: FakeWorld) -> None:
    enable_plugin(replace(ENABLE, validate_only=True), world.ports)
    assert world.tables.installations == {}
    enable_plugin(ENABLE, world.ports)

    put_secret(replace(SECRET, validate_only=True), world.ports)
    disable_plugin(DisablePlugin(OWNER, "acme", "echo", validate_only=True), world.ports)

    assert world.tables.installations["acme", "echo"].is_enabled
    assert world.tables.installations["acme", "echo"].sealed_secrets == {}


def test_logins_and_refusals_are_remembered_without_the_password(world: FakeWorld) -> None:
    world.identity.add_user("ana", "correct horse", Role.DEVELOPER)

    login = log_in(LogIn("ana", "correct horse", "trace-1"), world.ports)
    with pytest.raises(Exception, match="wrong"):
        log_in(LogIn("ana", "battery staple"), world.ports)

    assert login.token == "token-ana"
    assert world.tables.actions[-2:] == ["LogIn", "RefuseLogin"]
    assert "horse" not in repr(world.tables.records)
    assert "staple" not in repr(LogIn("ana", "battery staple"))
