"""Which version serves a tenant, and why: the answer that support gives in one request."""

import pytest

from chalicelib.domain.pins import Pin
from chalicelib.domain.routes import Target
from chalicelib.domain.tenants import TenantStatus
from tests.api.gateway import Gateway
from tests.api.scenes import PLUGIN, SHA256, a_plugin, a_served_tenant
from tests.fakes import FakeWorld

EFFECTIVE = f"/v1/tenants/acme/plugins/{PLUGIN}/effective"
RULES = [
    "blocked",
    "not-installed",
    "pin",
    "override",
    "experiment",
    "ring",
    "canary",
    "stable",
    "not-deployed",
]


@pytest.fixture
def served(world: FakeWorld, api: Gateway) -> Gateway:
    a_served_tenant(world, api)
    return api


def test_it_tells_the_version_its_digest_the_bucket_and_every_rule_in_order(served: Gateway) -> None:
    answer = served.get(f"{EFFECTIVE}?environment=Development", "olga")

    assert answer.status == 200
    assert (answer.json["configuredVersion"], answer.json["resolvedVersion"]) == ("1.0.0", "1.0.0")
    assert (answer.json["digest"], answer.json["reason"]) == (SHA256, "stable")
    assert 0 <= answer.json["bucket"] < 10_000
    assert [rule["rule"] for rule in answer.json["rules"]] == RULES
    assert [rule["rule"] for rule in answer.json["rules"] if rule["matched"]] == ["stable"]
    assert all(rule["why"] for rule in answer.json["rules"])
    assert answer.json["lastServed"] is None


def test_production_is_meant_when_no_environment_is_named(served: Gateway) -> None:
    answer = served.get(EFFECTIVE, "root")

    assert (answer.json["environment"], answer.json["resolvedVersion"]) == ("Production", None)
    assert (answer.json["reason"], answer.json["bucket"]) == ("not-deployed", None)


def test_it_tells_which_version_answered_last_and_since_when(served: Gateway) -> None:
    body = {"tenantId": "acme", "operation": "charge", "environment": "Development"}
    assert served.post(f"/v1/plugins/{PLUGIN}/invoke", body, "hugo").status == 200

    last = served.get(f"{EFFECTIVE}?environment=Development", "olga").json["lastServed"]

    assert (last["version"], last["reason"]) == ("1.0.0", "stable")
    assert last["at"].endswith("Z")
    assert served.get(f"{EFFECTIVE}?environment=QA", "olga").json["lastServed"] is None


def test_a_candidate_and_a_pin_are_shown_beside_what_was_resolved(world: FakeWorld, served: Gateway) -> None:
    green = Target("2.0.0", "v2-0-0", "2", "bb")
    route = world.tables.routes[PLUGIN, "Development"]
    world.tables.routes[PLUGIN, "Development"] = route._replace(candidate=green, candidate_bps=3_050)
    installation = world.tables.installations["acme", PLUGIN]
    pin = Pin("Development", Target("0.9.0", "v0-9-0", "7", "cc"), "audit season", "olga", "2026-11-22T15:00:00.000Z")
    world.tables.installations["acme", PLUGIN] = installation._replace(pin=pin)

    answer = served.get(f"{EFFECTIVE}?environment=Development", "olga").json

    assert (answer["candidateVersion"], answer["candidatePercentage"]) == ("2.0.0", 30.5)
    assert (answer["pinnedVersion"], answer["resolvedVersion"], answer["reason"]) == ("0.9.0", "0.9.0", "pin")


def test_whom_the_guard_sent_back_reads_which_deployment_failed_for_it(world: FakeWorld, served: Gateway) -> None:
    installation = world.tables.installations["acme", PLUGIN]
    target, at = Target("0.9.0", "v0-9-0", "7", "cc"), "2026-11-22T15:00:00.000Z"
    pin = Pin("Development", target, "1.0.0 fails for this tenant", "system", at, deployment_id="dep_01")
    world.tables.installations["acme", PLUGIN] = installation._replace(pin=pin)

    rules = served.get(f"{EFFECTIVE}?environment=Development", "olga").json["rules"]
    (listed,) = served.get("/v1/tenants/acme/plugins", "olga").json["items"]

    assert [rule["why"] for rule in rules if rule["matched"]] == [
        "system pinned the tenant to 0.9.0: 1.0.0 fails for this tenant"
    ]
    assert (listed["pin"]["author"], listed["pin"]["deploymentId"]) == ("system", "dep_01")


def test_a_suspended_tenant_and_one_without_the_plugin_learn_the_reason(world: FakeWorld, served: Gateway) -> None:
    a_plugin(served, "another-one")
    assert served.get("/v1/tenants/acme/plugins/another-one/effective", "olga").json["reason"] == "not-installed"

    world.tables.tenants["acme"] = world.tables.tenants["acme"]._replace(status=TenantStatus.SUSPENDED)

    assert served.get(EFFECTIVE, "root").json["reason"] == "blocked"


def test_another_tenants_is_as_if_there_were_none(served: Gateway) -> None:
    others = served.get(EFFECTIVE, "otto")
    nobodys = served.get(EFFECTIVE.replace("acme", "initech"), "otto")
    unknown = served.get(EFFECTIVE.replace("acme", "initech"), "root")

    assert (others.status, nobodys.status, unknown.status) == (404, 404, 404)
    assert others.json["detail"].replace("acme", "?") == nobodys.json["detail"].replace("initech", "?")
    assert served.get("/v1/tenants/acme/plugins/nobody-knows/effective", "olga").status == 404


def test_an_environment_that_does_not_exist_is_refused(served: Gateway) -> None:
    assert served.get(f"{EFFECTIVE}?environment=production", "olga").wrong == {"/environment"}
