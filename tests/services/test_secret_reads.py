"""Reads of tenants' secrets by invocations: on record once an hour for each caller, and in no call's way."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.audit_seals import digest_of, erased
from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.errors import PluginFailedError, TransientError
from chalicelib.domain.ids import Environment
from chalicelib.domain.installations import Installation, secret_context
from chalicelib.domain.notifications import NOTABLES
from chalicelib.domain.routes import Route, SplitBy, Target
from chalicelib.domain.tenants import Tenant
from chalicelib.services.invocations import InvokePlugin, invoke_plugin
from chalicelib.services.secret_reads import MAX_AT_ONCE, PAUSE_SECONDS, WINDOW_SECONDS
from tests.fakes import FakeWorld

HOST = Caller("shop", frozenset({Role.HOST}), trace_id="trace-1", ip="203.0.113.7", on_behalf_of="eva")
OWNER = Caller("olga", frozenset({Role.TENANT_OWNER}), tenant_id="acme", trace_id="trace-2")
BLUE, GREEN = Target("1.0.0", "v1-0-0", "1", "aa"), Target("2.0.0", "v2-0-0", "2", "bb", retryable=("charge",))
CHARGE = InvokePlugin(HOST, "echo", "acme", "charge", {"amount": 5}, Environment.DEVELOPMENT)
AWAY = TransientError("The table does not answer.")


@pytest.fixture
def world() -> FakeWorld:
    """Make a world in which echo 1.0.0 serves acme, which has two secrets, and globex, which has none."""
    world = FakeWorld()
    world.tables.routes["echo", "Development"] = Route("echo", "Development", "salt", stable=BLUE, epoch=1)
    names = ("webhookKey", "apiKey")
    sealed = {name: world.secrets.seal(f"sk_{name}", secret_context("acme", "echo", name)) for name in names}
    for tenant, secrets in (("acme", sealed), ("globex", {})):
        world.tables.tenants[tenant] = Tenant(tenant, tenant, "", "")
        world.tables.installations[tenant, "echo"] = Installation(tenant, "echo", "", "", sealed_secrets=secrets)
    world.functions.respond("echo", "v1-0-0", {"ok": True, "result": {}})
    return world


def invoke(world: FakeWorld, command: InvokePlugin = CHARGE, times: int = 1) -> list[AuditRecord]:
    """Invoke so often; return what is on record then."""
    for _ in range(times):
        invoke_plugin(command, world.serving_ports)
    return world.tables.records


def test_a_record_says_who_read_which_secrets_for_what_and_no_value(world: FakeWorld) -> None:
    (record,) = invoke(world)

    assert (record.action, record.resource, record.result) == ("ReadSecrets", "tenants/acme/plugins/echo", "done")
    assert (record.actor, record.on_behalf_of, record.roles, record.ip) == ("shop", "eva", ("Host",), "203.0.113.7")
    assert (record.tenant_id, record.trace_id) == ("acme", "trace-1")
    assert record.after == {
        "secrets": ["apiKey", "webhookKey"],
        "versions": ["1.0.0"],
        "environment": "Development",
        "readAt": record.at,
    }
    assert "sk_" not in repr(record)


def test_a_record_stands_for_an_hour_of_the_same(world: FakeWorld) -> None:
    assert len(invoke(world, times=3)) == 1
    world.clock.advance(seconds=WINDOW_SECONDS - 1)
    assert len(invoke(world)) == 1

    world.clock.advance(seconds=1)

    assert len(invoke(world, times=3)) == 2


def test_a_clock_that_went_back_writes_again(world: FakeWorld) -> None:
    invoke(world)
    world.clock.advance(seconds=-60)

    assert len(invoke(world, times=2)) == 2


@pytest.mark.parametrize(
    "other",
    [
        CHARGE._replace(caller=OWNER),
        CHARGE._replace(caller=HOST._replace(username="till")),
        CHARGE._replace(caller=HOST._replace(on_behalf_of="emil")),
    ],
)
def test_another_caller_is_another_record(world: FakeWorld, other: InvokePlugin) -> None:
    invoke(world)

    records = invoke(world, other, times=2)

    assert [(each.actor, each.on_behalf_of) for each in records] == [
        (HOST.username, HOST.on_behalf_of),
        (other.caller.username, other.caller.on_behalf_of),
    ]


def test_another_version_and_another_secret_are_another_record(world: FakeWorld) -> None:
    invoke(world)
    world.tables.routes["echo", "Development"] = Route("echo", "Development", "salt", stable=GREEN, epoch=2)
    world.functions.respond("echo", "v2-0-0", {"ok": True, "result": {}})
    invoke(world)
    kept = world.tables.installations["acme", "echo"]
    one_less = {"apiKey": kept.sealed_secrets["apiKey"]}
    world.tables.installations["acme", "echo"] = kept._replace(sealed_secrets=one_less)

    records = invoke(world, times=2)

    assert [(each.after["versions"], len(each.after["secrets"])) for each in records] == [
        (["1.0.0"], 2),
        (["2.0.0"], 2),
        (["2.0.0"], 1),
    ]


def test_every_version_that_a_call_may_reach_is_named(world: FakeWorld) -> None:
    split = Route("echo", "Development", "salt", BLUE, GREEN, 5_000, split_by=SplitBy.REQUEST)
    world.tables.routes["echo", "Development"] = split
    world.functions.respond("echo", "development", {"ok": True, "result": {}, "version": "2.0.0"})
    invoke(world)

    all_on_trial = Route("echo", "Development", "salt", BLUE, GREEN, 10_000)
    world.tables.routes["echo", "Development"] = all_on_trial
    world.functions.respond("echo", "v2-0-0", {"ok": True, "result": {}})
    records = invoke(world, CHARGE._replace(caller=OWNER))

    assert [each.after["versions"] for each in records] == [["1.0.0", "2.0.0"], ["2.0.0", "1.0.0"]]


def test_without_a_secret_nothing_is_recorded(world: FakeWorld) -> None:
    assert invoke(world, CHARGE._replace(tenant_id="globex"), times=2) == []


def test_a_read_is_on_record_also_where_the_plugin_fails(world: FakeWorld) -> None:
    world.functions.fail_next("call", PluginFailedError("no", fix="mend it"))

    with pytest.raises(PluginFailedError):
        invoke(world)

    assert world.tables.actions == ["ReadSecrets"]


def test_while_the_table_is_away_calls_are_answered_and_the_record_follows(
    world: FakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world.tables.fail_next(AWAY)
    read_at = world.clock.now()
    with caplog.at_level(logging.WARNING):
        assert invoke(world) == []
    assert "1 reads of secrets are not on record yet: TransientError" in caplog.text
    assert invoke(world) == [], "the table is left alone for a moment"

    # Any call of the container brings it, also one without secrets.
    world.clock.advance(seconds=PAUSE_SECONDS)
    (record,) = invoke(world, CHARGE._replace(tenant_id="globex"), times=3)

    assert (record.action, record.tenant_id, record.actor) == ("ReadSecrets", "acme", "shop")
    assert record.after["readAt"].startswith(f"{read_at:%Y-%m-%dT%H:%M:%S}")
    assert record.at > record.after["readAt"], "it bears the time of its writing: its seal may not come too late"


def test_what_piled_up_is_written_a_few_at_once_and_none_twice(world: FakeWorld) -> None:
    people = [f"person-{number}" for number in range(MAX_AT_ONCE + 5)]
    world.tables.fail_next(AWAY)
    for person in people:
        invoke(world, CHARGE._replace(caller=HOST._replace(on_behalf_of=person)))
    assert world.tables.records == []

    world.clock.advance(seconds=PAUSE_SECONDS)
    first = CHARGE._replace(caller=HOST._replace(on_behalf_of=people[0]))
    assert len(invoke(world, first)) == MAX_AT_ONCE
    records = invoke(world, first, times=2)

    assert [each.on_behalf_of for each in records] == people


def test_a_read_is_erased_like_any_record_about_the_tenant(world: FakeWorld) -> None:
    (record,) = invoke(world, CHARGE._replace(caller=OWNER))

    empty = erased(record, "7f")

    assert (empty.actor, empty.after, empty.resource) == ("erased-7f", {}, record.resource)
    assert digest_of(empty) == digest_of(record) != digest_of(replace(record, after={}))


def test_a_read_ends_with_its_retention_and_is_no_news(world: FakeWorld) -> None:
    (record,) = invoke(world)

    assert record.expires_at == int((world.clock.now() + timedelta(days=400)).timestamp())
    assert "ReadSecrets" not in NOTABLES
