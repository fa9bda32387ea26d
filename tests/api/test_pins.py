"""Pins over HTTP: with a reason, guarded by ETag, only to what may serve, and never around the approvers."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.ids import Environment
from chalicelib.domain.plans import Plan
from chalicelib.domain.strategies import Strategy
from chalicelib.domain.versions import VersionStatus
from chalicelib.services.targets import target_of
from tests.api.gateway import Answer, Gateway
from tests.api.scenes import PLUGIN, a_draft, a_plugin, a_ready_version, a_served_tenant, a_tenant
from tests.fakes import FakeWorld

BASE = f"/v1/tenants/acme/plugins/{PLUGIN}"
WISH = {"version": "2.0.0", "reason": "audit until February", "environment": "Development"}


@pytest.fixture
def served(world: FakeWorld, api: Gateway) -> Gateway:
    """Let 1.0.0 serve acme in Development, and 2.0.0 be Ready beside it."""
    a_served_tenant(world, api)
    for number in ("1.0.0", "2.0.0"):
        a_ready_version(world, api, number)
    answer = {"ok": True, "result": {}, "version": "2.0.0", "metrics": {}}
    world.functions.respond(PLUGIN, "v2-0-0", answer)
    return api


def put(api: Gateway, etag: str | None = "*", as_: str = "olga", query: str = "", **changes: Any) -> Answer:
    headers = {} if etag is None else {"If-Match": etag}
    wish = {name: value for name, value in {**WISH, **changes}.items() if value is not None}
    return api.put(f"{BASE}/pin{query}", wish, as_, headers=headers)


def invoked(api: Gateway) -> tuple[str, str]:
    body = {"tenantId": "acme", "operation": "charge", "input": {}, "environment": "Development"}
    answer = api.post(f"/v1/plugins/{PLUGIN}/invoke", body, "hugo")
    return answer.headers["X-HotSwap-Version"], answer.headers["X-HotSwap-Reason"]


def completed(world: FakeWorld, number: str, environment: str) -> None:
    target = target_of(world.tables.versions[PLUGIN, number])
    world.tables.deployments["dep_1"] = Deployment(
        id="dep_1",
        plugin_id=PLUGIN,
        environment=environment,
        target=target,
        strategy=Strategy.DIRECT,
        plan=Plan(()),
        initiated_by="root",
        created_at="2026-11-22T15:00:00.000Z",
        fence=1,
        status=DeploymentStatus.COMPLETED,
    )


def test_a_pinned_tenant_is_served_by_its_pin_until_it_is_let_go(served: Gateway) -> None:
    before = invoked(served)

    pinned = put(served, expiresAt="2099-01-01T00:00:00+01:00")
    during = invoked(served)
    freed = served.delete(f"{BASE}/pin", "olga", headers={"If-Match": pinned.headers["ETag"]})

    assert (before, during, invoked(served)) == (("1.0.0", "stable"), ("2.0.0", "pin"), ("1.0.0", "stable"))
    assert pinned.json["pin"] == {
        "environment": "Development",
        "version": "2.0.0",
        "reason": "audit until February",
        "author": "olga",
        "pinnedAt": pinned.json["pin"]["pinnedAt"],
        "expiresAt": "2098-12-31T23:00:00.000Z",
        "deploymentId": None,
    }
    assert (freed.json["pin"], freed.json["pinnedVersion"]) == (None, None)
    assert served.delete(f"{BASE}/pin", "olga", headers={"If-Match": "*"}).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("etag, status", [(None, 428), ('"7"', 412), ("nonsense", 412)])
def test_a_pin_names_the_state_that_it_changes(served: Gateway, method: str, etag: str | None, status: int) -> None:
    headers = {} if etag is None else {"If-Match": etag}

    answer = served.send(method, f"{BASE}/pin", "olga", body=WISH if method == "PUT" else None, headers=headers)

    assert answer.status == status


@pytest.mark.parametrize("status", [VersionStatus.VERIFYING, VersionStatus.REJECTED])
def test_a_version_that_may_not_serve_is_not_pinned(world: FakeWorld, served: Gateway, status: VersionStatus) -> None:
    world.tables.versions[PLUGIN, "2.0.0"] = replace(world.tables.versions[PLUGIN, "2.0.0"], status=status)

    assert put(served).status == 422


def test_a_version_that_is_missing_or_a_draft_is_not_pinned(served: Gateway) -> None:
    a_draft(served, "3.0.0")

    assert put(served, version="3.0.0").status == 422
    assert put(served, version="9.9.9").status == 404


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"reason": None}, "/reason"),
        ({"reason": ""}, "/reason"),
        ({"reason": "  "}, "/reason"),
        ({"environment": "Nowhere"}, "/environment"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "/expiresAt"),
        ({"expiresAt": "2099-01-01T00:00:00"}, "/expiresAt"),
        ({"expiresAt": "tomorrow"}, "/expiresAt"),
    ],
)
def test_a_pin_without_sense_is_refused(served: Gateway, changes: dict[str, Any], field: str) -> None:
    answer = put(served, **changes)

    assert (answer.status, answer.wrong) == (400, {field})


@pytest.mark.parametrize("environment", ["QA", "Staging", "Production", None])
@pytest.mark.parametrize("who", ["olga", "root"])
def test_a_pin_is_no_way_around_the_approvers(
    world: FakeWorld, served: Gateway, environment: str | None, who: str
) -> None:
    completed(world, "2.0.0", "Development")
    refused = put(served, as_=who, environment=environment)
    completed(world, "2.0.0", environment or "Production")

    allowed = put(served, as_=who, environment=environment)

    assert (refused.status, allowed.status) == (422, 200)
    assert "has never completed a deployment" in refused.json["detail"]


def test_a_pin_is_no_way_past_the_ladder_or_into_a_freeze(world: FakeWorld, served: Gateway) -> None:
    development = world.ports.policies.get(Environment.DEVELOPMENT)
    world.tables.policies[Environment.STAGING] = replace(
        world.ports.policies.get(Environment.STAGING), approvals=development.approvals, has_ladder=True
    )
    world.tables.policies[Environment.DEVELOPMENT] = replace(development, stop_the_line="incident 4711")

    skipping = put(served, environment="Staging")
    stopped = put(served, environment="Development")

    assert (skipping.status, stopped.status) == (422, 422)
    assert "in a lower environment" in skipping.json["detail"]
    assert "Development is stopped: incident 4711" in stopped.json["detail"]
    # What has been there before is a way back, and waits for nothing.
    completed(world, "2.0.0", "Development")
    assert put(served, environment="Development").status == 200


def test_enable_pins_by_the_same_rule(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    a_ready_version(world, api, "2.0.0")
    a_tenant(api)
    body = {"pinnedVersion": "2.0.0", "pinReason": "as agreed"}

    refused = api.post(f"{BASE}/enable", body, "olga")
    half = api.post(f"{BASE}/enable", {"pinnedVersion": "2.0.0"}, "olga")
    completed(world, "2.0.0", "Production")
    allowed = api.post(f"{BASE}/enable", body, "olga")

    assert (refused.status, half.status, half.wrong) == (422, 400, {"/pinReason"})
    assert (allowed.json["pin"]["version"], allowed.json["pin"]["environment"]) == ("2.0.0", "Production")


def test_a_version_tells_how_many_tenants_are_pinned_to_it(served: Gateway) -> None:
    path = f"/v1/plugins/{PLUGIN}/versions"

    before = served.get(f"{path}/2.0.0", "vera").json["pinnedTenants"]
    put(served)

    assert (before, served.get(f"{path}/2.0.0", "vera").json["pinnedTenants"]) == (0, 1)
    assert served.get(f"{path}/1.0.0", "vera").json["pinnedTenants"] == 0
    assert {each["pinnedTenants"] for each in served.get(path, "vera").json["items"]} == {None}


def test_a_dry_run_pins_nobody_and_another_tenant_is_not_found(world: FakeWorld, served: Gateway) -> None:
    assert put(served, query="?validateOnly=true").json["pinnedVersion"] == "2.0.0"
    assert put(served, as_="otto").status == 404
    assert served.delete(f"{BASE}/pin", "otto", headers={"If-Match": "*"}).status == 404
    assert world.tables.installations["acme", PLUGIN].pin is None
