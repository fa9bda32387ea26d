"""Every strategy in the deployed stack at once, each under constant load: what tenants see is that no request fails."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest

from tests.stack.product import Product
from tests.stack.running_stack import eventually
from tests.stack.traffic import Traffic

SOUND = """
def handle(operation, input, context):
    return {"tenant": context.tenant_id}
"""
MANIFEST: dict[str, Any] = {
    "operations": {"handle": {}, "ping": {}},
    "healthCheck": {"operation": "ping", "input": {}},
}
TENANTS = ("ash", "birch", "cedar", "elm", "fir", "oak")
HEALTH = {"healthCheckInterval": "PT1S", "minRequests": 0, "onNoData": "warn"}
PERIOD = "PT2S"

VARIANTS = [
    {"name": "old", "version": "1.0.0", "percentage": 50},
    {"name": "new", "version": "2.0.0", "percentage": 50},
]
WISHES: dict[str, dict[str, Any]] = {
    "direct-of-all": {"strategy": "Direct"},
    # Caps that nobody reaches are counted all the same, before each move and at each look.
    "canary-of-tenants": {
        "strategy": "Canary",
        "canaryConfig": {"stages": [20, 60, 100], "evaluationPeriod": PERIOD},
        "maxTenants": len(TENANTS),
        "maxRequests": 1_000_000,
    },
    "canary-of-requests": {
        "strategy": "Canary",
        "canaryConfig": {"stages": [50, 100], "evaluationPeriod": PERIOD, "splitBy": "request"},
    },
    "blue-green-at-once": {
        "strategy": "BlueGreen",
        "blueGreenConfig": {"warmupPeriod": "PT1S", "monitoringPeriod": PERIOD, "switchoverType": "Instant"},
    },
    "blue-green-by-and-by": {
        "strategy": "BlueGreen",
        "blueGreenConfig": {"warmupPeriod": "PT1S", "monitoringPeriod": "PT4S", "switchoverType": "Gradual"},
    },
    "rolling-by-batches": {
        "strategy": "Rolling",
        "rollingConfig": {
            "by": "tenant",
            "batchSize": "50%",
            "waitBetweenBatches": PERIOD,
            "healthCheckTimeout": "PT1S",
        },
    },
    "test-of-two": {"strategy": "ABTesting", "abConfig": {"variants": VARIANTS, "testDuration": "PT6S"}},
}
SHIFTS = {
    "direct-of-all": 1,
    "canary-of-tenants": 3,
    "canary-of-requests": 2,
    "blue-green-at-once": 1,
    "blue-green-by-and-by": 4,
    "rolling-by-batches": 2,
    "test-of-two": 2,
}


class Run(NamedTuple):
    """How a deployment ended, what its tenants saw, and since when the routers must have followed its end."""

    ended: dict[str, Any]
    traffic: Traffic
    followed: float


def serve(product: Product, name: str) -> None:
    product.register(name)
    for version in ("1.0.0", "2.0.0"):
        product.publish(name, version, SOUND, **MANIFEST)
    assert product.deploy(name, "1.0.0")["status"] == "Completed"
    for tenant in TENANTS:
        product.install(name, tenant)


@pytest.fixture(scope="module")
def runs(product: Product) -> dict[str, Run]:
    """Deploy 2.0.0 of a plugin by each strategy, all at the same time."""
    # Whatever runs at the same time needs functions of its own, and these two cores start only so many.
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda name: serve(product, name), WISHES))
    with ThreadPoolExecutor(len(WISHES)) as pool, ExitStack() as stack:
        traffics = {
            # One request of each plugin at a time: every further one would start a router on these two cores.
            name: stack.enter_context(Traffic(product, name, TENANTS, at_once=1))
            for name in WISHES
        }
        ended = dict(zip(WISHES, pool.map(lambda name: deployed(product, name), WISHES), strict=True))
        followed = max(pool.map(lambda traffic: traffic.follow(), traffics.values()))
        list(pool.map(lambda traffic: traffic.wait_for(2), traffics.values()))
    return {name: Run(ended[name], traffics[name], followed) for name in WISHES}


def deployed(product: Product, name: str) -> dict[str, Any]:
    begun = product.begin(name, "2.0.0", health=HEALTH, **WISHES[name])
    assert begun.status == 202, begun.body
    deployment_id = begun.body["deploymentId"]
    if name == "test-of-two":
        eventually(lambda: decides(product.deployment(deployment_id)), within_seconds=60)
        assert product.say(deployment_id, "promote", outcomeVersion="2.0.0").status == 200
    return product.ended(deployment_id)


def decides(shown: dict[str, Any]) -> bool:
    assert shown["endedAt"] is None, shown["statusReason"]
    current = shown["plan"][shown["currentStep"]]
    return bool(current["kind"] == "decide" and current["status"] == "Running")


@pytest.mark.parametrize("name", WISHES)
def test_strategy_ends_with_everybody_on_the_new_version(runs: dict[str, Run], product: Product, name: str) -> None:
    run = runs[name]

    kinds = [step["kind"] for step in run.ended["plan"]]

    assert run.ended["status"] == "Completed", run.ended["statusReason"]
    assert kinds.count("shift") == SHIFTS[name]
    assert kinds[-2:] == ["shift", "observe"]
    assert {each.version for each in run.traffic.served if each.sent_at > run.followed} == {"2.0.0"}
    assert product.lease_holder(name) == ""


@pytest.mark.parametrize("name", WISHES)
def test_no_request_fails_because_of_it(runs: dict[str, Run], name: str) -> None:
    traffic = runs[name].traffic

    assert traffic.failures == []
    assert len(traffic.served) > 5 * len(TENANTS)


@pytest.mark.parametrize("name", [name for name in WISHES if name != "canary-of-requests"])
def test_tenant_that_has_moved_stays(runs: dict[str, Run], name: str) -> None:
    traffic = runs[name].traffic

    assert {each.tenant for each in traffic.served if each.version == "2.0.0"} == set(TENANTS)
    assert traffic.moved_back("2.0.0") == []


def test_tenants_of_an_experiment_see_one_variant_until_it_is_decided(runs: dict[str, Run]) -> None:
    ended = runs["test-of-two"].ended

    begins, decision = (next(step for step in ended["plan"] if step["kind"] == kind) for kind in ("shift", "decide"))

    assert "old 1.0.0 50 %, new 2.0.0 50 %" in begins["detail"]
    assert decision["status"] == "Skipped"
    assert decision["verdict"]["outcome"] == "inconclusive"


def test_ring_that_is_not_asked_yet_never_sees_the_new_version(product: Product) -> None:
    name = "rolling-by-rings"
    serve(product, name)
    ring_of = dict(zip(TENANTS, ("internal", "internal", "beta", "beta", "general", "general"), strict=True))
    shown = {tenant: product.ask("GET", f"/tenants/{tenant}") for tenant in TENANTS}
    for tenant, ring in ring_of.items():
        tag = {"If-Match": shown[tenant].headers["ETag"]}
        assert product.ask("PATCH", f"/tenants/{tenant}", {"ring": ring}, headers=tag).status == 200

    with Traffic(product, name, TENANTS, at_once=2) as traffic:
        rolling = {"by": "ring", "waitBetweenBatches": "PT1H", "healthCheckTimeout": "PT1H"}
        wishes: dict[str, Any] = {"strategy": "Rolling", "rollingConfig": rolling}
        deployment_id = product.begin(name, "2.0.0", health=HEALTH, **wishes).body["deploymentId"]
        reached: set[str] = set()
        for ring in ("internal", "beta", "general"):
            reached.add(ring)
            step = eventually(lambda: watched(product, deployment_id, len(reached)), within_seconds=60)
            followed = traffic.follow()
            seen = [each for each in traffic.served if each.sent_at > followed]
            outside = {tenant for tenant in TENANTS if ring_of[tenant] not in reached}
            assert {each.tenant for each in seen if each.version == "1.0.0"} == outside, ring
            assert {each.tenant for each in traffic.served if each.version == "2.0.0"} == {*TENANTS} - outside
            assert product.say(deployment_id, "advance", stepIndex=step["index"]).status == 200
        ended = product.ended(deployment_id)

    assert ended["status"] == "Completed"
    assert traffic.failures == []
    assert traffic.moved_back("2.0.0") == []


def watched(product: Product, deployment_id: str, shifts: int) -> dict[str, Any] | None:
    """Give the observation that runs after so many shifts."""
    shown = product.deployment(deployment_id)
    assert shown["endedAt"] is None, shown["statusReason"]
    done = [step for step in shown["plan"] if step["kind"] == "shift" and step["status"] == "Completed"]
    current: dict[str, Any] = shown["plan"][shown["currentStep"]]
    is_there = len(done) == shifts and current["kind"] == "observe" and current["status"] == "Running"
    return current if is_there else None
