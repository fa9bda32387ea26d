"""Tenants, what they have installed, and their secrets, over HTTP."""

import pytest

from tests.api.gateway import Gateway, path_of
from tests.api.scenes import PLUGIN, a_plugin, a_tenant, an_installation
from tests.fakes import FakeWorld


@pytest.fixture
def installed(api: Gateway) -> Gateway:
    a_plugin(api)
    for tenant in ("acme", "globex"):
        a_tenant(api, tenant)
        an_installation(api, tenant, configuration={"currency": "eur"})
    return api


def test_a_tenant_is_created_and_read(api: Gateway) -> None:
    answer = api.post("/v1/tenants", {"id": "acme", "name": "ACME Ä.G.", "tier": "Enterprise", "ring": "beta"}, "root")

    assert (answer.status, answer.headers["Location"]) == (201, "tenants/acme")
    assert (answer.json["tier"], answer.json["ring"], answer.json["status"]) == ("Enterprise", "beta", "Active")
    assert api.get("/v1/tenants/acme", "olga").json["name"] == "ACME Ä.G."
    assert [item["id"] for item in api.get("/v1/tenants", "root").json["items"]] == ["acme"]


def test_a_taken_id_is_a_conflict_and_a_bad_one_is_refused(api: Gateway) -> None:
    a_tenant(api)

    assert api.post("/v1/tenants", {"id": "acme"}, "root").status == 409
    assert api.post("/v1/tenants", {"id": "ACME"}, "root").wrong == {"/id"}
    assert api.post("/v1/tenants?validateOnly=true", {"id": "new"}, "root").status == 200
    assert api.get("/v1/tenants/new", "root").status == 404


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/v1/tenants/{}"),
        ("GET", "/v1/tenants/{}/plugins"),
        ("POST", f"/v1/tenants/{{}}/plugins/{PLUGIN}/enable"),
        ("POST", f"/v1/tenants/{{}}/plugins/{PLUGIN}/disable"),
        ("PUT", f"/v1/tenants/{{}}/plugins/{PLUGIN}/secrets/apiKey"),
        ("DELETE", f"/v1/tenants/{{}}/plugins/{PLUGIN}/secrets/apiKey"),
    ],
)
def test_another_tenant_is_not_found_in_the_words_for_one_that_does_not_exist(
    installed: Gateway, method: str, path: str
) -> None:
    body = {"value": "x"} if method == "PUT" else None

    others = installed.send(method, path.format("globex"), "olga", body=body)
    nobodys = installed.send(method, path.format("initech"), "olga", body=body)

    assert (others.status, nobodys.status) == (404, 404)
    assert others.json["detail"].replace("globex", "?") == nobodys.json["detail"].replace("initech", "?")


def test_installations_are_listed_in_pages_with_names_of_secrets_only(installed: Gateway) -> None:
    a_plugin(installed, "another-one")
    an_installation(installed, name="another-one")
    installed.put(f"/v1/tenants/acme/plugins/{PLUGIN}/secrets/apiKey", {"value": "sk_live_1"}, "olga")

    first = installed.get("/v1/tenants/acme/plugins?limit=1", "olga").json
    second = installed.get(f"/v1/tenants/acme/plugins?limit=1&cursor={first['nextCursor']}", "olga").json

    assert first["items"][0]["pluginId"] == "another-one"
    assert second["items"][0]["secrets"] == ["apiKey"]
    assert second["items"][0]["configuration"] == {"currency": "eur"}


def test_a_cursor_of_one_tenant_opens_nothing_of_another(installed: Gateway) -> None:
    a_plugin(installed, "another-one")
    an_installation(installed, name="another-one")
    cursor = installed.get("/v1/tenants/acme/plugins?limit=1", "root").json["nextCursor"]

    assert installed.get(f"/v1/tenants/globex/plugins?limit=1&cursor={cursor}", "root").status == 400


