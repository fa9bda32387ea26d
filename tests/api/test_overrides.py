"""Overrides: a smoke test of a version that nobody else gets, and nothing that could be misused as more."""

from typing import Any

import pytest

from chalicelib.api import invoke
from chalicelib.domain.pins import Pin
from chalicelib.domain.tenants import TenantStatus
from tests.api.gateway import Answer, Context, Gateway
from tests.api.scenes import PLUGIN, a_plugin, a_ready_version, a_served_tenant
from tests.fakes import FakeWorld

MINT = f"/v1/plugins/{PLUGIN}/versions/2.0.0/override"
INVOKE = f"/v1/plugins/{PLUGIN}/invoke"
BODY = {"tenantId": "acme", "operation": "charge", "input": {}, "environment": "Development"}
HEADER = "X-HotSwap-Override"


@pytest.fixture(params=[True, False], ids=["slim function", "API function"])
def api(request: pytest.FixtureRequest, world: FakeWorld) -> Gateway:
    return Gateway(is_invoke_slim=request.param)


@pytest.fixture
def served(world: FakeWorld, api: Gateway) -> Gateway:
    """Let 1.0.0 serve, and 2.0.0 be Ready and served to nobody."""
    a_served_tenant(world, api)
    a_ready_version(world, api, "2.0.0")
    world.functions.respond(PLUGIN, "v2-0-0", {"ok": True, "result": {"new": True}, "version": "2.0.0", "metrics": {}})
    return api


def minted(api: Gateway, **body: Any) -> str:
    answer = api.post(MINT, {"environment": "Development", **body}, "ana")
    assert answer.status == 201
    return str(answer.json["token"])


def invoked(api: Gateway, token: str, **changes: Any) -> Answer:
    return api.post(INVOKE, {**BODY, **changes}, "hugo", headers={HEADER: token})


def test_one_request_goes_to_the_version_and_the_next_does_not(world: FakeWorld, served: Gateway) -> None:
    answer = invoked(served, minted(served))
    after = served.post(INVOKE, BODY, "hugo")

    assert (answer.status, answer.json["result"]) == (200, {"new": True})
    assert (answer.json["version"], answer.json["reason"]) == ("2.0.0", "override")
    assert (answer.headers["X-HotSwap-Version"], answer.headers["X-HotSwap-Reason"]) == ("2.0.0", "override")
    assert (after.json["version"], after.json["reason"]) == ("1.0.0", "stable")


def test_a_smoke_test_is_not_noted_as_what_serves_the_tenant(world: FakeWorld, served: Gateway) -> None:
    invoked(served, minted(served))

    assert world.servings.writes == 0


def test_nothing_is_looked_up_while_no_request_carries_one(world: FakeWorld, served: Gateway) -> None:
    served.post(INVOKE, BODY, "hugo")

    assert world.override_key.looked_up == 0


def test_it_says_which_header_and_until_when(served: Gateway) -> None:
    answer = served.post(MINT, {"environment": "Development", "ttl": "PT15M"}, "ana")

    assert (answer.json["header"], answer.json["version"]) == (HEADER, "2.0.0")
    assert answer.json["expiresAt"] == "2026-11-22T15:15:00.000Z"


def test_it_ends_by_itself(world: FakeWorld, served: Gateway) -> None:
    token = minted(served, ttl="PT1M")
    world.clock.advance(seconds=59)
    assert invoked(served, token).status == 200

    world.clock.advance(seconds=1)

    late = invoked(served, token)
    assert (late.status, late.code) == (403, "FORBIDDEN")
    assert "POST" in late.json["fix"]


@pytest.mark.parametrize("token", ["", "forged", "A" * 200, "%", "a" * 3000])
def test_a_forged_one_is_refused_and_nothing_is_called(world: FakeWorld, served: Gateway, token: str) -> None:
    before_any = invoked(served, token)
    minted(served)
    after = invoked(served, token)

    for answer in (before_any, after):
        assert (answer.status, answer.code, answer.wrong) == (400, "VALIDATION_ERROR", {f"/{HEADER}"})
    assert world.functions.calls == []


