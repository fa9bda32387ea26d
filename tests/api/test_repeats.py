"""Repeats with an Idempotency-Key, against a table as DynamoDB has it."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib import bootstrap_limits
from chalicelib.api import idempotency
from chalicelib.domain.authorization import Role
from chalicelib.domain.errors import TransientError
from tests.api.gateway import Gateway
from tests.api.scenes import PLUGIN, a_container, a_plugin, a_served_tenant
from tests.fakes import FakeWorld
from tests.fakes.rate_limits import FakeRateLedger

BODY = {"name": PLUGIN, "type": "Other"}
INVOKE = f"/v1/plugins/{PLUGIN}/invoke"


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make the table of the template, and let the store find it anew."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        made = boto3.resource("dynamodb").create_table(
            TableName="hotswap-idempotency",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        idempotency._store.cache_clear()
        yield made
    idempotency._store.cache_clear()


def test_a_repeat_gets_the_first_answer_and_changes_nothing(world: FakeWorld, api: Gateway) -> None:
    first = api.post("/v1/plugins", BODY, key="k-1")
    second = api.post("/v1/plugins", BODY, key="k-1")

    assert (first.status, second.status) == (201, 201)
    assert (first.text, first.headers["Location"]) == (second.text, second.headers["Location"])
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert world.tables.actions == ["RegisterPlugin"]


def test_a_repeat_of_what_came_too_often_is_carried_out_and_one_of_an_answer_tells_how_its_user_stands_now(
    world: FakeWorld, api: Gateway
) -> None:
    with bootstrap_limits.use(a_container(world.clock, FakeRateLedger())):
        for _ in range(10):
            api.post("/v1/plugins", {})
        refused = api.post("/v1/plugins", BODY, key="k-1")
        world.clock.advance(seconds=12)
        first = api.post("/v1/plugins", BODY, key="k-1")
        second = api.post("/v1/plugins", BODY, key="k-1")

    assert [answer.status for answer in (refused, first, second)] == [429, 201, 201]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert [answer.headers["RateLimit-Remaining"] for answer in (first, second)] == ["1", "0"]


def test_a_repeat_may_be_written_differently_but_must_say_the_same(api: Gateway) -> None:
    api.post("/v1/plugins", '{"name": "some-plugin", "type": "Other"}', key="k-1")

    same = api.post("/v1/plugins", '{"type":"Other","name":"some-plugin"}', key="k-1")
    other = api.post("/v1/plugins", {**BODY, "name": "other-plugin"}, key="k-1")

    assert same.status == 201
    assert (other.status, other.code) == (422, "UNPROCESSABLE")
    assert "new key" in other.json["fix"]


def test_a_refusal_is_repeated_too(api: Gateway) -> None:
    refused = api.post("/v1/plugins", {"name": "X", "type": "Other"}, key="k-1")
    again = api.post("/v1/plugins", {"name": "X", "type": "Other"}, key="k-1")

    assert (refused.status, again.status) == (400, 400)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_what_a_retry_may_heal_is_tried_again(world: FakeWorld, api: Gateway) -> None:
    world.tables.fail_next(TransientError("DynamoDB throttles."))

    first = api.post("/v1/plugins", BODY, key="k-1")
    second = api.post("/v1/plugins", BODY, key="k-1")

    assert (first.status, second.status) == (503, 201)
    assert "Idempotent-Replayed" not in second.headers


def test_a_key_is_its_callers_and_its_paths_own(api: Gateway) -> None:
    a_plugin(api)
    deprecation = {"reason": "old"}

    assert api.post(f"/v1/plugins/{PLUGIN}/deprecate", deprecation, "bob", key="k-1").status == 403
    assert api.post(f"/v1/plugins/{PLUGIN}/deprecate", deprecation, key="k-1").status == 200
    assert api.post("/v1/plugins", {**BODY, "name": "other-plugin"}, key="k-1").status == 201


def test_a_repeat_by_somebody_who_lost_the_role_is_refused(world: FakeWorld, api: Gateway) -> None:
    api.post("/v1/plugins", BODY, key="k-1")
    world.identity.add_user("ana", "secret of ana")

    assert api.post("/v1/plugins", BODY, key="k-1").status == 403


def test_a_repeat_while_the_first_is_carried_out_is_a_conflict(world: FakeWorld, api: Gateway) -> None:
    a_served_tenant(world, api)
    body = {"tenantId": "acme", "operation": "charge", "environment": "Development"}
    meanwhile: list[int] = []

    def charge(_payload: object) -> dict[str, Any]:
        meanwhile.append(api.post(INVOKE, body, "hugo", key="k-1").status)
        return {"ok": True, "result": {"charged": True}, "metrics": {}}

    world.functions.respond(PLUGIN, "v1-0-0", charge)

    first = api.post(INVOKE, body, "hugo", key="k-1")
    after = api.post(INVOKE, body, "hugo", key="k-1")

    assert (meanwhile, first.status, after.status) == ([409], 200, 200)
    assert after.headers["Idempotent-Replayed"] == "true"
    assert after.headers["X-HotSwap-Version"] == "1.0.0"
    assert len(world.functions.calls) == 1


def test_a_dry_run_is_never_kept(world: FakeWorld, api: Gateway, table: Any) -> None:
    assert api.post("/v1/plugins?validateOnly=true", BODY, key="k-1").status == 200

    assert table.scan()["Count"] == 0
    assert api.post("/v1/plugins", BODY, key="k-1").status == 201
    assert PLUGIN in world.tables.plugins


def test_a_login_is_never_kept_since_tokens_must_not_be(api: Gateway, table: Any) -> None:
    body = {"username": "ana", "password": "secret of ana"}

    for _ in range(2):
        answer = api.post("/v1/authentication/login", body, None, key="k-1")
        assert (answer.status, "Idempotent-Replayed" in answer.headers) == (200, False)
    api.post("/v1/authentication/refresh", {"refreshToken": "refresh-ana"}, None, key="k-2")

    assert table.scan()["Count"] == 0


def test_what_is_kept_ends_after_a_day_and_holds_neither_key_nor_body(api: Gateway, table: Any) -> None:
    api.post("/v1/plugins", {**BODY, "description": "a private word"}, key="a key in plain text")

    kept = table.scan()["Items"][0]
    assert kept["status"] == "COMPLETED"
    assert "a key in plain text" not in repr(kept)
    record = json.loads(kept["data"])
    assert set(record) == {"status", "headers", "body"}


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ", "a\tb"])
def test_what_can_not_be_a_key_is_refused(world: FakeWorld, api: Gateway, key: str) -> None:
    answer = api.post("/v1/plugins", BODY, key=key)

    assert (answer.status, answer.wrong) == (400, {"Idempotency-Key"})
    assert world.tables.plugins == {}


def test_an_answer_too_large_to_keep_is_given_once_and_not_made_twice(world: FakeWorld, api: Gateway) -> None:
    a_served_tenant(world, api)
    world.functions.respond(PLUGIN, "v1-0-0", {"ok": True, "result": {"text": "x" * 500_000}, "metrics": {}})
    body = {"tenantId": "acme", "operation": "report", "environment": "Development"}

    first = api.post(INVOKE, body, "hugo", key="k-1")
    second = api.post(INVOKE, body, "hugo", key="k-1")

    assert (first.status, second.status, second.code) == (200, 409, "CONFLICT")
    assert len(world.functions.calls) == 1


def test_nothing_is_done_when_repeats_can_not_be_told(world: FakeWorld, api: Gateway, table: Any) -> None:
    table.delete()

    answer = api.post("/v1/plugins", BODY, key="k-1")

    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE")
    assert world.tables.plugins == {}


def test_what_was_done_is_answered_even_if_it_can_not_be_kept(world: FakeWorld, api: Gateway, table: Any) -> None:
    a_served_tenant(world, api)

    def charge(_payload: object) -> dict[str, Any]:
        table.delete()
        return {"ok": True, "result": {"charged": True}, "metrics": {}}

    world.functions.respond(PLUGIN, "v1-0-0", charge)
    body = {"tenantId": "acme", "operation": "charge", "environment": "Development"}

    assert api.post(INVOKE, body, "hugo", key="k-1").status == 200


def test_the_same_key_with_another_override_is_another_request(world: FakeWorld, api: Gateway) -> None:
    a_served_tenant(world, api)
    body = {"tenantId": "acme", "operation": "charge", "environment": "Development"}

    plain = api.post(INVOKE, body, "hugo", key="k-1")
    overridden = api.post(INVOKE, body, "hugo", key="k-1", headers={"X-HotSwap-Override": "forged"})

    assert (plain.status, overridden.status) == (200, 422)


def test_a_repeat_is_another_request_once_its_user_speaks_for_another_tenant(world: FakeWorld, api: Gateway) -> None:
    a_served_tenant(world, api)
    body = {"tenantId": "acme", "operation": "handle", "input": {}, "environment": "Development"}
    assert api.post(INVOKE, body, "olga", key="k-1").status == 200
    world.identity.add_user("olga", "secret of olga", Role.TENANT_OWNER, tenant_id="globex")

    moved = api.post(INVOKE, body, "olga", key="k-1")

    assert (moved.status, "Idempotent-Replayed" in moved.headers) == (404, False)


def test_a_repeat_of_a_key_makes_no_other_and_is_not_told_the_secret(
    world: FakeWorld, api: Gateway, table: Any
) -> None:
    first, second = (api.post("/v1/keys", {"name": "shop"}, "root", key="k-1") for _ in range(2))

    assert (first.status, second.status, second.headers["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json["key"]
    assert second.json == {**first.json, "key": None}
    assert len(world.tables.machine_keys) == 1
    assert first.json["key"] not in json.dumps(table.scan()["Items"], default=str)


def test_a_refused_key_is_replayed_as_it_was(api: Gateway) -> None:
    first, second = (api.post("/v1/keys", {"name": ""}, "root", key="k-1") for _ in range(2))

    assert (first.status, second.status) == (400, 400)
    assert first.text == second.text
