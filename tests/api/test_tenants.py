"""Tenants, what they have installed, and their secrets, over HTTP."""

import pytest

from tests.api.gateway import Gateway, path_of
from tests.api.scenes import PLUGIN, a_plugin, a_ready_version, a_tenant, an_installation
from tests.fakes import FakeWorld

REFERENCE = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hotswap/acme/stripe-AbCdEf"


@pytest.fixture
def installed(world: FakeWorld, api: Gateway) -> Gateway:
    a_plugin(api)
    a_ready_version(world, api)
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
        ("PATCH", "/v1/tenants/{}"),
        ("GET", "/v1/tenants/{}/export"),
        ("DELETE", f"/v1/tenants/{{}}/plugins/{PLUGIN}"),
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


@pytest.mark.parametrize(
    "quotas, where",
    [
        ({"perMinute": 10}, "/quotas/perMinute"),
        ({"requestsPerMinute": -1}, "/quotas/requestsPerMinute"),
        ({"requestsPerMinute": "10"}, "/quotas/requestsPerMinute"),
        ({"requestsPerMinute": True}, "/quotas/requestsPerMinute"),
        ([], "/quotas"),
    ],
)
def test_quotas_that_can_not_be_read_are_refused(api: Gateway, quotas: object, where: str) -> None:
    a_plugin(api)
    a_tenant(api)

    answer = api.post(f"/v1/tenants/acme/plugins/{PLUGIN}/enable", {"quotas": quotas}, "root")

    assert (answer.status, answer.wrong) == (400, {where})