def test_one_for_another_environment_or_plugin_is_refused(world: FakeWorld, served: Gateway) -> None:
    token = minted(served)
    a_plugin(served, "another-one")

    elsewhere = invoked(served, token, environment="Production")
    other = served.post("/v1/plugins/another-one/invoke", BODY, "hugo", headers={HEADER: token})

    assert (elsewhere.status, other.status) == (403, 403)
    assert world.functions.calls == []


def test_a_pin_and_a_suspension_come_first(world: FakeWorld, served: Gateway) -> None:
    token = minted(served)
    stable = world.tables.routes[PLUGIN, "Development"].stable
    assert stable is not None
    installation = world.tables.installations["acme", PLUGIN]
    pin = Pin("Development", stable, "audit season", "olga", "2026-11-22T15:00:00.000Z")
    world.tables.installations["acme", PLUGIN] = installation._replace(pin=pin)
    assert invoked(served, token).json["reason"] == "pin"

    world.tables.tenants["acme"] = world.tables.tenants["acme"]._replace(status=TenantStatus.SUSPENDED)

    assert invoked(served, token).status == 403


def test_an_owner_reaches_no_other_tenant_with_it(served: Gateway) -> None:
    answer = served.post(INVOKE, BODY, "otto", headers={HEADER: minted(served)})

    assert answer.status == 404


def test_it_works_where_nothing_is_deployed_yet(world: FakeWorld, served: Gateway) -> None:
    token = served.post(MINT, {"environment": "Production"}, "root").json["token"]

    answer = invoked(served, token, environment="Production")

    assert (answer.json["version"], answer.json["reason"]) == ("2.0.0", "override")


def test_a_host_sends_it_with_its_own_call(served: Gateway) -> None:
    answer = invoke.invoke_plugin({"pluginId": PLUGIN, **BODY, "override": minted(served)}, Context())
    forged = invoke.invoke_plugin({"pluginId": PLUGIN, **BODY, "override": None}, Context())

    assert (answer["version"], answer["reason"]) == ("2.0.0", "override")
    assert forged["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    "environment, status", [("Development", 201), ("QA", 201), ("Staging", 403), ("Production", 403)]
)
def test_a_developer_gets_one_where_a_developer_may_deploy(served: Gateway, environment: str, status: int) -> None:
    assert served.post(MINT, {"environment": environment}, "ana").status == status
    assert served.post(MINT, {"environment": environment}, "root").status == 201


@pytest.mark.parametrize("ttl", ["PT15M1S", "PT0S", "-PT1M", "soon", None, "P1D", {}])
def test_a_lifetime_out_of_range_is_refused(served: Gateway, ttl: object) -> None:
    answer = served.post(MINT, {"environment": "Development", "ttl": ttl}, "ana")

    assert (answer.status, answer.wrong) == (400, {"/ttl"})


def test_only_a_ready_version_can_be_called(world: FakeWorld, served: Gateway) -> None:
    assert served.post(MINT.replace("2.0.0", "3.0.0"), {"environment": "Development"}, "ana").status == 404
    served.post(
        f"/v1/plugins/{PLUGIN}/versions",
        {"version": "3.0.0", "sha256": "ab" * 32, "size": 9, "releaseNotes": ""},
        "ana",
    )

    assert served.post(MINT.replace("2.0.0", "3.0.0"), {"environment": "Development"}, "ana").status == 422


def test_a_dry_run_signs_nothing_and_a_real_one_is_remembered_without_its_token(
    world: FakeWorld, served: Gateway
) -> None:
    dry = served.post(f"{MINT}?validateOnly=true", {"environment": "Development"}, "ana")
    assert (dry.status, dry.json["token"], world.override_key.key) == (200, None, None)
    assert "MintOverride" not in world.tables.actions

    token = minted(served)

    record = next(record for record in world.tables.records if record.action == "MintOverride")
    assert (record.actor, record.resource) == ("ana", f"plugins/{PLUGIN}/versions/2.0.0")
    assert token not in repr(record)
