"""Plugins over HTTP."""

import pytest

from tests.api.gateway import Gateway
from tests.api.scenes import PLUGIN, SHA256, a_draft, a_plugin, a_tenant, an_installation
from tests.fakes import FakeWorld

BODY = {"name": PLUGIN, "type": "PaymentGateway"}


def test_registering_answers_201_with_the_plugin_and_where_it_is(api: Gateway) -> None:
    answer = api.post("/v1/plugins", {**BODY, "displayName": "Stripe", "tags": ["payments"]})

    assert (answer.status, answer.headers["Location"]) == (201, f"plugins/{PLUGIN}")
    assert answer.json["owner"] == "ana"
    assert answer.json["tags"] == ["payments"]
    assert answer.json["upload"] is None
    assert api.get(f"/v1/plugins/{PLUGIN}").json["displayName"] == "Stripe"


def test_registering_with_a_version_creates_it_and_says_where_to_upload(api: Gateway) -> None:
    quick_start = {**BODY, "version": "1.0.0", "entryPoint": "stripe_gateway:handle", "sandboxEnabled": True}

    answer = api.post("/v1/plugins", quick_start)

    assert answer.status == 201
    assert answer.json["version"] == "1.0.0"
    assert answer.json["upload"]["method"] == "PUT"
    version = api.get(f"/v1/plugins/{PLUGIN}/versions/1.0.0").json
    assert (version["status"], version["entryPoint"]) == ("Draft", "stripe_gateway:handle")


