"""Quotas over HTTP: the refusal that says which, how much and until when, and the list of what is used."""

import pytest

from tests.api.gateway import Gateway
from tests.api.scenes import PLUGIN, a_plugin, a_served_tenant, a_tenant, an_installation
from tests.fakes import FakeWorld

INVOKE = f"/v1/plugins/{PLUGIN}/invoke"
CHARGE = {"tenantId": "acme", "operation": "charge", "environment": "Development"}
USAGE = "/v1/tenants/acme/usage"


@pytest.fixture
def served(world: FakeWorld, api: Gateway) -> Gateway:
    a_served_tenant(world, api)
    return api


def limit(world: FakeWorld, **quotas: int) -> None:
    installation = world.tables.installations["acme", PLUGIN]
    world.tables.installations["acme", PLUGIN] = installation._replace(quotas=quotas)


def test_a_call_beyond_the_quota_is_told_which_how_much_and_when_to_come_again(
    world: FakeWorld, served: Gateway
) -> None:
    limit(world, requestsPerMinute=2)
    world.clock.advance(seconds=20)
    assert [served.post(INVOKE, CHARGE, "hugo").status for _ in range(2)] == [200, 200]

    refused = served.post(INVOKE, CHARGE, "hugo")

    assert (refused.status, refused.json["code"]) == (429, "QUOTA_EXCEEDED")
    assert refused.json["quota"] == {
        "name": "requestsPerMinute",
        "limit": 2,
        "used": 2,
        "resetAt": "2026-11-22T15:01:00.000Z",
    }
    assert refused.headers["Retry-After"] == "40"
    assert "Admin" in refused.json["fix"]


def test_a_quota_of_nothing_refuses_the_first_call(world: FakeWorld, served: Gateway) -> None:
    limit(world, requestsPerMinute=0)

    refused = served.post(INVOKE, CHARGE, "hugo")

    assert (refused.status, refused.json["quota"]["limit"]) == (429, 0)


def test_usage_tells_limit_use_and_reset_of_every_plugin(world: FakeWorld, served: Gateway) -> None:
    limit(world, requestsPerMinute=9)
    a_plugin(served, "another-plugin")
    an_installation(served, name="another-plugin")
    for _ in range(3):
        served.post(INVOKE, CHARGE, "hugo")

    listed = served.get(USAGE, "olga").json["items"]

    reset_at = "2026-11-22T15:01:00.000Z"
    assert [each["pluginId"] for each in listed] == ["another-plugin", PLUGIN]
    assert listed[0]["requestsPerMinute"] == {"limit": 60, "used": 0, "resetAt": reset_at}
    assert listed[0]["concurrentExecutions"] == {"limit": 5, "used": 0}
    assert listed[1]["requestsPerMinute"] == {"limit": 9, "used": 3, "resetAt": reset_at}
    assert listed[1]["concurrentExecutions"] == {"limit": 5, "used": 1}
    assert listed[1]["executionSecondsPerMinute"]["limit"] == 60


def test_usage_comes_in_pages(served: Gateway) -> None:
    a_plugin(served, "another-plugin")
    an_installation(served, name="another-plugin")

    first = served.get(f"{USAGE}?limit=1", "olga").json
    second = served.get(f"{USAGE}?limit=1&cursor={first['nextCursor']}", "olga").json

    assert [page["items"][0]["pluginId"] for page in (first, second)] == ["another-plugin", PLUGIN]
    assert not second["hasMore"]


@pytest.mark.parametrize("username, status", [("olga", 404), ("root", 200), ("ana", 403), ("hugo", 403)])
def test_another_tenants_usage_is_not_found_for_an_owner(served: Gateway, username: str, status: int) -> None:
    a_tenant(served, "globex")

    assert served.get("/v1/tenants/globex/usage", username).status == status


def test_usage_of_a_tenant_that_nobody_added_is_not_found(served: Gateway) -> None:
    assert served.get("/v1/tenants/nobody/usage", "root").status == 404
