"""Invoking: over HTTP, through both functions that can answer, and by a host's own call."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.api import invoke
from chalicelib.domain.authorization import ON_BEHALF_OF
from chalicelib.domain.errors import PluginTimeoutError, TransientError
from chalicelib.domain.installations import secret_context
from chalicelib.domain.tenants import TenantStatus
from tests.api.gateway import Context, Gateway
from tests.api.scenes import PLUGIN, a_plugin, a_served_tenant
from tests.fakes import FakeWorld

INVOKE = f"/v1/plugins/{PLUGIN}/invoke"
BODY = {"tenantId": "acme", "operation": "charge", "input": {"amount": 1999}, "environment": "Development"}


@pytest.fixture(params=[True, False], ids=["slim function", "API function"])
def api(request: pytest.FixtureRequest, world: FakeWorld) -> Gateway:
    """Answer from the function that the gateway asks, or from the route that whoever runs all in one process asks."""
    return Gateway(is_invoke_slim=request.param)


@pytest.fixture
def served(world: FakeWorld, api: Gateway) -> Gateway:
    a_served_tenant(world, api)
    return api


def fails(world: FakeWorld, kind: str, **more: Any) -> None:
    failure = {"kind": kind, "message": "it says why", **more}
    world.functions.respond(PLUGIN, "v1-0-0", {"ok": False, "failure": failure, "version": "1.0.0", "metrics": {}})


def test_a_host_gets_the_result_with_version_and_reason(world: FakeWorld, served: Gateway) -> None:
    answer = served.post(INVOKE, BODY, "hugo")

    assert (answer.status, answer.json["result"]) == (200, {"charged": True})
    assert (answer.json["version"], answer.json["reason"]) == ("1.0.0", "stable")
    assert (answer.headers["X-HotSwap-Version"], answer.headers["X-HotSwap-Reason"]) == ("1.0.0", "stable")
    assert answer.json["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    payload = world.functions.calls[-1].payload
    assert (payload["input"], payload["tenantId"], payload["traceId"]) == (
        {"amount": 1999},
        "acme",
        answer.json["traceId"],
    )


def test_an_owner_reads_in_the_trail_who_had_its_secrets_given_to_a_plugin(world: FakeWorld, served: Gateway) -> None:
    kept = world.tables.installations["acme", PLUGIN]
    sealed = {"apiKey": world.secrets.seal("sk-live-of-acme", secret_context("acme", PLUGIN, "apiKey"))}
    world.tables.installations["acme", PLUGIN] = kept._replace(sealed_secrets=sealed)

    for _ in range(2):
        made = served.post(INVOKE, BODY, "hugo", headers={ON_BEHALF_OF: "eva"})
        assert made.status == 200

    trail = served.get("/v1/audit?tenant=acme", "olga")
    (read,) = [each for each in trail.json["items"] if each["action"] == "ReadSecrets"]
    assert (read["actor"], read["onBehalfOf"], read["traceId"]) == ("hugo", "eva", made.json["traceId"])
    assert read["resource"] == f"tenants/acme/plugins/{PLUGIN}"
    assert (read["after"]["secrets"], read["after"]["versions"]) == (["apiKey"], ["1.0.0"])
    assert "sk-live" not in trail.text


def test_an_owner_invokes_for_its_own_tenant_and_no_other(served: Gateway) -> None:
    assert served.post(INVOKE, BODY, "olga").status == 200

    others = served.post(INVOKE, BODY, "otto")
    nobodys = served.post(INVOKE, {**BODY, "tenantId": "initech"}, "otto")

    assert (others.status, nobodys.status) == (404, 404)
    assert others.json["detail"].replace("acme", "?") == nobodys.json["detail"].replace("initech", "?")


def test_production_is_meant_when_no_environment_is_named(served: Gateway) -> None:
    body = {name: value for name, value in BODY.items() if name != "environment"}

    answer = served.post(INVOKE, body, "hugo")

    assert (answer.status, "Production" in answer.json["detail"]) == (404, True)


@pytest.mark.parametrize(
    "changes, wrong",
    [
        ({"tenantId": None}, {"/tenantId"}),
        ({"tenantId": "ACME"}, {"/tenantId"}),
        ({"operation": ""}, {"/operation"}),
        ({"operation": ["charge"]}, {"/operation"}),
        ({"input": []}, {"/input"}),
        ({"input": None}, {"/input"}),
        ({"environment": "production"}, {"/environment"}),
        ({"environment": []}, {"/environment"}),
        ({"version": "2.0.0"}, {"/version"}),
        ({"a/b": 1, "operation": 7}, {"/a~1b", "/operation"}),
    ],
)
def test_everything_wrong_with_a_body_is_named(
    world: FakeWorld, served: Gateway, changes: dict[str, Any], wrong: set[str]
) -> None:
    answer = served.post(INVOKE, {**BODY, **changes}, "hugo")

    assert (answer.status, answer.code, answer.wrong) == (400, "VALIDATION_ERROR", wrong)
    assert all(error["fix"] for error in answer.json["errors"])
    assert world.functions.calls == []


def test_what_is_missing_is_named(served: Gateway) -> None:
    assert served.post(INVOKE, {}, "hugo").wrong == {"/tenantId", "/operation"}
    assert served.post(INVOKE, None, "hugo").wrong == {"/tenantId", "/operation"}


def test_a_query_parameter_is_refused_rather_than_ignored(served: Gateway) -> None:
    assert served.post(f"{INVOKE}?version=2.0.0", BODY, "hugo").wrong == {"/version"}


def test_an_unknown_plugin_a_disabled_one_and_one_not_deployed_are_not_found(world: FakeWorld, served: Gateway) -> None:
    a_plugin(served, "another-one")
    unknown = served.post("/v1/plugins/nobody-knows/invoke", BODY, "hugo")
    never = served.post("/v1/plugins/No%20Plugin/invoke", BODY, "hugo")
    not_installed = served.post("/v1/plugins/another-one/invoke", BODY, "hugo")
    served.post(f"/v1/tenants/acme/plugins/{PLUGIN}/disable", {}, "olga")
    disabled = served.post(INVOKE, BODY, "hugo")

    assert {answer.status for answer in (unknown, never, not_installed, disabled)} == {404}
    assert world.functions.calls == []


def test_a_suspended_tenant_is_refused(world: FakeWorld, served: Gateway) -> None:
    world.tables.tenants["acme"] = world.tables.tenants["acme"]._replace(status=TenantStatus.SUSPENDED)

    assert served.post(INVOKE, BODY, "hugo").status == 403


@pytest.mark.parametrize(
    "kind, status, code, pointer",
    [
        ("UnknownOperation", 400, "VALIDATION_ERROR", "/amount"),
        ("InvalidInput", 400, "VALIDATION_ERROR", "/input/amount"),
        ("InvalidOutput", 502, "PLUGIN_FAILED", "/result/amount"),
        ("PluginRaised", 502, "PLUGIN_FAILED", "/amount"),
        ("EntryPointFailed", 502, "PLUGIN_FAILED", "/amount"),
        ("PluginError", 502, "PLUGIN_FAILED", "/amount"),
    ],
)
def test_a_failure_of_the_plugin_is_told_as_what_it_is(
    world: FakeWorld, served: Gateway, kind: str, status: int, code: str, pointer: str
) -> None:
    fails(world, kind, errors=[{"field": "/amount", "message": "too small", "fix": "pay more"}])

    answer = served.post(INVOKE, BODY, "hugo")

    assert (answer.status, answer.code, answer.wrong) == (status, code, {pointer})


@pytest.mark.parametrize(
    "error, status, code",
    [
        (PluginTimeoutError("It took too long."), 504, "PLUGIN_TIMEOUT"),
        (TransientError("Lambda throttles."), 503, "SERVICE_UNAVAILABLE"),
        (RuntimeError("arn:aws:lambda:us-east-1:123456789012:function"), 500, "INTERNAL_ERROR"),
    ],
)
def test_what_happens_to_the_call_is_told_without_internals(
    world: FakeWorld, served: Gateway, error: Exception, status: int, code: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def answer_with_error(_payload: Mapping[str, Any]) -> dict[str, Any]:
        raise error

    world.functions.respond(PLUGIN, "v1-0-0", answer_with_error)

    answer = served.post(INVOKE, BODY, "hugo")

    assert (answer.status, answer.code) == (status, code)
    assert "123456789012" not in answer.text
    assert ("RuntimeError" in capfd.readouterr().err) is (status == 500)


def test_a_result_that_json_can_not_carry_is_the_plugins_failure(world: FakeWorld, served: Gateway) -> None:
    world.functions.respond(PLUGIN, "v1-0-0", {"ok": True, "result": {"rate": float("nan")}, "metrics": {}})

    answer = served.post(INVOKE, BODY, "hugo")

    assert (answer.status, answer.code) == (502, "PLUGIN_FAILED")


def test_each_call_writes_one_line_with_neither_input_nor_result(
    served: Gateway, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()

    served.post(INVOKE, {**BODY, "input": {"card": "4242 4242 4242 4242"}}, "hugo")

    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    line = next(each for each in lines if each["message"] == "invoke")
    assert (line["tenantId"], line["version"], line["reason"], line["status"]) == ("acme", "1.0.0", "stable", 200)
    assert line["durationMs"] >= 0
    assert "4242" not in json.dumps(lines)
    assert "charged" not in json.dumps(lines)


def test_a_host_may_call_the_function_itself(world: FakeWorld, served: Gateway) -> None:
    answer = invoke.invoke_plugin({"pluginId": PLUGIN, **BODY}, Context())

    assert (answer["result"], answer["version"], answer["reason"]) == ({"charged": True}, "1.0.0", "stable")
    assert served.answers
    assert world.functions.calls[-1].payload["tenantId"] == "acme"


@pytest.mark.parametrize(
    "event, code",
    [
        ({}, "NOT_FOUND"),
        ({"pluginId": PLUGIN}, "VALIDATION_ERROR"),
        ({"pluginId": "nobody-knows", **BODY}, "NOT_FOUND"),
        ({"pluginId": PLUGIN, **BODY, "tenantId": "initech"}, "NOT_FOUND"),
        ([], "VALIDATION_ERROR"),
        ("text", "VALIDATION_ERROR"),
        (None, "VALIDATION_ERROR"),
    ],
)
@pytest.mark.usefixtures("served")
def test_a_hosts_own_call_is_refused_by_the_same_document(event: Any, code: str) -> None:
    answer = invoke.invoke_plugin(event, Context())

    assert (answer["code"], bool(answer["fix"])) == (code, True)
