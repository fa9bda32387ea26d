"""Keys of machines: told once, for what they are made, rotated with an overlap, revoked, and recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.services.machine_keys import LONGEST_LIFETIME
from tests.api.gateway import INVOKE_PATH, Answer, Gateway
from tests.api.scenes import PLUGIN, a_served_tenant, denials
from tests.fakes import FakeWorld

BODY = {"tenantId": "acme", "operation": "handle", "input": {}, "environment": "Development"}
INVOKE = INVOKE_PATH.format(plugin_id=PLUGIN)


def a_key(api: Gateway, **wishes: Any) -> Any:
    answer = api.post("/v1/keys", {"name": "shop", **wishes}, "root")
    assert answer.status == 201, answer.text
    return answer.json


def by(api: Gateway, key: str, method: str, path: str, body: object = None, **headers: str) -> Answer:
    return api.send(method, path, None, body=body, headers={"Authorization": f"Bearer {key}", **headers})


def test_a_key_is_told_once_and_never_stored_or_listed(world: FakeWorld, api: Gateway) -> None:
    made = a_key(api)

    assert made["key"].startswith("hsk_")
    secret = made["key"].rpartition("_")[2]
    shown = [api.get(path, "root").text for path in ("/v1/keys", f"/v1/keys/{made['id']}", "/v1/audit")]
    assert all(secret not in each for each in (*shown, repr(world.tables.machine_keys), repr(world.tables.records)))
    assert made["actions"] == ["invoke_plugin", "post_observations"]
    assert (made["tenants"], made["status"], made["createdBy"]) == (None, "Active", "root")


def test_a_dry_run_tells_what_would_be_and_makes_nothing(world: FakeWorld, api: Gateway) -> None:
    answer = api.post("/v1/keys?validateOnly=true", {"name": "shop", "tenants": ["acme"]}, "root")

    assert (answer.status, answer.json["key"], answer.json["tenants"]) == (200, None, ["acme"])
    assert world.tables.machine_keys == {}


@pytest.mark.parametrize("is_slim", [True, False])
def test_a_key_invokes_for_its_tenants_and_finds_no_other(world: FakeWorld, api: Gateway, *, is_slim: bool) -> None:
    a_served_tenant(world, api)
    api = Gateway(is_invoke_slim=is_slim)
    mine, foreign = a_key(api, tenants=["acme"])["key"], a_key(api, tenants=["globex"])["key"]

    assert by(api, mine, "POST", INVOKE, BODY).status == 200
    refused = by(api, foreign, "POST", INVOKE, BODY)
    assert (refused.status, refused.json["detail"]) == (404, "There is no tenant 'acme'.")


@pytest.mark.parametrize("method, path", [("GET", "/v1/plugins"), ("POST", "/v1/keys"), ("GET", "/v1/me")])
def test_a_key_does_nothing_that_it_is_not_made_for(world: FakeWorld, api: Gateway, method: str, path: str) -> None:
    made = a_key(api)

    refused = by(api, made["key"], method, path, {"name": "another"} if method == "POST" else None)

    assert (refused.status, refused.code) == (403, "FORBIDDEN")
    assert world.tables.records[-1].action == "DenyRequest"
    assert world.tables.records[-1].actor == made["id"]


def test_a_key_may_read_what_it_is_made_to_read(api: Gateway) -> None:
    made = a_key(api, actions=["show_me"])

    shown = by(api, made["key"], "GET", "/v1/me").json

    assert (shown["username"], shown["roles"]) == (made["id"], ["Host"])


def test_a_rotated_key_is_good_with_both_secrets_until_the_overlap_ends(world: FakeWorld, api: Gateway) -> None:
    made = a_key(api, actions=["show_me"])
    rotated = api.post(f"/v1/keys/{made['id']}/rotate", {"overlap": "PT1H"}, "root").json

    assert rotated["overlapsUntil"] == "2026-11-22T16:00:00.000Z"
    assert [by(api, each["key"], "GET", "/v1/me").status for each in (made, rotated)] == [200, 200]
    world.clock.advance(seconds=3600)
    assert [by(api, each["key"], "GET", "/v1/me").status for each in (made, rotated)] == [401, 200]


def test_a_revoked_key_opens_nothing_and_stays_in_the_list(world: FakeWorld, api: Gateway) -> None:
    made = a_key(api, actions=["show_me"])

    revoked = api.delete(f"/v1/keys/{made['id']}", "root")

    assert (revoked.status, revoked.json["status"]) == (200, "Revoked")
    assert by(api, made["key"], "GET", "/v1/me").status == 401
    assert [each["id"] for each in api.get("/v1/keys", "root").json["items"]] == [made["id"]]
    assert api.post(f"/v1/keys/{made['id']}/rotate", {}, "root").status == 409
    assert world.tables.actions == ["CreateKey", "RevokeKey", "RefuseCredential"]
    assert world.tables.records[-1].after == {"claimed": made["id"]}


def test_a_key_ends_by_itself(world: FakeWorld, api: Gateway) -> None:
    made = a_key(api, actions=["show_me"], lifetime="P1D")

    world.clock.advance(seconds=86_400)

    assert by(api, made["key"], "GET", "/v1/me").status == 401
    assert api.get(f"/v1/keys/{made['id']}", "root").json["status"] == "Expired"


def test_what_is_changed_of_a_key_is_recorded_with_who(world: FakeWorld, api: Gateway) -> None:
    made = a_key(api, tenants=["acme"])
    api.post(f"/v1/keys/{made['id']}/rotate", {}, "root")
    api.delete(f"/v1/keys/{made['id']}", "root")

    assert [(record.actor, record.action) for record in world.tables.records] == [
        ("root", "CreateKey"),
        ("root", "RotateKey"),
        ("root", "RevokeKey"),
    ]
    assert {record.resource for record in world.tables.records} == {f"keys/{made['id']}"}
    assert world.tables.records[0].after["tenants"] == ["acme"]


@pytest.mark.parametrize(
    "wish, field",
    [
        ({"actions": ["create_tenant"]}, "/actions"),
        ({"tenants": ["Not A Tenant"]}, "/tenants"),
        ({"lifetime": f"P{LONGEST_LIFETIME.days + 1}D"}, "/lifetime"),
        ({"lifetime": "-P1D"}, "/lifetime"),
        ({"role": "Admin"}, "/role"),
    ],
)
def test_a_wish_that_no_key_can_have_is_refused(api: Gateway, wish: dict[str, Any], field: str) -> None:
    answer = api.post("/v1/keys", {"name": "shop", **wish}, "root")

    assert (answer.status, answer.wrong) == (400, {field})


@pytest.mark.parametrize("key_id", ["key_01JD9X4Q2M8W6Z3T7R5N1B0KCE", "nonsense"])
def test_a_key_that_is_none_is_not_found(api: Gateway, key_id: str) -> None:
    assert api.get(f"/v1/keys/{key_id}", "root").status == 404
    assert api.delete(f"/v1/keys/{key_id}", "root").status == 404


def test_what_a_machine_does_for_a_person_is_recorded_with_both(world: FakeWorld, api: Gateway) -> None:
    made = a_key(api)

    by(api, made["key"], "GET", "/v1/me", **{"X-HotSwap-On-Behalf-Of": "Olga Ng"})

    record = world.tables.records[-1]
    assert (record.actor, record.on_behalf_of) == (made["id"], "Olga Ng")


@pytest.mark.parametrize("person, status", [("x" * 129, 400), ("a\tb", 400), ("", 400)])
def test_a_person_that_can_be_none_is_refused(api: Gateway, person: str, status: int) -> None:
    made = a_key(api, actions=["show_me"])

    assert by(api, made["key"], "GET", "/v1/me", **{"X-HotSwap-On-Behalf-Of": person}).status == status


@pytest.mark.parametrize("method, path", [("GET", "/v1/me"), ("POST", INVOKE)])
def test_a_person_acts_for_nobody_else_and_is_on_record(world: FakeWorld, api: Gateway, method: str, path: str) -> None:
    body = BODY if method == "POST" else None

    answer = api.send(method, path, "olga", body=body, headers={"X-HotSwap-On-Behalf-Of": "ana"})

    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert [(each.actor, each.on_behalf_of) for each in denials(world)] == [("olga", "")]


def test_a_key_gives_observations_of_its_tenants_only(api: Gateway) -> None:
    made = a_key(api, tenants=["acme"])
    bodies = [{"tenantId": tenant, "metric": "orders", "value": 1} for tenant in ("acme", "globex")]

    answers = [by(api, made["key"], "POST", "/v1/deployments/dep_x/observations", body) for body in bodies]

    assert [answer.status for answer in answers] == [404, 404]
    assert [json.loads(answer.text)["detail"] for answer in answers][1] == "There is no tenant 'globex'."
    assert "deployment" in answers[0].json["detail"]
