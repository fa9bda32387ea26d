"""
Promises 1 to 3 while things go wrong in the deployed stack, checked request by request under constant load.

Plays run side by side, each with a plugin of its own: what one goes through is none of the others' business.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.stack.faults import strikes
from tests.stack.faults.strikes import Strike, sweep
from tests.stack.product import ENVIRONMENT, Product
from tests.stack.running_stack import eventually
from tests.stack.traffic import Traffic

SOUND = """
def handle(operation, input, context):
    return {"tenant": context.tenant_id}
"""
#: Falls ill as soon as it finds a marker: dies as a process and can't start again, needs too long, or keeps too much.
ILL = """
import os
import time

FOLDER = {folder!r}
KEPT = []

if os.path.exists(FOLDER + "/crash"):
    raise RuntimeError("no start any more")

def handle(operation, input, context):
    if os.path.exists(FOLDER + "/crash"):
        os._exit(3)
    if operation == "ping" and os.path.exists(FOLDER + "/slow"):
        time.sleep(8)
    if operation == "ping" and os.path.exists(FOLDER + "/leak"):
        KEPT.append(bytearray(8_000_000))
        if len(KEPT) > 1:
            raise MemoryError
    return {{"tenant": context.tenant_id}}
"""
MANIFEST: dict[str, Any] = {
    "operations": {"handle": {}, "ping": {}},
    "healthCheck": {"operation": "ping", "input": {}},
    "resources": {"timeoutSeconds": 4},
    "sandboxTests": [
        {"name": "knows who asks", "operation": "handle", "input": {}, "expect": {"tenant": "_health-check"}}
    ],
}
TENANTS = ("east", "west")
FOLLOWED_SECONDS = 2
#: With two cores that run the stack and all scenes as well.
NOTICED_SECONDS = 20
LONG, SHORT = "PT60S", "PT2S"


class Scene(NamedTuple):
    """What is done to a canary, how it must end, and whether the candidate itself is what is ill."""

    name: str
    strikes: tuple[Strike, ...]
    ends: str
    reason: str
    period: str = LONG
    is_ill: bool = False


#: Plugins and what each goes through, one after the other: 1.0.0 serves, and 2.0.0 is tried again and again.
STOPPED = [
    Scene("execution-stopped", (strikes.stop_the_execution,), "RolledBack", "its execution was stopped"),
    Scene("watch-stopped", (strikes.stop_the_watch,), "RolledBack", ""),
    Scene("lease-lost", (strikes.take_the_lease_away,), "Superseded", "does not hold the lease"),
]
DISTURBED = [
    Scene("alias-deleted", (strikes.delete_the_alias, strikes.stop_the_execution), "RolledBack", "was stopped"),
    Scene("tasks-repeated", (strikes.edit_the_alias, strikes.deliver_tasks_again), "Completed", "passed", SHORT),
]
FALLEN_ILL = [
    Scene(name, (strikes.mark(name),), "RolledBack", "failed", is_ill=True) for name in ("slow", "leak", "crash")
]
PLAYS = {"stopped": STOPPED, "disturbed": DISTURBED, "fallen-ill": FALLEN_ILL}
NAMES = [scene.name for play in PLAYS.values() for scene in play]


class Seen(NamedTuple):
    """How a scene went."""

    plugin: str
    scene: Scene
    ended: dict[str, Any]
    traffic: Traffic
    followed: float
    actions: list[str]
    noticed_seconds: float
    alias: dict[str, Any]
    examined: dict[str, Any]


def perform(product: Product, plugin: str, folder: Path) -> list[Seen]:
    """Serve 1.0.0 of a plugin, and play its scenes."""
    product.register(plugin)
    product.publish(plugin, "1.0.0", SOUND, **MANIFEST)
    assert product.deploy(plugin, "1.0.0")["status"] == "Completed"
    source = ILL.format(folder=str(folder)) if plugin == "fallen-ill" else SOUND
    product.publish(plugin, "2.0.0", source, **MANIFEST)
    for tenant in TENANTS:
        product.install(plugin, tenant)
    return [play(product, plugin, scene, folder) for scene in PLAYS[plugin]]


def play(product: Product, plugin: str, scene: Scene, folder: Path) -> Seen:
    """Bring a canary to its first tenants, strike, wait for what becomes of it, and look what is left."""
    with Traffic(product, plugin, TENANTS) as traffic:
        asked = product.ask("POST", "/deployments", wish(plugin, scene))
        assert asked.status == 202, asked.body
        deployment = asked.body
        path = f"/deployments/{deployment['deploymentId']}"
        eventually(lambda: product.ask("GET", path).body["candidatePercentage"] > 0, within_seconds=90)
        struck = time.monotonic()
        for strike in scene.strikes:
            strike(product, plugin, deployment, folder)
        if scene.ends == "Superseded":
            sweep(product, "Reconcile")
        ended = product.ended(deployment["deploymentId"])
        noticed = time.monotonic() - struck
        sweep(product, "Reconcile")
        sweep(product, "MendAliases")
        followed = time.monotonic() + FOLLOWED_SECONDS
        eventually(lambda: time.monotonic() > followed)
        traffic.wait_for(5)
    timeline = product.ask("GET", f"{path}/timeline").body["items"]
    (folder / scene.name).unlink(missing_ok=True)
    return Seen(
        plugin=plugin,
        scene=scene,
        ended=ended,
        traffic=traffic,
        followed=followed,
        actions=[one["action"] for one in timeline],
        noticed_seconds=noticed,
        alias=product.alias(plugin, "development"),
        examined=product.ask("GET", f"/doctor?pluginId={plugin}").body,
    )


def wish(plugin: str, scene: Scene) -> dict[str, Any]:
    return {
        "pluginId": plugin,
        "version": "2.0.0",
        "environment": ENVIRONMENT,
        "strategy": "Canary",
        "canaryConfig": {"stages": [50, 100], "evaluationPeriod": scene.period},
        "health": {"healthCheckInterval": "PT1S", "maxLatencyP99Ms": 5000, "minRequests": 0, "onNoData": "warn"},
    }


@pytest.fixture(scope="module")
def seen(product: Product, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """Perform all plays side by side."""
    folder = tmp_path_factory.mktemp("ill")
    with ThreadPoolExecutor(len(PLAYS)) as pool:
        performed = list(pool.map(lambda plugin: perform(product, plugin, folder), PLAYS))
    return {each.scene.name: each for one in performed for each in one}


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_as_it_must_and_says_why(seen: dict[str, Seen], name: str) -> None:
    each = seen[name]

    assert each.ended["status"] == each.scene.ends, each.ended["statusReason"]
    assert each.scene.reason in each.ended["statusReason"]
    told = {"Completed": "CompleteDeployment", "RolledBack": "RollBack", "Superseded": "EndDeployment"}
    assert each.actions.count(told[each.scene.ends]) == 1


@pytest.mark.parametrize("name", NAMES)
def test_no_tenant_is_served_by_anything_but_the_last_known_good_or_its_step(seen: dict[str, Seen], name: str) -> None:
    each = seen[name]
    last = "2.0.0" if each.scene.ends == "Completed" else "1.0.0"

    served = [one for one in each.traffic.served if one.answer.status == 200]
    assert {one.version for one in served} <= {"1.0.0", "2.0.0"}
    for tenant in TENANTS:
        assert each.traffic.versions(tenant=tenant, since=each.followed) == [last]
    assert each.traffic.broken == []
    if not each.scene.is_ill:
        assert each.traffic.failures == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_that_disagrees(product: Product, seen: dict[str, Seen], name: str) -> None:
    each = seen[name]
    stable = product.version(each.plugin, "2.0.0" if each.scene.ends == "Completed" else "1.0.0")["lambdaVersion"]

    assert each.alias["FunctionVersion"] == stable
    assert not each.alias.get("RoutingConfig", {}).get("AdditionalVersionWeights")
    assert (each.examined["diagnoses"], each.examined["unknown"]) == ([], [])


def test_an_execution_that_is_stopped_takes_its_candidate_with_it_within_seconds(seen: dict[str, Seen]) -> None:
    assert seen["execution-stopped"].noticed_seconds < NOTICED_SECONDS
    assert seen["watch-stopped"].noticed_seconds < NOTICED_SECONDS
