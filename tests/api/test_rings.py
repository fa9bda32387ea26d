"""The rings of the product, over HTTP, and that a tenant is in one of them."""

from typing import Any

import pytest

from tests.api.gateway import Gateway
from tests.fakes import FakeWorld

BANKS = {"rings": ["internal", "beta", "general", "banks"]}


def put(api: Gateway, rings: list[str], etag: str | None = "*", as_: str = "root", query: str = "") -> Any:
    headers = {} if etag is None else {"If-Match": etag}
    return api.put(f"/v1/rings{query}", {"rings": rings}, as_, headers=headers)


def test_there_are_three_rings_until_an_admin_changes_them(world: FakeWorld, api: Gateway) -> None:
    before = api.get("/v1/rings", "vera")

    answer = put(api, BANKS["rings"], before.headers["ETag"])

    assert (before.json["rings"], before.json["updatedAt"]) == (["internal", "beta", "general"], None)
    assert (answer.status, answer.json["rings"]) == (200, BANKS["rings"])
    assert api.get("/v1/rings", "olga").json == answer.json
    assert world.tables.records[-1].after == BANKS


def test_a_change_names_the_state_that_it_changes(api: Gateway) -> None:
    assert put(api, ["general"], None).status == 428
    assert put(api, ["general"], '"7"').status == 412
    etag = api.get("/v1/rings", "root").headers["ETag"]
    assert put(api, ["beta", "general"], etag).status == 200
    assert put(api, ["general"], etag).status == 412
    assert api.get("/v1/rings", "root").json["rings"] == ["beta", "general"]


def test_a_dry_run_and_the_same_list_again_change_nothing(world: FakeWorld, api: Gateway) -> None:
    preview = put(api, BANKS["rings"], query="?validateOnly=true")
    same = put(api, ["internal", "beta", "general"])

    assert (preview.json["rings"], same.json["revision"]) == (BANKS["rings"], 0)
    assert world.tables.actions == []


@pytest.mark.parametrize(
    "rings, wrong",
    [
        ([], {"/rings"}),
        (["beta"], {"/rings"}),
        (["general", "Beta", ""], {"/rings/1", "/rings/2"}),
        (["general", "beta", "beta"], {"/rings/2"}),
        ([f"r{number}" for number in range(20)] + ["general"], {"/rings"}),
    ],
)
def test_a_list_that_can_be_no_list_of_rings_is_refused(api: Gateway, rings: list[str], wrong: set[str]) -> None:
    answer = put(api, rings)

    assert (answer.status, answer.wrong) == (400, wrong)
    assert all(error["fix"] for error in answer.json["errors"])


def test_a_ring_in_use_stays_and_the_refusal_counts_its_tenants(api: Gateway) -> None:
    put(api, BANKS["rings"])
    for number in range(3):
        assert api.post("/v1/tenants", {"id": f"bank-{number}", "ring": "banks"}, "root").status == 201

    refused = put(api, ["internal", "beta", "general"])

    assert refused.status == 409
    assert "banks (3 tenants)" in refused.json["detail"]
    for number in range(3):
        api.patch(f"/v1/tenants/bank-{number}", {"ring": "beta"}, "root")
    assert put(api, ["internal", "beta", "general"]).status == 200


def test_a_tenant_is_put_only_into_a_ring_that_there_is(api: Gateway) -> None:
    unknown = api.post("/v1/tenants", {"id": "acme", "ring": "banks"}, "root")
    api.post("/v1/tenants", {"id": "acme"}, "root")
    moved = api.patch("/v1/tenants/acme", {"ring": "banks"}, "root")

    for refused in (unknown, moved):
        assert (refused.status, refused.wrong) == (422, {"/ring"})
        assert "internal, beta, general" in refused.json["errors"][0]["fix"]
    put(api, BANKS["rings"])
    assert api.patch("/v1/tenants/acme", {"ring": "banks"}, "root").json["ring"] == "banks"


def test_a_tenant_owner_may_look_but_not_change(api: Gateway) -> None:
    assert api.get("/v1/rings", "olga").status == 200
    assert put(api, ["general"], as_="olga").status == 403
