"""Invocations: the version that serves, with this tenant's config, secrets and state, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.errors import (
    DomainError,
    ForbiddenError,
    NotFoundError,
    PluginFailedError,
    PluginTimeoutError,
    StaleRevisionError,
    TransientError,
    ValidationError,
)
from chalicelib.domain.ids import Environment
from chalicelib.domain.installations import Installation, secret_context
from chalicelib.domain.quotas import QuotaExceededError
from chalicelib.domain.routes import Route, SplitBy, Target
from chalicelib.domain.tenants import Tenant, TenantStatus
from chalicelib.services.invocations import InvokePlugin, invoke_plugin
from tests.fakes import FakeWorld

HOST = Caller("shop", frozenset({Role.HOST}), trace_id="trace-1")
OWNER = Caller("olga", frozenset({Role.TENANT_OWNER}), tenant_id="acme")
BLUE = Target("1.0.0", "v1-0-0", "1", "aa")
CHARGE = InvokePlugin(HOST, "echo", "acme", "charge", {"amount": 5}, Environment.DEVELOPMENT)


@pytest.fixture
def world() -> FakeWorld:
    """Make a world in which echo 1.0.0 serves Development, for acme with a secret and for globex without."""
    world = FakeWorld()
    world.tables.routes["echo", "Development"] = Route("echo", "Development", "salt", stable=BLUE, epoch=1)
    sealed = world.secrets.seal("sk_acme", secret_context("acme", "echo", "apiKey"))
    for tenant, secrets in (("acme", {"apiKey": sealed}), ("globex", {})):
        world.tables.tenants[tenant] = Tenant(tenant, tenant, "", "")
        world.tables.installations[tenant, "echo"] = Installation(
            tenant, "echo", "", "", config={"name": tenant}, sealed_secrets=secrets, revision=1
        )
    world.functions.respond("echo", "v1-0-0", {"ok": True, "result": {"charged": 5}})
    return world


def sent(world: FakeWorld) -> Mapping[str, Any]:
    return world.functions.calls[-1].payload


def test_the_stable_version_answers_and_says_that_it_did(world: FakeWorld) -> None:
    invocation = invoke_plugin(CHARGE, world.serving_ports)

    assert invocation.result == {"charged": 5}
    assert (invocation.version, invocation.reason, invocation.trace_id) == ("1.0.0", "stable", "trace-1")
    assert invocation.execution_id.startswith("exe_")
    assert world.functions.calls[-1].alias == "v1-0-0"


def test_a_plugin_gets_what_is_this_tenants_and_nothing_of_another(world: FakeWorld) -> None:
    invoke_plugin(CHARGE, world.serving_ports)
    assert sent(world)["config"] == {"name": "acme"}
    assert sent(world)["secrets"] == {"apiKey": "sk_acme"}

    invoke_plugin(CHARGE._replace(tenant_id="globex"), world.serving_ports)

    assert sent(world)["config"] == {"name": "globex"}
    assert sent(world)["secrets"] == {}
    assert "acme" not in repr(sent(world))


REFERENCE = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hotswap/acme/stripe-AbCdEf"


def referring(world: FakeWorld) -> None:
    kept = world.tables.installations["acme", "echo"]
    world.tables.installations["acme", "echo"] = kept._replace(sealed_secrets={"apiKey": REFERENCE})


def test_a_secret_that_is_referred_to_is_read_for_the_call(world: FakeWorld) -> None:
    referring(world)
    world.references.values[REFERENCE] = "sk_elsewhere"

    invoke_plugin(CHARGE, world.serving_ports)

    assert sent(world)["secrets"] == {"apiKey": "sk_elsewhere"}


def test_a_plugin_is_not_called_without_a_secret_that_it_should_get(world: FakeWorld) -> None:
    referring(world)

    with pytest.raises(PluginFailedError, match="apiKey") as refused:
        invoke_plugin(CHARGE, world.serving_ports)
    world.references.is_down = True
    with pytest.raises(TransientError):
        invoke_plugin(CHARGE, world.serving_ports)

    assert "PUT" in refused.value.fix
    assert world.functions.calls == []


def test_an_owner_invokes_for_its_own_tenant_only(world: FakeWorld) -> None:
    invoke_plugin(CHARGE._replace(caller=OWNER), world.serving_ports)

    with pytest.raises(NotFoundError):
        invoke_plugin(CHARGE._replace(caller=OWNER, tenant_id="globex"), world.serving_ports)

    assert len(world.functions.calls) == 1


@pytest.mark.parametrize(
    "command, error",
    [
        (CHARGE._replace(tenant_id="nobody"), NotFoundError),
        (CHARGE._replace(plugin_id="nothing"), NotFoundError),
        (CHARGE._replace(environment=Environment.PRODUCTION), NotFoundError),
    ],
)
def test_what_is_not_there_is_not_found_and_nothing_is_called(
    world: FakeWorld, command: InvokePlugin, error: type[DomainError]
) -> None:
    with pytest.raises(error) as refused:
        invoke_plugin(command, world.serving_ports)

    assert refused.value.fix
    assert world.functions.calls == []


def test_a_suspended_tenant_is_refused(world: FakeWorld) -> None:
    world.tables.tenants["acme"] = world.tables.tenants["acme"]._replace(status=TenantStatus.SUSPENDED)

    with pytest.raises(ForbiddenError, match="suspended"):
        invoke_plugin(CHARGE, world.serving_ports)


@pytest.mark.parametrize(
    "kind, error, pointer",
    [
        ("UnknownOperation", ValidationError, "/amount"),
        ("InvalidInput", ValidationError, "/input/amount"),
        ("InvalidOutput", PluginFailedError, "/result/amount"),
        ("PluginRaised", PluginFailedError, "/amount"),
        ("EntryPointFailed", PluginFailedError, "/amount"),
        ("PluginError", PluginFailedError, "/amount"),
    ],
)
def test_a_failure_is_the_callers_or_the_plugins_and_says_which(
    world: FakeWorld, kind: str, error: type[DomainError], pointer: str
) -> None:
    flaw = {"field": "/amount", "message": "must be positive", "fix": "send a positive amount"}
    world.functions.respond(
        "echo", "v1-0-0", {"ok": False, "failure": {"kind": kind, "message": "no", "errors": [flaw]}}
    )

    with pytest.raises(error, match=kind) as refused:
        invoke_plugin(CHARGE, world.serving_ports)

    assert refused.value.errors[0].field == pointer


def test_an_answer_that_is_not_the_runtimes_is_a_plugin_failure(world: FakeWorld) -> None:
    world.functions.respond("echo", "v1-0-0", {"unexpected": True})

    with pytest.raises(PluginFailedError):
        invoke_plugin(CHARGE, world.serving_ports)


def test_a_plugin_that_does_not_answer_in_time_is_a_timeout(world: FakeWorld) -> None:
    world.functions.fail_next("call", PluginTimeoutError("too slow"))

    with pytest.raises(PluginTimeoutError):
        invoke_plugin(CHARGE, world.serving_ports)


def test_a_split_by_request_calls_the_weighted_alias_and_tells_which_version_answered(world: FakeWorld) -> None:
    split = Route(
        "echo", "Development", "salt", BLUE, Target("2.0.0", "v2-0-0", "2", "bb"), 5_000, split_by=SplitBy.REQUEST
    )
    world.tables.routes["echo", "Development"] = split
    world.functions.respond("echo", "development", {"ok": True, "result": {}, "version": "2.0.0"})

    invocation = invoke_plugin(CHARGE, world.serving_ports)

    assert (invocation.version, invocation.reason) == ("2.0.0", "canary")


@pytest.mark.parametrize("is_isolated, named", [(False, None), (True, "acme")])
def test_a_call_names_its_tenant_to_lambda_where_tenants_are_isolated(
    world: FakeWorld, *, is_isolated: bool, named: str | None
) -> None:
    isolated = BLUE._replace(is_isolated=is_isolated)
    world.tables.routes["echo", "Development"] = Route("echo", "Development", "salt", stable=isolated, epoch=1)
    world.functions.respond("echo", "v1-0-0", {"ok": True, "result": {}})

    invoke_plugin(CHARGE, world.serving_ports)

    assert [call.isolated_for for call in world.functions.calls] == [named]


def with_state(world: FakeWorld) -> None:
    world.tables.routes["echo", "Development"] = Route(
        "echo", "Development", "salt", stable=BLUE._replace(has_state=True), epoch=1
    )


def test_state_goes_in_and_what_the_plugin_made_of_it_is_kept_for_this_tenant_alone(world: FakeWorld) -> None:
    with_state(world)
    world.functions.respond(
        "echo", "v1-0-0", lambda given: {"ok": True, "result": {}, "state": {"n": given["state"].get("n", 0) + 1}}
    )

    for _ in range(2):
        invoke_plugin(CHARGE, world.serving_ports)
    invoke_plugin(CHARGE._replace(tenant_id="globex"), world.serving_ports)

    assert world.serving_ports.states.load("acme", "echo")[0] == {"n": 2}
    assert world.serving_ports.states.load("globex", "echo")[0] == {"n": 1}


def test_two_calls_that_change_the_same_state_do_not_lose_one(world: FakeWorld) -> None:
    with_state(world)
    ports = world.serving_ports

    def meanwhile(_: Mapping[str, Any]) -> dict[str, Any]:
        ports.states.store("acme", "echo", {"n": 100}, revision=0, installed_at="")
        return {"ok": True, "result": {}, "state": {"n": 1}}

    world.functions.respond("echo", "v1-0-0", meanwhile)

    with pytest.raises(StaleRevisionError):
        invoke_plugin(CHARGE, ports)

    assert ports.states.load("acme", "echo")[0] == {"n": 100}


def test_state_of_an_installation_that_went_during_the_call_is_not_kept_but_the_result_is_given(
    world: FakeWorld,
) -> None:
    with_state(world)
    ports = world.serving_ports

    def uninstalled_meanwhile(_given: Mapping[str, Any]) -> dict[str, Any]:
        del world.tables.installations["acme", "echo"]
        return {"ok": True, "result": {"charged": 5}, "state": {"n": 1}}

    world.functions.respond("echo", "v1-0-0", uninstalled_meanwhile)

    invocation = invoke_plugin(CHARGE, ports)

    assert (invocation.result, invocation.is_state_lost) == ({"charged": 5}, True)
    assert ports.states.load("acme", "echo") == ({}, 0)


def test_a_plugin_without_state_reads_and_writes_none(world: FakeWorld) -> None:
    world.functions.respond("echo", "v1-0-0", {"ok": True, "result": {}, "state": {"sneaky": True}})

    invoke_plugin(CHARGE, world.serving_ports)

    assert world.serving_ports.states.load("acme", "echo") == ({}, 0)


def test_who_answered_is_noted_once_and_again_when_the_route_or_the_installation_changed(world: FakeWorld) -> None:
    for _ in range(3):
        invoke_plugin(CHARGE, world.serving_ports)
    assert world.servings.writes == 1

    world.tables.routes["echo", "Development"] = Route("echo", "Development", "salt", stable=BLUE, epoch=2)
    invoke_plugin(CHARGE, world.serving_ports)
    world.tables.installations["acme", "echo"] = world.tables.installations["acme", "echo"]._replace(revision=2)
    invoke_plugin(CHARGE, world.serving_ports)

    assert world.servings.writes == 3
    noted = world.servings.last("acme", "echo", "Development")
    assert noted is not None
    assert (noted.version, noted.reason) == ("1.0.0", "stable")


def test_who_answered_is_noted_again_where_the_plugin_was_uninstalled_and_installed_anew(world: FakeWorld) -> None:
    invoke_plugin(CHARGE, world.serving_ports)
    world.servings.noted.clear()
    anew = world.tables.installations["acme", "echo"]._replace(created_at="2026-11-22T16:00:00.000Z")
    world.tables.installations["acme", "echo"] = anew
    invoke_plugin(CHARGE, world.serving_ports)

    assert world.servings.last("acme", "echo", "Development") is not None


def test_a_split_by_request_does_not_write_for_each_request(world: FakeWorld) -> None:
    green = Target("2.0.0", "v2-0-0", "2", "bb")
    world.tables.routes["echo", "Development"] = Route(
        "echo", "Development", "salt", BLUE, green, 5_000, split_by=SplitBy.REQUEST
    )
    drawn = iter(["2.0.0", "1.0.0", "2.0.0"])
    world.functions.respond("echo", "development", lambda _: {"ok": True, "result": {}, "version": next(drawn)})

    versions = [invoke_plugin(CHARGE, world.serving_ports).version for _ in range(3)]

    assert versions == ["2.0.0", "1.0.0", "2.0.0"]
    assert world.servings.writes == 1


def limit(world: FakeWorld, **quotas: int) -> None:
    world.tables.installations["acme", "echo"] = world.tables.installations["acme", "echo"]._replace(quotas=quotas)


def test_a_call_beyond_the_quota_is_refused_and_reaches_no_plugin(world: FakeWorld) -> None:
    limit(world, requestsPerMinute=2)
    invoke_plugin(CHARGE, world.serving_ports)
    invoke_plugin(CHARGE, world.serving_ports)

    with pytest.raises(QuotaExceededError, match="2 of 2"):
        invoke_plugin(CHARGE, world.serving_ports)

    assert len(world.functions.calls) == 2
    assert invoke_plugin(CHARGE._replace(tenant_id="globex"), world.serving_ports).is_metered


@pytest.mark.parametrize("failure", [PluginTimeoutError("too slow"), PluginFailedError("no"), RuntimeError("a bug")])
def test_a_call_gives_its_slot_back_however_it_ends(world: FakeWorld, failure: Exception) -> None:
    limit(world, concurrentExecutions=1)

    for _ in range(3):
        world.functions.fail_next("call", failure)
        with pytest.raises(type(failure)):
            invoke_plugin(CHARGE, world.serving_ports)

    assert invoke_plugin(CHARGE, world.serving_ports).result == {"charged": 5}


def test_a_plugin_that_calls_itself_beyond_its_slots_is_refused(world: FakeWorld) -> None:
    limit(world, concurrentExecutions=1)
    world.functions.respond("echo", "v1-0-0", lambda _: dict(invoke_plugin(CHARGE, world.serving_ports).result))

    with pytest.raises(QuotaExceededError, match="concurrentExecutions"):
        invoke_plugin(CHARGE, world.serving_ports)


def test_calls_go_on_uncounted_while_the_ledger_is_away(world: FakeWorld) -> None:
    limit(world, requestsPerMinute=1)
    world.ledger.is_away = True

    invocations = [invoke_plugin(CHARGE, world.serving_ports) for _ in range(3)]

    assert [made.is_metered for made in invocations] == [False] * 3


def test_the_tier_decides_where_the_installation_says_nothing(world: FakeWorld) -> None:
    for _ in range(60):
        invoke_plugin(CHARGE, world.serving_ports)

    with pytest.raises(QuotaExceededError, match="60 of 60"):
        invoke_plugin(CHARGE, world.serving_ports)
