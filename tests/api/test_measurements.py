"""What was measured, over HTTP: exposure, experiments with their observations, health and metrics of plugins."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.plans import Plan, Step, StepKind, StepStatus
from chalicelib.domain.routes import Route, Target, Variant
from chalicelib.domain.tallies import Call
from chalicelib.domain.tenants import Tenant
from chalicelib.domain.times import rfc3339
from tests.api.gateway import Gateway
from tests.api.scenes import PLUGIN, a_plugin, a_ready_version
from tests.fakes import FakeWorld

DIRECT = {"pluginId": PLUGIN, "version": "1.0.0", "environment": "Development", "strategy": "Direct"}
BLUE, GREEN = (Target(f"{number}.0.0", f"v{number}-0-0", str(number), "aa") for number in (1, 2))
ARMS = Variant("A", BLUE, 5_000), Variant("B", GREEN, 5_000)


@pytest.fixture
def ready(world: FakeWorld, api: Gateway) -> Gateway:
    a_plugin(api)
    a_ready_version(world, api)
    return api


def an_experiment(world: FakeWorld, ready: Gateway, **config: Any) -> str:
    """Make a deployment that tries 2.0.0 against 1.0.0 among all tenants, for a second."""
    asked: str = ready.post("/v1/deployments", DIRECT).json["deploymentId"]
    began = rfc3339(world.clock.now())
    steps = (
        Step(0, StepKind.SHIFT, "", variants=ARMS, status=StepStatus.COMPLETED, ended_at=began),
        Step(1, StepKind.OBSERVE, "", seconds=1, status=StepStatus.RUNNING, started_at=began),
        Step(2, StepKind.DECIDE, "", seconds=None),
    )
    good = Route(PLUGIN, "Development", "salt", stable=BLUE, epoch=1)
    live = replace(world.tables.deployments[asked], plan=Plan(steps), last_known_good=good, config=config)
    world.tables.deployments[asked] = live
    return asked


def calls(world: FakeWorld, deployment_id: str, target: Target, *tenants: str, failed: bool = False) -> None:
    route = Route(PLUGIN, "Development", "salt", stable=BLUE, variants=ARMS, deployment_id=deployment_id, epoch=3)
    for tenant in tenants:
        world.clock.advance(seconds=1)
        world.calls.count(Call(route, Tenant(tenant, tenant, "", ""), target, True, failed, 20.0))  # noqa: FBT003


def test_a_deployment_tells_whom_it_has_served_and_what_that_cost(world: FakeWorld, ready: Gateway) -> None:
    deployment_id = an_experiment(world, ready)
    calls(world, deployment_id, GREEN, "acme", "globex", "acme")
    calls(world, deployment_id, GREEN, "acme", failed=True)
    calls(world, deployment_id, BLUE, "initech")

    shown = ready.get(f"/v1/deployments/{deployment_id}", "vera").json

    assert shown["exposure"] == {"tenants": 2, "requests": 4, "failedRequests": 1}


def test_an_experiment_is_decided_by_what_hosts_observe_of_tenants(world: FakeWorld, ready: Gateway) -> None:
    deployment_id = an_experiment(world, ready, primaryMetric="sales", goal="increase")
    for number in range(20):
        calls(world, deployment_id, BLUE, f"blue-{number}")
        calls(world, deployment_id, GREEN, f"green-{number}")
    values = [
        {"tenantId": f"{side}-{number}", "metric": "sales", "value": base + number % 3}
        for side, base in (("blue", 10), ("green", 30))
        for number in range(20)
    ]

    posted = ready.post(f"/v1/deployments/{deployment_id}/observations", {"observations": values}, "hugo")
    stranger = {"tenantId": "who-else", "metric": "sales", "value": 1e6}
    ready.post(f"/v1/deployments/{deployment_id}/observations", stranger, "hugo")

    seen = ready.get(f"/v1/deployments/{deployment_id}", "vera").json["experiment"]
    assert (posted.status, posted.json) == (200, {"accepted": 40})
    assert (seen["winner"], seen["control"], seen["isConclusive"]) == ("B", "A", True)
    assert [(arm["name"], arm["version"], arm["tenants"], arm["n"]) for arm in seen["arms"]] == [
        ("A", "1.0.0", 20, 20),
        ("B", "2.0.0", 20, 20),
    ]
    (comparison,) = seen["comparisons"]
    assert comparison["effect"] == pytest.approx(20)
    assert 0 < comparison["low"] < 20 < comparison["high"]


def test_an_experiment_without_a_difference_decides_nothing(world: FakeWorld, ready: Gateway) -> None:
    deployment_id = an_experiment(world, ready, primaryMetric="errorRate", goal="decrease")
    for number in range(20):
        calls(world, deployment_id, BLUE, f"blue-{number}", failed=number % 4 == 0)
        calls(world, deployment_id, GREEN, f"green-{number}", failed=number % 4 == 0)

    seen = ready.get(f"/v1/deployments/{deployment_id}").json["experiment"]

    assert (seen["winner"], seen["isConclusive"]) == (None, False)
    assert seen["reason"].endswith("A stays")


@pytest.mark.parametrize(
    "body, status",
    [
        ({"tenantId": "acme", "metric": "sales", "value": 1}, 200),
        ({"tenantId": "acme", "metric": "sales"}, 400),
        ({"tenantId": "acme", "metric": "sales", "value": 1, "observations": []}, 400),
        ({"observations": [{"tenantId": "acme", "metric": "sales", "value": 1}] * 101}, 400),
        ({"tenantId": "acme", "metric": "no metric", "value": 1}, 400),
        ({"tenantId": "acme", "metric": "sales", "value": "1"}, 400),
    ],
)
def test_an_observation_is_a_tenant_a_metric_and_a_value(
    world: FakeWorld, ready: Gateway, body: dict[str, Any], status: int
) -> None:
    path = f"/v1/deployments/{an_experiment(world, ready)}/observations"

    assert ready.post(path, body).status == status
    assert len(world.tallies.observed) == (status == 200)


def test_what_is_no_experiment_takes_no_observations(ready: Gateway) -> None:
    deployment_id = ready.post("/v1/deployments", DIRECT).json["deploymentId"]
    body = {"tenantId": "acme", "metric": "sales", "value": 1}

    assert ready.post(f"/v1/deployments/{deployment_id}/observations", body).status == 422
    assert ready.post("/v1/deployments/dep_none/observations", body).status == 404


def test_metrics_and_health_tell_how_each_version_fares(world: FakeWorld, ready: Gateway) -> None:
    deployment_id = an_experiment(world, ready)
    route = Route(PLUGIN, "Development", "salt", stable=BLUE, variants=ARMS, deployment_id=deployment_id, epoch=3)
    world.tables.routes[PLUGIN, "Development"] = route
    calls(world, deployment_id, GREEN, *(f"tenant-{number}" for number in range(40)), failed=True)
    world.clock.advance(seconds=60)
    calls(world, deployment_id, BLUE, "acme")

    metrics = ready.get(f"/v1/plugins/{PLUGIN}/metrics?window=PT30M", "vera").json
    health = ready.get(f"/v1/plugins/{PLUGIN}/health", "vera").json

    counted = {item["version"]: item["traffic"] for item in metrics["items"]}
    assert (counted["2.0.0"]["requests"], counted["2.0.0"]["errorRate"]) == (40, 1.0)
    assert counted["2.0.0"]["latencyP99Ms"] == pytest.approx(20, rel=0.15)
    assert {(item["version"], item["role"], item["status"]) for item in health["items"]} == {
        ("1.0.0", "stable", "Healthy"),
        ("2.0.0", "variant", "Unhealthy"),
    }
    assert ready.get(f"/v1/plugins/{PLUGIN}/metrics?window=P8D").status == 400
    assert ready.get(f"/v1/plugins/{PLUGIN}/metrics?window=soon").status == 400
    assert ready.get("/v1/plugins/no-such-plugin/metrics").status == 404


def test_what_fails_more_than_before_is_not_healthy_though_it_keeps_the_limit(world: FakeWorld, ready: Gateway) -> None:
    route = Route(PLUGIN, "Development", "salt", stable=BLUE, epoch=1)
    world.tables.routes[PLUGIN, "Development"] = route
    calls(world, "dep_01", BLUE, *["acme"] * 3_000)
    world.clock.advance(seconds=1_200)
    for _ in range(15):
        calls(world, "dep_01", BLUE, *["acme"] * 24)
        calls(world, "dep_01", BLUE, "acme", failed=True)
    world.clock.advance(seconds=60)
    calls(world, "dep_01", BLUE, "acme")

    (stable,) = ready.get(f"/v1/plugins/{PLUGIN}/health", "vera").json["items"]

    assert (stable["status"], stable["role"]) == ("Unhealthy", "stable")
    assert "more than 1.00% is a regression" in stable["reason"]


def test_a_plugin_is_checked_when_somebody_asks(world: FakeWorld, ready: Gateway) -> None:
    world.tables.routes[PLUGIN, "Development"] = Route(PLUGIN, "Development", "salt", stable=BLUE, epoch=1)
    version = world.tables.versions[PLUGIN, "1.0.0"]
    world.tables.versions[PLUGIN, "1.0.0"] = replace(version, manifest={**version.manifest, "type": "PaymentGateway"})
    world.functions.respond(PLUGIN, "v1-0-0", {"ok": False, "failure": {"kind": "PluginRaised", "message": "ill"}})

    (made,) = ready.post(f"/v1/plugins/{PLUGIN}/health-check", {}, "vera").json["items"]
    elsewhere = ready.post(f"/v1/plugins/{PLUGIN}/health-check", {"environment": "QA"}, "vera").json["items"]

    assert (made["version"], made["role"], made["outcome"], made["message"]) == (
        "1.0.0",
        "stable",
        "fail",
        "PluginRaised: ill",
    )
    assert elsewhere == []