@pytest.mark.parametrize("number", ["01.0.0", "1.0", "v1.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "\uff11.0.0", ""])
def test_a_version_that_is_not_semver_registers_nothing(world: FakeWorld, api: Gateway, number: str) -> None:
    answer = api.post("/v1/plugins", {**BODY, "version": number})

    assert (answer.status, answer.code, answer.wrong) == (400, "VALIDATION_ERROR", {"/version"})
    assert "SemVer" in answer.json["fix"]
    assert world.tables.plugins == {}


def test_a_version_used_before_the_plugin_was_deleted_registers_nothing(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    a_draft(api)
    assert api.delete(f"/v1/plugins/{PLUGIN}").json["status"] == "Deleted"

    answer = api.post("/v1/plugins", {**BODY, "version": "1.0.0"})

    assert (answer.status, answer.code) == (409, "CONFLICT")
    assert api.get(f"/v1/plugins/{PLUGIN}").status == 404


def test_a_taken_name_is_a_conflict(api: Gateway) -> None:
    a_plugin(api)

    answer = api.post("/v1/plugins", BODY, "bob")

    assert (answer.status, answer.code) == (409, "CONFLICT")
    assert answer.json["fix"]


@pytest.mark.parametrize(
    "name", ["ab", "Stripe", "1stripe", "stripe-", "zahlungs-prozessor-ä", "支付", "a" * 41, "a/b"]
)
def test_a_name_that_breaks_the_pattern_is_refused(api: Gateway, name: str) -> None:
    answer = api.post("/v1/plugins", {**BODY, "name": name})

    assert (answer.status, answer.wrong) == (400, {"/name"})


def test_words_about_a_plugin_may_be_in_any_script(api: Gateway) -> None:
    words = {
        "displayName": "Zahlungs-Übersicht 支付 🎉",
        "description": "العربية\nzweite Zeile",
        "author": "Ana Müller",
    }

    answer = api.post("/v1/plugins", {**BODY, **words})

    assert {name: answer.json[name] for name in words} == words


@pytest.mark.parametrize(
    "field, value",
    [
        ("type", "Payment"),
        ("type", None),
        ("displayName", "a\x00b"),
        ("displayName", 7),
        ("tags", "payments"),
        ("tags", ["a"] * 21),
        ("documentationUrl", "javascript:alert(1)"),
        ("sandboxEnabled", "yes"),
    ],
)
def test_a_field_of_another_kind_is_named(api: Gateway, field: str, value: object) -> None:
    answer = api.post("/v1/plugins", {**BODY, field: value})

    assert answer.status == 400
    assert answer.wrong == {f"/{field}"}
    assert all(error["fix"] for error in answer.json["errors"])


def test_everything_wrong_is_told_at_once(api: Gateway) -> None:
    answer = api.post("/v1/plugins", {"type": "x", "colour": "red", "tags": [1]})

    assert answer.wrong == {"/name", "/type", "/colour", "/tags/0"}


def test_a_dry_run_answers_200_and_registers_nothing(world: FakeWorld, api: Gateway) -> None:
    answer = api.post("/v1/plugins?validateOnly=true", {**BODY, "version": "1.0.0"})

    assert answer.status == 200
    assert "Location" not in answer.headers
    assert (world.tables.plugins, world.tables.versions, world.tables.records) == ({}, {}, [])


def test_a_dry_run_finds_the_same_faults(api: Gateway) -> None:
    a_plugin(api)

    assert api.post("/v1/plugins?validateOnly=true", BODY).status == 409
    assert api.post("/v1/plugins?validateOnly=true", {**BODY, "name": "X"}).status == 400


def test_listing_filters_and_goes_on_where_the_page_ended(api: Gateway) -> None:
    for name in ("alpha-one", "beta-two", "gamma-three"):
        a_plugin(api, name, tags=["x", name])
    a_plugin(api, "delta-four")

    first = api.get("/v1/plugins?limit=2&tags=x").json
    second = api.get(f"/v1/plugins?limit=2&tags=x&cursor={first['nextCursor']}").json

    assert [item["id"] for item in first["items"]] == ["alpha-one", "beta-two"]
    assert [item["id"] for item in second["items"]] == ["gamma-three"]
    assert (first["hasMore"], second["hasMore"], second["nextCursor"]) == (True, False, None)
    assert [item["id"] for item in api.get("/v1/plugins?tags=x,beta-two").json["items"]] == ["beta-two"]
    assert api.get("/v1/plugins?type=AuthProvider").json["items"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "type=Foo", "colour=red", "cursor=x", "limit=1&limit=2"]
)
def test_a_listing_refuses_what_it_does_not_know(api: Gateway, query: str) -> None:
    answer = api.get(f"/v1/plugins?{query}")

    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    assert answer.json["errors"]


def test_a_cursor_opens_no_other_listing_and_no_other_filter(api: Gateway) -> None:
    for name in ("alpha-one", "beta-two"):
        a_plugin(api, name, tags=["x"])
    cursor = api.get("/v1/plugins?limit=1&tags=x").json["nextCursor"]

    for path in ("/v1/plugins?limit=1", "/v1/plugins/alpha-one/versions?limit=1", "/v1/deployments?limit=1"):
        assert api.get(f"{path}&cursor={cursor}").status == 400
    assert api.get(f"/v1/plugins?limit=1&tags=x&cursor={cursor[:-2]}AA").status == 400


def test_updating_changes_only_what_was_sent(api: Gateway) -> None:
    a_plugin(api, description="old", tags=["x"])

    answer = api.patch(f"/v1/plugins/{PLUGIN}", {"description": "new"})

    assert (answer.status, answer.json["description"], answer.json["tags"]) == (200, "new", ["x"])


def test_updating_and_deleting_is_the_owners(api: Gateway) -> None:
    a_plugin(api)

    assert api.patch(f"/v1/plugins/{PLUGIN}", {"description": "mine"}, "bob").status == 403
    assert api.delete(f"/v1/plugins/{PLUGIN}", "bob").status == 403
    assert api.post(f"/v1/plugins/{PLUGIN}/deprecate", {"reason": "x"}, "bob").status == 403
    assert api.patch(f"/v1/plugins/{PLUGIN}", {"description": "yours"}, "root").status == 200


def test_the_etag_changes_with_the_plugin(api: Gateway) -> None:
    a_plugin(api)
    before = api.get(f"/v1/plugins/{PLUGIN}").headers["ETag"]

    after = api.patch(f"/v1/plugins/{PLUGIN}", {"description": "new"}).headers["ETag"]

    assert before != after
    assert after == api.get(f"/v1/plugins/{PLUGIN}").headers["ETag"]


def test_deprecating_tells_why_and_is_done_once(api: Gateway) -> None:
    a_plugin(api)

    first = api.post(f"/v1/plugins/{PLUGIN}/deprecate", {"reason": "old", "migrationGuide": "use v2"})
    second = api.post(f"/v1/plugins/{PLUGIN}/deprecate", {"reason": "old"})

    assert (first.status, first.json["status"]) == (200, "Deprecated")
    assert first.json["deprecation"]["migrationGuide"] == "use v2"
    assert second.status == 409


def test_an_installed_plugin_is_not_deleted(api: Gateway) -> None:
    a_plugin(api)
    a_tenant(api)
    an_installation(api)

    answer = api.delete(f"/v1/plugins/{PLUGIN}")

    assert (answer.status, answer.code) == (409, "CONFLICT")
    assert api.get(f"/v1/plugins/{PLUGIN}").status == 200


def test_deleting_in_a_dry_run_leaves_it(api: Gateway) -> None:
    a_plugin(api)

    assert api.delete(f"/v1/plugins/{PLUGIN}?validateOnly=true").json["status"] == "Deleted"
    assert api.get(f"/v1/plugins/{PLUGIN}").json["status"] == "Active"


def test_an_unknown_plugin_is_not_found_whatever_is_asked_of_it(api: Gateway) -> None:
    answers = [
        api.get("/v1/plugins/nobody-knows"),
        api.get("/v1/plugins/nobody-knows/versions"),
        api.get("/v1/plugins/nobody-knows/versions/1.0.0"),
        api.patch("/v1/plugins/nobody-knows", {}),
        api.delete("/v1/plugins/nobody-knows"),
        api.post("/v1/plugins/nobody-knows/deprecate", {"reason": "x"}),
        api.post("/v1/plugins/nobody-knows/versions", {"version": "1.0.0", "sha256": SHA256, "size": 1}),
        api.post("/v1/plugins/nobody-knows/versions/1.0.0/finalize"),
        api.get("/v1/plugins/%F0%9F%8E%89"),
        api.get("/v1/plugins/..%2F..%2Fsecrets"),
    ]

    assert {(answer.status, answer.code) for answer in answers} == {(404, "NOT_FOUND")}
