"""What tenants notice of deployments that go well, go wrong, or are cut off: nothing but a version number."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.stack.product import ENVIRONMENT, Product
from tests.stack.running_stack import eventually
from tests.stack.traffic import Traffic

TENANTS = ("east", "west")
#: Routers follow within 2 s of a write (CONTRACT §4).
FOLLOWED_SECONDS = 2

SOUND = """
def handle(operation, input, context):
    return {"tenant": context.tenant_id}
"""
SICK = """
def handle(operation, input, context):
    if operation == "ping":
        raise RuntimeError("not well")
    return {"tenant": context.tenant_id}
"""
#: Gives the test the time to cut the deployment off while its health is checked.
SLOW_TO_PROVE = """
import time

def handle(operation, input, context):
    if operation == "ping":
        time.sleep(3)
    return {"tenant": context.tenant_id}
"""
MANIFEST: dict[str, Any] = {
    "operations": {"handle": {}, "ping": {}},
    "healthCheck": {"operation": "ping", "input": {}},
}

Served = Callable[[str], Product]


@pytest.fixture(scope="module")
def served(product: Product) -> Served:
    """Serve 1.0.0 of a new plugin to all tenants."""

    def serve(name: str) -> Product:
        product.register(name)
        product.publish(name, "1.0.0", SOUND, **MANIFEST)
        assert product.deploy(name, "1.0.0")["status"] == "Completed"
        for tenant in TENANTS:
            product.install(name, tenant)
        return product

    return serve


def look_at(product: Product, name: str) -> tuple[object, ...]:
    """Everything that a failed deployment must leave as it was."""
    aliases = [product.alias(name, alias) for alias in ("development", "v1-0-0")]
    named = [(alias["FunctionVersion"], alias.get("RoutingConfig")) for alias in aliases]
    return named, product.version(name, "1.0.0"), product.route(name)


def test_no_request_fails_while_a_version_is_deployed_and_the_old_one_deployed_again(served: Served) -> None:
    name = "there-and-back"
    product = served(name)
    product.publish(name, "2.0.0", SOUND, **MANIFEST)
    followed: dict[str, float] = {}

    with Traffic(product, name, TENANTS) as traffic:
        for version in ("2.0.0", "1.0.0"):
            assert product.deploy(name, version)["status"] == "Completed"
            followed[version] = time.monotonic() + FOLLOWED_SECONDS
            eventually(lambda: time.monotonic() > followed[version])  # noqa: B023 - asked at once
            traffic.wait_for(10)

    assert traffic.failures == []
    assert len(traffic.served) > 50
    for tenant in TENANTS:
        assert traffic.versions(tenant=tenant, since=followed["1.0.0"]) == ["1.0.0"]
        # Each container of the router follows by itself, so a change may be seen to flicker, within its 2 s.
        assert traffic.versions(tenant=tenant)[0] == "1.0.0"
        assert "2.0.0" in traffic.versions(tenant=tenant)


def test_version_that_fails_its_health_check_is_rolled_back_and_serves_nobody(served: Served) -> None:
    name = "sick-candidate"
    product = served(name)
    product.publish(name, "2.0.0", SICK, **MANIFEST)
    before = look_at(product, name)

    with Traffic(product, name, TENANTS) as traffic:
        ended = product.deploy(name, "2.0.0")
        traffic.wait_for(10)

    assert ended["status"] == "RolledBack"
    assert ended["statusReason"].startswith("smoke failed: PluginRaised")
    assert [step["status"] for step in ended["plan"]] == ["Completed", "Failed", "Skipped", "Skipped"]
    assert ended["candidatePercentage"] == 0
    assert traffic.failures == []
    assert {each.version for each in traffic.served} == {"1.0.0"}
    assert look_at(product, name) == before
    # Nothing is left that the next deployment would stumble over.
    assert product.lease_holder(name) == ""
    product.publish(name, "2.0.1", SOUND, **MANIFEST)
    assert product.deploy(name, "2.0.1")["status"] == "Completed"


def test_first_deployment_that_fails_leaves_nobody_served_and_says_so(product: Product) -> None:
    name = "never-well"
    product.register(name)
    product.publish(name, "1.0.0", SICK, **MANIFEST)
    product.install(name, TENANTS[0])

    ended = product.deploy(name, "1.0.0")
    answer = product.invoke(name, TENANTS[0])

    assert ended["status"] == "RolledBack"
    assert (answer.status, answer.body["code"]) == (404, "NOT_FOUND")
    assert "No version of never-well is deployed in Development" in answer.body["detail"]
    assert answer.body["fix"].startswith("Deploy one")
    assert product.alias_names(name) == ["v1-0-0"]


def test_execution_that_is_stopped_from_outside_leaves_tenants_on_the_last_known_good(served: Served) -> None:
    name = "cut-off"
    product = served(name)
    product.publish(name, "2.0.0", SLOW_TO_PROVE, **MANIFEST)
    before = look_at(product, name)[0]

    with Traffic(product, name, TENANTS) as traffic:
        begun = product.begin(name, "2.0.0").body
        path = f"/deployments/{begun['deploymentId']}"
        eventually(lambda: product.ask("GET", path).body["plan"][1]["status"] == "Running")
        product.stack.client("stepfunctions").stop_execution(executionArn=begun["executionArn"], cause="pulled")
        ended = product.ended(begun["deploymentId"])
        # The call that was under way ends by itself, and must not move anything any more.
        traffic.wait_for(20)

    assert traffic.failures == []
    assert {each.version for each in traffic.served} == {"1.0.0"}
    assert look_at(product, name)[0] == before
    assert (ended["status"], ended["statusReason"]) == ("RolledBack", "its execution was stopped")
    # Whoever deploys next need not wait for anything.
    assert product.lease_holder(name) == ""
    assert product.begin(name, "1.0.0").status == 202


def test_of_deployments_that_begin_at_once_one_runs_and_the_others_are_told(served: Served) -> None:
    name = "two-at-once"
    product = served(name)
    product.publish(name, "2.0.0", SLOW_TO_PROVE, **MANIFEST)

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: product.begin(name, "2.0.0"), range(3)))

    (won,) = (answer for answer in answers if answer.status == 202)
    lost = [answer for answer in answers if answer is not won]
    assert [(answer.status, answer.body["code"]) for answer in lost] == [(409, "CONFLICT")] * 2
    assert all(answer.body["fix"] for answer in lost)
    assert product.ended(won.body["deploymentId"])["status"] == "Completed"
    listed = product.ask("GET", f"/deployments?pluginId={name}&environment={ENVIRONMENT}").body["items"]
    assert [deployment["version"] for deployment in listed] == ["2.0.0", "1.0.0"]
