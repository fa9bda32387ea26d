"""What the platform before this one got wrong, held right: a test each, named after what must hold."""

from dataclasses import replace

from tests.api.gateway import DOCUMENT, Gateway
from tests.api.scenes import PLUGIN, a_plugin, a_ready_version, a_served_tenant
from tests.fakes import FakeWorld

DEPLOY = {"pluginId": PLUGIN, "version": "1.0.0", "environment": "Development", "strategy": "Direct"}


def test_identity_comes_from_the_token_and_never_from_the_body(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    a_ready_version(world, api)

    for claim in ("initiatedBy", "approver", "approvedBy", "username", "roles", "tenantId"):
        assert api.post("/v1/deployments", {**DEPLOY, claim: "root"}).wrong == {f"/{claim}"}
    assert api.post("/v1/deployments", DEPLOY).json["initiatedBy"] == "ana"


def test_no_requester_can_wish_an_approval_away(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    a_ready_version(world, api)

    for wish in ("requireApproval", "approvals", "skipApproval"):
        wished = {**DEPLOY, wish: False, "environment": "Production"}
        assert api.post("/v1/deployments", wished, "root").status == 400
    assert api.post("/v1/deployments", {**DEPLOY, "environment": "Production"}, "root").status == 422


def test_two_deployments_never_race(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    a_ready_version(world, api)

    statuses = sorted(api.post("/v1/deployments", DEPLOY, user).status for user in ("ana", "root", "ana"))

    assert statuses == [202, 409, 409]
    assert len(world.tables.deployments) == 1


def test_the_tenant_of_a_token_is_checked_at_each_read(world: FakeWorld, api: Gateway) -> None:
    a_served_tenant(world, api)

    assert api.get("/v1/tenants/acme", "otto").status == 404
    assert api.get("/v1/tenants/acme/plugins", "otto").status == 404
    assert api.get("/v1/tenants/acme", "olga", headers={"X-Tenant-Id": "globex"}).json["id"] == "acme"


def test_a_tenants_change_is_audited_with_its_tenant(world: FakeWorld, api: Gateway) -> None:
    a_served_tenant(world, api)
    a_ready_version(world, api)

    api.put(f"/v1/tenants/acme/plugins/{PLUGIN}/secrets/apiKey", {"value": "sk"}, "olga")

    record = world.tables.records[-1]
    assert (record.actor, record.action, record.tenant_id) == ("olga", "PutSecret", "acme")


def test_a_change_whose_audit_fails_does_not_happen(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    before = dict(world.tables.plugins)
    world.tables.records.append(replace(world.tables.records[0], id=f"aud_01HSF{world.ids._next:021d}"))

    answer = api.patch(f"/v1/plugins/{PLUGIN}", {"description": "new"})

    assert answer.status == 409
    assert world.tables.plugins == before


def test_no_endpoint_serves_users_or_their_passwords() -> None:
    assert [path for path in DOCUMENT["paths"] if "user" in path or "password" in path] == []


def test_errors_have_one_shape_and_leak_no_exception(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    world.tables.fail_next(KeyError("internal detail"))
    answers = [
        api.post("/v1/plugins", "{"),
        api.post("/v1/plugins", {"name": PLUGIN, "type": "Other"}),
        api.get("/v1/plugins/unknown-one"),
        api.put("/v1/plugins", {}),
        api.get("/v1/tenants", "vera"),
        api.post("/v1/plugins/unknown-one/invoke", {}, "hugo"),
    ]

    assert len({tuple(answer.json) for answer in answers}) == 1
    assert all("Error" not in answer.text and "Traceback" not in answer.text for answer in answers)
    assert "internal detail" not in "".join(answer.text for answer in answers)


def test_pre_release_versions_are_answered_like_any_other(api: Gateway) -> None:
    a_plugin(api)

    answer = api.post(f"/v1/plugins/{PLUGIN}/versions", {"version": "1.0.0-beta.1+5", "sha256": "0" * 64, "size": 1})

    assert answer.status == 201
    assert api.get(f"/v1/plugins/{PLUGIN}/versions/1.0.0-beta.1+5").status == 200