def test_an_owner_lowers_a_quota_and_only_an_admin_raises_it(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    a_tenant(api)
    enable = f"/v1/tenants/acme/plugins/{PLUGIN}/enable"

    lowered = api.post(enable, {"quotas": {"requestsPerMinute": 0}}, "olga")
    again = api.post(enable, {"quotas": {"requestsPerMinute": 60}}, "olga")
    raised = api.post(enable, {"quotas": {"requestsPerMinute": 900, "concurrentExecutions": 9}}, "root")

    assert (lowered.status, lowered.json["quotas"]) == (201, {"requestsPerMinute": 0})
    assert (again.status, again.json["code"]) == (403, "FORBIDDEN")
    assert (raised.status, raised.json["quotas"]) == (201, {"requestsPerMinute": 900, "concurrentExecutions": 9})
    assert world.tables.records[-1].after["quotas"] == raised.json["quotas"]
    assert api.post(enable, {}, "root").status == 409


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


def test_an_admin_changes_everything_of_a_tenant_and_an_owner_its_name(api: Gateway) -> None:
    a_tenant(api)

    changed = api.patch("/v1/tenants/acme", {"tier": "Enterprise", "ring": "beta", "status": "Suspended"}, "root")
    named = api.patch("/v1/tenants/acme", {"name": "ACME"}, "olga")

    assert [changed.json[field] for field in ("tier", "ring", "status")] == ["Enterprise", "beta", "Suspended"]
    assert (named.json["name"], named.json["status"], named.headers["ETag"]) == ("ACME", "Suspended", '"2"')
    assert api.patch("/v1/tenants/acme", {"status": "Active"}, "root").json["status"] == "Active"


@pytest.mark.parametrize("body", [{"tier": "Enterprise"}, {"ring": "internal"}, {"status": "Active", "name": "A"}])
def test_an_owner_does_not_change_what_it_pays_or_gets(world: FakeWorld, api: Gateway, body: dict[str, str]) -> None:
    a_tenant(api)

    answer = api.patch("/v1/tenants/acme", body, "olga")

    assert (answer.status, answer.wrong) == (403, {f"/{name}" for name in body} - {"/name"})
    assert world.tables.tenants["acme"].revision == 0


@pytest.mark.parametrize(
    "body", [{"tier": "Gold"}, {"ring": "Über"}, {"status": "Erased"}, {"name": ""}, {"id": "globex"}]
)
def test_a_change_that_makes_no_sense_is_refused(api: Gateway, body: dict[str, str]) -> None:
    a_tenant(api)

    assert api.patch("/v1/tenants/acme", body, "root").wrong == {f"/{name}" for name in body}


def test_a_change_of_nothing_and_a_dry_run_write_nothing(world: FakeWorld, api: Gateway) -> None:
    a_tenant(api)
    before = list(world.tables.records)

    assert api.patch("/v1/tenants/acme", {}, "root").status == 200
    assert api.patch("/v1/tenants/acme", {"ring": "general"}, "root").status == 200
    assert api.patch("/v1/tenants/acme?validateOnly=true", {"ring": "beta"}, "root").json["ring"] == "beta"
    assert world.tables.records == before


def test_tenants_are_filtered_and_a_cursor_is_good_for_its_filter_only(api: Gateway) -> None:
    for number in range(6):
        api.post("/v1/tenants", {"id": f"t{number}", "ring": "beta" if number % 2 else "general"}, "root")

    first = api.get("/v1/tenants?ring=beta&limit=2", "root").json
    second = api.get(f"/v1/tenants?ring=beta&limit=2&cursor={first['nextCursor']}", "root").json

    assert [item["id"] for item in first["items"] + second["items"]] == ["t1", "t3", "t5"]
    assert second["hasMore"] is False
    assert api.get(f"/v1/tenants?limit=2&cursor={first['nextCursor']}", "root").status == 400
    assert api.get("/v1/tenants?tier=Gold", "root").wrong == {"/tier"}


def test_an_export_holds_everything_but_the_values_of_secrets(world: FakeWorld, installed: Gateway) -> None:
    installed.put(f"/v1/tenants/acme/plugins/{PLUGIN}/secrets/apiKey", {"value": "sk_live_1"}, "olga")
    world.tables.states["acme", PLUGIN] = {"count": 3}, 1

    answer = installed.get("/v1/tenants/acme/export", "olga")

    (item,) = answer.json["items"]
    assert answer.json["tenant"]["id"] == "acme"
    assert (item["configuration"], item["state"], item["secrets"]) == ({"currency": "eur"}, {"count": 3}, ["apiKey"])
    assert "sk_live_1" not in answer.text
    assert world.tables.installations["acme", PLUGIN].sealed_secrets["apiKey"] not in answer.text


def test_an_export_comes_in_pages_that_one_answer_can_hold(installed: Gateway) -> None:
    for number in range(10):
        a_plugin(installed, f"plugin-{number}")
        an_installation(installed, name=f"plugin-{number}")

    first = installed.get("/v1/tenants/acme/export", "olga").json
    second = installed.get(f"/v1/tenants/acme/export?cursor={first['nextCursor']}", "olga").json

    assert (len(first["items"]), len(second["items"]), second["hasMore"]) == (10, 1, False)
    assert installed.get("/v1/tenants/acme/export?limit=11", "olga").status == 400


def test_a_deleted_tenant_is_gone_with_everything_and_the_report_says_what_went(
    world: FakeWorld, installed: Gateway
) -> None:
    world.tables.states["acme", PLUGIN] = {"count": 3}, 1

    dry = installed.delete("/v1/tenants/acme?validateOnly=true", "root")
    answer = installed.delete("/v1/tenants/acme", "root")

    gone = {"configRevisions": 1, "emptiedAuditRecords": 2, "installations": 1, "states": 1}
    assert dry.json["erased"] == answer.json["erased"] == gone
    assert answer.json["status"] == "Erased"
    assert installed.get("/v1/tenants/acme", "root").status == 404
    assert installed.delete("/v1/tenants/acme", "root").status == 404
    assert {tenant for tenant, _ in world.tables.installations} == {"globex"}
    assert {key[0] for key in world.tables.revisions} == {"globex"}
    assert world.tables.states == {}
    assert installed.post("/v1/tenants", {"id": "acme"}, "root").status == 201


def test_an_uninstalled_plugin_leaves_nothing_of_its_configuration_and_secrets(
    world: FakeWorld, installed: Gateway
) -> None:
    base = f"/v1/tenants/acme/plugins/{PLUGIN}"
    installed.put(f"{base}/secrets/apiKey", {"value": "sk_live_1"}, "olga")

    dry = installed.delete(f"{base}?validateOnly=true", "olga")
    answer = installed.delete(base, "olga")

    assert dry.json["erased"] == answer.json["erased"] == {"configRevisions": 1, "installations": 1, "secrets": 1}
    assert installed.delete(base, "olga").status == 404
    assert installed.get("/v1/tenants/acme/plugins", "olga").json["items"] == []
    again = installed.post(f"{base}/enable", {}, "olga").json
    assert (again["configuration"], again["secrets"]) == ({}, [])
    assert ("globex", PLUGIN) in world.tables.installations


def test_a_secret_that_no_version_asks_for_is_refused_with_those_that_are(installed: Gateway) -> None:
    answer = installed.put(f"/v1/tenants/acme/plugins/{PLUGIN}/secrets/apikey", {"value": "sk"}, "olga")

    assert (answer.status, answer.json["fix"]) == (422, "Use one of: apiKey.")


def test_a_reference_is_checked_kept_shown_and_its_value_never_is(world: FakeWorld, installed: Gateway) -> None:
    path = f"/v1/tenants/acme/plugins/{PLUGIN}/secrets/apiKey"
    world.references.values[REFERENCE] = "sk_planted"

    dry = installed.put(f"{path}?validateOnly=true", {"reference": REFERENCE}, "olga")
    answer = installed.put(path, {"reference": REFERENCE}, "olga")

    assert (dry.json["secrets"], answer.json["secrets"]) == ([], ["apiKey"])
    assert answer.json["secretReferences"] == {"apiKey": REFERENCE}
    assert world.tables.installations["acme", PLUGIN].sealed_secrets == {"apiKey": REFERENCE}
    assert world.tables.records[-1].after == {"secret": "apiKey", "reference": REFERENCE}
    assert "sk_planted" not in f"{installed.get('/v1/tenants/acme/export', 'olga').json}{world.tables.records}"


@pytest.mark.parametrize(
    "reference, status",
    [
        ("hotswap/acme/stripe", 400),
        (REFERENCE.replace("/acme/", "/globex/"), 422),
        (REFERENCE.replace("us-east-1", "eu-west-1"), 422),
        (REFERENCE.replace("stripe", "unknown"), 422),
    ],
)
def test_a_reference_that_no_call_could_read_is_refused(
    world: FakeWorld, installed: Gateway, reference: str, status: int
) -> None:
    world.references.values[REFERENCE.replace("/acme/", "/globex/")] = "of globex"

    answer = installed.put(f"/v1/tenants/acme/plugins/{PLUGIN}/secrets/apiKey", {"reference": reference}, "olga")

    assert (answer.status, answer.wrong) == (status, {"/reference"})
    assert answer.json["errors"][0]["fix"]
    assert world.tables.installations["acme", PLUGIN].sealed_secrets == {}


@pytest.mark.parametrize("body", [{}, {"value": "sk", "reference": REFERENCE}])
def test_a_secret_is_a_value_or_a_reference(installed: Gateway, body: dict[str, str]) -> None:
    answer = installed.put(f"/v1/tenants/acme/plugins/{PLUGIN}/secrets/apiKey", body, "olga")

    assert (answer.status, answer.wrong) == (400, {"/value"})


def test_while_secrets_manager_is_away_a_reference_waits(world: FakeWorld, installed: Gateway) -> None:
    world.references.is_down = True

    answer = installed.put(f"/v1/tenants/acme/plugins/{PLUGIN}/secrets/apiKey", {"reference": REFERENCE}, "olga")

    assert answer.status == 503