def test_enabling_twice_is_a_conflict_and_disabling_twice_the_same(installed: Gateway) -> None:
    base = f"/v1/tenants/acme/plugins/{PLUGIN}"

    assert installed.post(f"{base}/enable", {}, "olga").status == 409
    assert installed.post(f"{base}/disable", None, "olga").json["status"] == "Disabled"
    assert installed.post(f"{base}/disable", {}, "olga").json["enabled"] is False
    assert installed.post(f"{base}/enable", {}, "olga").json["configuration"] == {"currency": "eur"}


def test_a_dry_run_of_installing_changes_nothing(world: FakeWorld, installed: Gateway) -> None:
    base = f"/v1/tenants/acme/plugins/{PLUGIN}"
    before = dict(world.tables.installations)

    assert installed.post(f"{base}/disable?validateOnly=true", {}, "olga").status == 200
    assert installed.put(f"{base}/secrets/apiKey?validateOnly=true", {"value": "x"}, "olga").status == 200
    assert installed.delete(f"{base}/secrets/apiKey?validateOnly=true", "olga").status == 200
    assert world.tables.installations == before


@pytest.mark.parametrize("field, value", [("pinnedVersion", "1.0.0"), ("quotas", {"perMinute": 10})])
def test_pins_and_quotas_are_refused_while_nothing_would_hold_to_them(api: Gateway, field: str, value: object) -> None:
    a_plugin(api)
    a_tenant(api)

    answer = api.post(f"/v1/tenants/acme/plugins/{PLUGIN}/enable", {field: value}, "olga")

    assert (answer.status, answer.wrong) == (422, {f"/{field}"})


def test_a_configuration_that_is_too_large_is_refused(api: Gateway) -> None:
    a_plugin(api)
    a_tenant(api)

    answer = api.post(f"/v1/tenants/acme/plugins/{PLUGIN}/enable", {"configuration": {"a": "x" * 70_000}}, "olga")

    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")


def test_enabling_an_unknown_plugin_or_for_an_unknown_tenant_is_not_found(api: Gateway) -> None:
    a_plugin(api)
    a_tenant(api)

    assert api.post("/v1/tenants/acme/plugins/nobody-knows/enable", {}, "olga").status == 404
    assert api.post(f"/v1/tenants/initech/plugins/{PLUGIN}/enable", {}, "root").status == 404


def test_a_secret_is_never_shown_again(world: FakeWorld, installed: Gateway) -> None:
    path = f"/v1/tenants/acme/plugins/{PLUGIN}/secrets/apiKey"

    answer = installed.put(path, {"value": "sk_live_very_secret"}, "olga")

    assert (answer.status, answer.json["secrets"]) == (200, ["apiKey"])
    assert all("sk_live_very_secret" not in each.text for each in installed.answers)
    assert "sk_live_very_secret" not in repr(world.tables.records)
    assert installed.delete(path, "olga").json["secrets"] == []
    assert installed.delete(path, "olga").json["secrets"] == []


@pytest.mark.parametrize("body", [{}, {"value": ""}, {"value": 7}, {"value": None}, {"value": "a", "name": "b"}])
def test_what_can_not_be_a_secret_is_refused_without_repeating_it(installed: Gateway, body: object) -> None:
    assert installed.put(f"/v1/tenants/acme/plugins/{PLUGIN}/secrets/apiKey", body, "olga").status == 400


def test_a_secret_has_limits(installed: Gateway) -> None:
    base = f"/v1/tenants/acme/plugins/{PLUGIN}/secrets"

    assert installed.put(f"{base}/apiKey", {"value": "x" * 4097}, "olga").status == 413
    assert installed.put(f"{base}/{'n' * 65}", {"value": "x"}, "olga").status == 400
    assert (
        installed.put(path_of("tenants", "acme", "plugins", "other-one", "secrets", "k"), {"value": "x"}, "olga").status
        == 404
    )
