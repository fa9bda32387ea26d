"""
Deployments while services below them fail: results that get lost, throttled tables and aliases, DynamoDB away.

Constant load is checked request by request: a tenant notices none of it.
"""

import time
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum, auto
from typing import Any, NamedTuple

import pytest

from tests.stack.faults.faulty_services import break_services, mend_services
from tests.stack.product import Product
from tests.stack.running_stack import eventually
from tests.stack.traffic import Traffic

SOUND = """
def handle(operation, input, context):
    return {"tenant": context.tenant_id}
"""
MANIFEST: dict[str, Any] = {"healthCheck": {"operation": "handle", "input": {}}}
PLUGIN = "weathered"
TENANTS = ("north", "south")
#: W3C Trace Context: tasks carry the trace of who asked, so a fault finds those of one deployment.
TRACES = {how: f"{at:032x}" for at, how in enumerate(("lost", "repeated", "late"), 1)}
TASKS = 6
TABLES = ("registry", "routing", "tenants", "deployments", "audit", "measurements", "idempotency")
#: More often than a client asks again by itself.
THROTTLED_TIMES = 5
AWAY_SECONDS = 15.0


class Moment(StrEnum):
    """When faults begin: before a deployment is asked for, once it is, or when half of the tenants are moved."""

    BEFORE = auto()
    ASKED = auto()
    HALF_WAY = auto()


class Run(NamedTuple):
    """A deployment that was disturbed."""

    ended: dict[str, Any]
    traffic: Traffic
    followed: float
    struck: Counter[str]


@pytest.fixture(scope="module")
def plugin(product: Product) -> str:
    """Serve 1.0.0 to two tenants; 2.0.0 is the same in all but its number."""
    product.register(PLUGIN)
    for version in ("1.0.0", "2.0.0"):
        product.publish(PLUGIN, version, SOUND, **MANIFEST)
    assert product.deploy(PLUGIN, "1.0.0")["status"] == "Completed"
    for tenant in TENANTS:
        product.install(PLUGIN, tenant)
    return PLUGIN


@pytest.fixture(autouse=True)
def _mended(product: Product) -> Iterator[None]:
    """Leave no fault to the next test."""
    yield
    mend_services(product)


def run(product: Product, moment: Moment, *faults: dict[str, Any], trace: str = "f" * 32, period: str = "PT1S") -> Run:
    """Deploy what does not serve, and let *faults* begin at a moment of it."""
    version = "2.0.0" if product.route(PLUGIN)[0] == {"S": "1.0.0"} else "1.0.0"
    with Traffic(product, PLUGIN, TENANTS) as traffic:
        if moment is Moment.BEFORE:
            break_services(product, *faults)
        answer = product.ask(
            "POST", "/deployments", wish(version, period), headers={"traceparent": f"00-{trace}-{'1' * 16}-01"}
        )
        assert answer.status == 202, answer.body
        deployment = answer.body["deploymentId"]
        if moment is Moment.HALF_WAY:
            product.waiting(deployment, 50)
        if moment is not Moment.BEFORE:
            break_services(product, *faults)
        ended = product.ended(deployment)
        struck = mend_services(product)
        followed = traffic.follow()
    return Run(ended, traffic, followed, struck)


def throttled(table: str) -> dict[str, Any]:
    """Let the first requests of each kind to a table be refused."""
    about = f'"TableName": ?"hotswap-{table}"'
    return {"how": "throttled", "on": "DynamoDB", "about": about, "times": THROTTLED_TIMES}


def wish(version: str, period: str) -> dict[str, Any]:
    return {
        "pluginId": PLUGIN,
        "version": version,
        "environment": "Development",
        "strategy": "Canary",
        "canaryConfig": {"stages": [50, 100], "evaluationPeriod": period},
        "health": {"healthCheckInterval": "PT1S", "maxLatencyP99Ms": 30000, "minRequests": 0, "onNoData": "warn"},
    }


def assert_unnoticed(product: Product, seen: Run) -> None:
    """Check that it completed, that each request was served, and that route, alias and records agree."""
    assert seen.ended["status"] == "Completed", seen.ended["statusReason"]
    assert seen.traffic.failures == []
    for tenant in TENANTS:
        assert seen.traffic.versions(tenant=tenant, since=seen.followed) == [seen.ended["version"]]
    examined = eventually(lambda: _without_diagnoses(product))
    assert examined["unknown"] == []
    timeline = product.ask("GET", f"/deployments/{seen.ended['deploymentId']}/timeline").body["items"]
    assert [one["action"] for one in timeline].count("CompleteDeployment") == 1


def _without_diagnoses(product: Product) -> Any:
    examined = product.ask("GET", f"/doctor?pluginId={PLUGIN}").body
    return None if examined["diagnoses"] else examined


@pytest.mark.parametrize("how", TRACES)
def test_results_of_every_task_that_are_lost_repeated_or_late_change_nothing(
    product: Product, plugin: str, how: str
) -> None:
    about = TRACES[how]
    seen = run(product, Moment.BEFORE, {"how": how, "on": "^task ", "about": about, "times": 1}, trace=about)

    assert_unnoticed(product, seen)
    assert len([what for what in seen.struck if what.startswith("task ")]) >= TASKS, seen.struck


def test_aliases_that_are_throttled_follow_later(product: Product, plugin: str) -> None:
    throttled = {"how": "too-many", "on": "^PUT /2015-03-31/functions/.*/aliases/", "about": PLUGIN, "times": 12}
    seen = run(product, Moment.BEFORE, throttled)

    assert_unnoticed(product, seen)
    assert sum(seen.struck.values()) == throttled["times"]


@pytest.mark.parametrize("moment", [Moment.ASKED, Moment.HALF_WAY])
def test_tables_that_are_throttled_are_asked_again(product: Product, plugin: str, moment: Moment) -> None:
    seen = run(product, moment, *map(throttled, TABLES))

    assert_unnoticed(product, seen)
    assert sum(seen.struck.values()) > THROTTLED_TIMES * len(TABLES), seen.struck


def test_dynamodb_may_be_away_for_half_a_minute_under_load(product: Product, plugin: str) -> None:
    gone = {"how": "away", "on": "DynamoDB", "seconds": AWAY_SECONDS}
    silent = {"how": "silent", "on": "DynamoDB", "seconds": 2 * AWAY_SECONDS}
    began = time.monotonic()
    seen = run(product, Moment.HALF_WAY, gone, silent, period="PT5S")

    assert time.monotonic() - began > 2 * AWAY_SECONDS
    assert_unnoticed(product, seen)
