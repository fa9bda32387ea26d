"""A Canary in the deployed stack: watched, rolled back where a breach is seen."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from tests.stack.product import ENVIRONMENT, Product
from tests.stack.running_stack import eventually

SOUND = """
def handle(operation, input, context):
    return {"tenant": context.tenant_id}
"""
#: Well when it is tried, and not a while later, as a plugin that leaks.
SOON_SICK = """
import time

STARTED = time.monotonic()

def handle(operation, input, context):
    if operation == "ping" and time.monotonic() - STARTED > 5:
        raise RuntimeError("not well")
    return {"tenant": context.tenant_id}
"""
MANIFEST: dict[str, Any] = {
    "operations": {"handle": {}, "ping": {}},
    "healthCheck": {"operation": "ping", "input": {}},
    "sandboxTests": [
        {"name": "knows who asks", "operation": "handle", "input": {}, "expect": {"tenant": "_health-check"}}
    ],
}
TENANTS = ("east", "west")
WATCHED_SECONDS = 2


def begin_canary(product: Product, name: str, *, period: str, **more: object) -> str:
    asked = {
        "pluginId": name,
        "version": "2.0.0",
        "environment": ENVIRONMENT,
        "strategy": "Canary",
        "canaryConfig": {"stages": [10, 50, 100], "evaluationPeriod": period},
        "health": {"healthCheckInterval": "PT1S", "minRequests": 0, "onNoData": "warn"},
        **more,
    }
    answer = product.ask("POST", "/deployments", asked)
    assert answer.status == 202, answer.body
    return str(answer.body["deploymentId"])


@pytest.fixture(scope="module")
def served(product: Product) -> Callable[[str, str], Product]:
    """Serve 1.0.0 of a new plugin to all tenants, and publish a 2.0.0."""

    def serve(name: str, second: str) -> Product:
        product.register(name)
        product.publish(name, "1.0.0", SOUND, **MANIFEST)
        assert product.deploy(name, "1.0.0")["status"] == "Completed"
        product.publish(name, "2.0.0", second, **MANIFEST)
        for tenant in TENANTS:
            product.install(name, tenant)
        return product

    return serve


def seconds_of(step: Mapping[str, Any]) -> float:
    """Say how long a step took."""
    return (datetime.fromisoformat(step["endedAt"]) - datetime.fromisoformat(step["startedAt"])).total_seconds()


def test_canary_goes_through_its_stages_with_a_verdict_after_each(served: Callable[[str, str], Product]) -> None:
    product = served("canary", SOUND)

    ended = product.ended(begin_canary(product, "canary", period=f"PT{WATCHED_SECONDS}S"))

    assert ended["status"] == "Completed", ended
    assert [step["kind"] for step in ended["plan"]] == ["warm", "smoke", *("shift", "observe") * 3]
    # Nobody calls it here: a step that reaches a tenant is then inconclusive, for no data is no pass.
    outcomes = [step["verdict"]["outcome"] for step in ended["plan"] if step["kind"] == "observe"]
    assert len(outcomes) == 3
    assert set(outcomes) <= {"pass", "inconclusive"}
    assert all(seconds_of(step) >= WATCHED_SECONDS for step in ended["plan"] if step["kind"] == "observe")
    assert product.invoke("canary", TENANTS[0]).body["version"] == "2.0.0"


def test_canary_that_turns_bad_while_it_is_watched_goes_back(served: Callable[[str, str], Product]) -> None:
    product = served("canary-sick", SOON_SICK)

    ended = product.ended(begin_canary(product, "canary-sick", period="PT1M"))

    assert ended["status"] == "RolledBack", ended
    assert ended["statusReason"].startswith("observe failed: 3 health checks in a row failed")
    assert product.lease_holder("canary-sick") == ""
    assert product.route("canary-sick")[1:] == (None, {"N": "0"})


def test_canary_that_is_paused_and_resumed_goes_on(served: Callable[[str, str], Product]) -> None:
    product = served("canary-paused", SOUND)
    deployment_id = begin_canary(product, "canary-paused", period="PT3S")
    path = f"/deployments/{deployment_id}"
    eventually(lambda: product.ask("GET", path).body["candidatePercentage"] > 0)

    paused = product.ask("POST", f"{path}/pause", {"reason": "to see"})
    resumed = product.ask("POST", f"{path}/resume", {"reason": "seen"})

    assert (paused.status, paused.body["status"]) == (200, "Paused")
    assert (resumed.status, resumed.body["status"]) == (200, "InProgress")
    assert product.ended(deployment_id)["status"] == "Completed"
