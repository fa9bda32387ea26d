"""Deployments over HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import TransientError
from chalicelib.domain.plans import Plan
from chalicelib.domain.verdicts import Verdict, combine
from tests.api.gateway import Gateway
from tests.api.scenes import PLUGIN, a_draft, a_plugin, a_ready_version, a_tenant, an_installation
from tests.fakes import FakeWorld

DIRECT = {"pluginId": PLUGIN, "version": "1.0.0", "environment": "Development", "strategy": "Direct"}
QUICK_START_CANARY = {
    "pluginId": PLUGIN,
    "version": "1.0.0",
    "environment": "Production",
    "strategy": "Canary",
    "canaryConfig": {"initialPercentage": 10, "incrementPercentage": 20, "evaluationPeriod": "PT10M"},
}


@pytest.fixture
def ready(world: FakeWorld, api: Gateway) -> Gateway:
    a_plugin(api)
    a_ready_version(world, api)
    return api


def test_deploying_answers_202_with_the_plan_and_where_to_look(world: FakeWorld, ready: Gateway) -> None:
    answer = ready.post("/v1/deployments", {**DIRECT, "reason": "first"})

    deployment_id = answer.json["deploymentId"]
    assert (answer.status, answer.headers["Location"]) == (202, f"deployments/{deployment_id}")
    assert [step["kind"] for step in answer.json["plan"]] == ["warm", "smoke", "shift", "observe"]
    assert (answer.json["initiatedBy"], answer.json["reason"], answer.json["currentStep"]) == ("ana", "first", 0)
    assert [machine for machine, _ in world.executions.started.values()] == ["deployment"]


def test_a_deployment_can_be_read_listed_and_followed(ready: Gateway) -> None:
    deployment_id = ready.post("/v1/deployments", DIRECT).json["deploymentId"]

    shown = ready.get(f"/v1/deployments/{deployment_id}", "vera")
    listed = ready.get(f"/v1/deployments?pluginId={PLUGIN}&environment=Development&status=Pending", "vera")
    timeline = ready.get(f"/v1/deployments/{deployment_id}/timeline", "vera")

    assert shown.json["deploymentId"] == deployment_id
    assert [item["deploymentId"] for item in listed.json["items"]] == [deployment_id]
    assert timeline.json["items"][0]["action"] == "CreateDeployment"
    assert ready.get("/v1/deployments?environment=QA").json["items"] == []


def test_two_deployments_at_once_are_one_and_a_conflict(ready: Gateway) -> None:
    first = ready.post("/v1/deployments", DIRECT)

    second = ready.post("/v1/deployments", DIRECT, "root")

    assert (first.status, second.status, second.code) == (202, 409, "CONFLICT")
    assert first.json["deploymentId"] in second.json["fix"]


def test_a_deployment_tells_how_many_tenants_it_moves_and_keeps_that(world: FakeWorld, ready: Gateway) -> None:
    for tenant in ("acme", "globex"):
        a_tenant(ready, tenant)
        an_installation(ready, tenant)

    preview = ready.post("/v1/deployments?validateOnly=true", DIRECT)
    begun = ready.post("/v1/deployments", DIRECT)
    world.tables.installations.clear()

    assert (preview.json["affectedTenants"], begun.json["affectedTenants"]) == (2, 2)
    assert ready.get(f"/v1/deployments/{begun.json['deploymentId']}").json["affectedTenants"] == 2


def test_a_dry_run_shows_the_plan_and_changes_nothing(world: FakeWorld, ready: Gateway) -> None:
    answer = ready.post("/v1/deployments?validateOnly=true", DIRECT)

    assert (answer.status, answer.json["deploymentId"], answer.json["executionArn"]) == (200, None, None)
    assert len(answer.json["plan"]) == 4
    assert world.tables.deployments == {}
    assert world.tables.leases == {}


def test_a_version_that_is_not_ready_is_not_deployed(api: Gateway) -> None:
    a_plugin(api)
    a_draft(api)

    answer = api.post("/v1/deployments", DIRECT)

    assert (answer.status, answer.code) == (422, "UNPROCESSABLE")
    assert "finalize" in answer.json["fix"]


def test_what_does_not_exist_is_not_deployed(ready: Gateway) -> None:
    assert ready.post("/v1/deployments", {**DIRECT, "version": "9.9.9"}).status == 404
    assert ready.post("/v1/deployments", {**DIRECT, "pluginId": "nobody-knows"}).status == 404
    assert ready.get("/v1/deployments/dep_01J00000000000000000000000").status == 404
    assert ready.get("/v1/deployments/dep_01J00000000000000000000000/timeline").status == 404


@pytest.mark.parametrize(
    "field, value",
    [("version", "01.0.0"), ("pluginId", "No Plugin"), ("environment", "development"), ("strategy", "YOLO")],
)
def test_what_can_not_be_is_a_400(ready: Gateway, field: str, value: str) -> None:
    answer = ready.post("/v1/deployments", {**DIRECT, field: value})

    assert (answer.status, answer.wrong) == (400, {f"/{field}"})


@pytest.mark.parametrize("name", ["canaryConfig", "blueGreenConfig", "rollingConfig", "abConfig"])
def test_the_config_of_another_strategy_is_refused_and_never_ignored(
    world: FakeWorld, ready: Gateway, name: str
) -> None:
    answer = ready.post("/v1/deployments", {**DIRECT, name: {}})

    assert (answer.status, answer.code, answer.wrong) == (422, "UNPROCESSABLE", {f"/{name}"})
    assert world.tables.deployments == {}


@pytest.mark.parametrize(
    "body, field",
    [
        ({"steps": [{"shift": 10}]}, "/steps/0/kind"),
        ({"steps": [{"kind": "shift", "percentage": 50}]}, "/steps"),
        ({"health": {"maxErrorRate": 2}}, "/health/maxErrorRate"),
        ({"health": {"typo": 1}}, "/health/typo"),
        ({"onConflict": "fight"}, "/onConflict"),
        ({"maxTenants": 0}, "/maxTenants"),
        ({"startAt": "tomorrow"}, "/startAt"),
        ({"startAt": "2027-11-22T15:00:00Z"}, "/startAt"),
        ({"strategy": "Canary", "canaryConfig": {"evaluationPeriod": "10 minutes"}}, "/canaryConfig/evaluationPeriod"),
    ],
)
def test_what_can_not_be_is_refused_where_it_stands_and_leaves_no_trace(
    world: FakeWorld, ready: Gateway, body: dict[str, Any], field: str
) -> None:
    answer = ready.post("/v1/deployments", {**DIRECT, **body})

    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    assert field in answer.wrong
    assert all(error["fix"] for error in answer.json["errors"])
    assert world.tables.deployments == {}


def test_everything_that_was_asked_for_is_kept_with_the_deployment(ready: Gateway) -> None:
    asked = {
        **DIRECT,
        "strategy": "Canary",
        "canaryConfig": {"stages": [12.5, 100], "autoRollback": False},
        "health": {"maxErrorRate": 0.01, "onNoData": "warn"},
        "onConflict": "queue",
        "startAt": "2026-11-23T09:00:00+01:00",
        "maxTenants": 7,
        "maxRequests": 5000,
    }

    begun = ready.post("/v1/deployments", asked)

    shown = ready.get(f"/v1/deployments/{begun.json['deploymentId']}").json
    assert begun.status == 202
    assert shown["config"] == {
        "initialPercentage": 10,
        "incrementPercentage": 20,
        "stages": [12.5, 100],
        "evaluationPeriod": "PT10M",
        "autoRollback": False,
        "splitBy": "tenant",
        "bake": "PT0S",
    }
    assert (shown["health"]["maxErrorRate"], shown["health"]["onNoData"]) == (0.01, "warn")
    assert (shown["onConflict"], shown["startAt"]) == ("queue", "2026-11-23T08:00:00.000Z")
    assert (shown["maxTenants"], shown["maxRequests"], shown["autoRollback"]) == (7, 5000, False)
    shares = [step["candidatePercentage"] for step in shown["plan"] if step["kind"] == "shift"]
    assert shares == [12.5, 100]


def test_the_quick_start_canary_plans_a_verdict_after_every_step(world: FakeWorld, ready: Gateway) -> None:
    answer = ready.post("/v1/deployments?validateOnly=true", QUICK_START_CANARY, "root")

    plan = answer.json["plan"]
    assert answer.status == 200
    assert [step["candidatePercentage"] for step in plan if step["kind"] == "shift"] == [10, 30, 50, 70, 90, 100]
    assert [step["duration"] for step in plan if step["kind"] == "observe"] == ["PT10M"] * 6
    assert plan[0]["kind"] == "approve"
    assert "2 people" in plan[0]["detail"]
    assert world.tables.deployments == {}


def test_a_dry_run_foretells_time_cost_and_every_rule_that_is_broken_at_once(ready: Gateway) -> None:
    ready.post("/v1/deployments", DIRECT)

    answer = ready.post("/v1/deployments?validateOnly=true", QUICK_START_CANARY)

    foretold = answer.json["forecast"]
    codes = [violation["code"] for violation in foretold["violations"]]
    assert answer.status == 200
    assert "FORBIDDEN" in codes
    assert any("lower environment" in violation["message"] for violation in foretold["violations"])
    assert all(violation["fix"] for violation in foretold["violations"])
    assert foretold["atLeast"].startswith("PT1H")
    assert foretold["atMost"].startswith("PT49H")
    assert (foretold["approvalsNeeded"], foretold["approvalTimeout"]) == (2, "PT48H")
    assert foretold["cost"]["stateTransitions"] > 6 * 60 * 3
    assert 0 < foretold["cost"]["usd"] < 1
    assert len(foretold["stepBegins"]) == len(answer.json["plan"])


def test_a_dry_run_meets_a_live_deployment_as_a_broken_rule(ready: Gateway) -> None:
    live = ready.post("/v1/deployments", DIRECT).json["deploymentId"]

    answer = ready.post("/v1/deployments?validateOnly=true", DIRECT)

    [violation] = answer.json["forecast"]["violations"]
    assert violation["code"] == "CONFLICT"
    assert live in violation["message"]


def test_a_verdict_tells_what_each_rule_said_of_one_deployment_and_not_in_a_list(
    world: FakeWorld, ready: Gateway
) -> None:
    created = ready.post("/v1/deployments", DIRECT, "ana").json["deploymentId"]
    stored = world.tables.deployments[created]
    limit = Verdict(
        "pass",
        "errors 1 %",
        rule="error limit",
        query="error rate of the candidate",
        window="since noon",
        unit="share",
        n=100,
        value=0.01,
        low=0.001,
        high=0.04,
        threshold=0.05,
    )
    few = Verdict("inconclusive", "12 of 50 requests", rule="minimum requests", n=12, value=12.0, threshold=50.0)
    judged = replace(stored.plan.steps[3], verdict=combine([combine([limit, few]).about("1.0.0")]))
    world.tables.deployments[created] = replace(stored, plan=Plan((*stored.plan.steps[:3], judged)))

    told = ready.get(f"/v1/deployments/{created}", "ana").json["plan"][3]["verdict"]
    (listed,) = ready.get("/v1/deployments", "ana").json["items"]

    assert (told["outcome"], told["rule"]) == ("inconclusive", "minimum requests")
    assert [(one["rule"], one["outcome"], one["version"]) for one in told["signals"]] == [
        ("error limit", "pass", "1.0.0"),
        ("minimum requests", "inconclusive", "1.0.0"),
    ]
    names = ("query", "window", "unit", "n", "value", "low", "high", "threshold")
    assert {name: told["signals"][0][name] for name in names} == {name: getattr(limit, name) for name in names}
    assert listed["plan"][3]["verdict"]["signals"] == []


def test_the_tenants_of_a_plan_are_named_only_to_those_who_may_know_them(ready: Gateway) -> None:
    a_tenant(ready, "acme")
    an_installation(ready, "acme")
    begun = ready.post("/v1/deployments", DIRECT).json

    path = f"/v1/deployments/{begun['deploymentId']}"
    reaches = {
        who: next(step["reach"] for step in ready.get(path, who).json["plan"] if step["reach"])
        for who in ("ana", "vera", "olga")
    }

    assert reaches["ana"] == {"tenants": 1, "ofTenants": 1, "sample": ["acme"]}
    assert reaches["vera"] == reaches["olga"] == {"tenants": 1, "ofTenants": 1, "sample": []}
    assert "acme" not in str(ready.get("/v1/deployments", "olga").json["items"][0]["plan"])


@pytest.mark.parametrize("environment, people", [("QA", "1 person"), ("Staging", "1 person")])
def test_an_environment_that_needs_approval_asks_for_it_whatever_the_requester_wishes(
    ready: Gateway, environment: str, people: str
) -> None:
    answer = ready.post("/v1/deployments", {**DIRECT, "environment": environment}, "root")

    assert answer.status == 202
    assert answer.json["plan"][0]["kind"] == "approve"
    assert people in answer.json["plan"][0]["detail"]


def test_production_takes_no_version_that_was_nowhere_else(ready: Gateway) -> None:
    answer = ready.post("/v1/deployments", {**DIRECT, "environment": "Production"}, "root")

    assert (answer.status, answer.code) == (422, "UNPROCESSABLE")
    assert "lower environment" in answer.json["detail"]


@pytest.mark.parametrize(
    "environment, status", [("Development", 202), ("QA", 202), ("Staging", 403), ("Production", 403)]
)
def test_a_developer_deploys_no_further_than_qa(ready: Gateway, environment: str, status: int) -> None:
    assert ready.post("/v1/deployments", {**DIRECT, "environment": environment}).status == status


def test_nothing_is_left_half_made_when_the_machine_can_not_start(world: FakeWorld, ready: Gateway) -> None:
    world.executions.is_down = True

    answer = ready.post("/v1/deployments", DIRECT)

    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "SERVICE_UNAVAILABLE", "1")
    world.executions.is_down = False
    assert ready.post("/v1/deployments", DIRECT).status == 202


def test_a_table_that_is_away_is_a_503_and_not_a_bug(world: FakeWorld, ready: Gateway) -> None:
    world.tables.fail_next(TransientError("DynamoDB throttles."))

    answer = ready.post("/v1/deployments", DIRECT)

    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE")


def test_deployments_come_newest_first_in_pages(world: FakeWorld, ready: Gateway) -> None:
    made: list[Any] = []
    for _ in range(3):
        made.append(ready.post("/v1/deployments", DIRECT).json["deploymentId"])
        lease = world.tables.leases[PLUGIN, "Development"]
        world.tables.leases[PLUGIN, "Development"] = replace(lease, holder="")

    first = ready.get("/v1/deployments?limit=2").json
    second = ready.get(f"/v1/deployments?limit=2&cursor={first['nextCursor']}").json

    assert [item["deploymentId"] for item in [*first["items"], *second["items"]]] == made[::-1]
