"""Tenants in the deployed stack: their config, pin, suspension, export and erasure, with each right enforced."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.stack.product import Product
from tests.stack.running_stack import Answer, eventually

PLUGIN = "tenanted"
#: Numbers of calls, which end by themselves within the hour.
COUNTED = ("usage#", "slots#")
SOURCE = """
def handle(operation, input, context):
    if context.state is not None:
        context.state["calls"] = context.state.get("calls", 0) + 1
    return {{"release": "{release}", "greeting": context.config.get("greeting"), "keys": sorted(context.secrets)}}
"""
SCHEMA = {"type": "object", "properties": {"greeting": {"type": "string"}}, "additionalProperties": False}
MANIFEST: dict[str, Any] = {"configSchema": SCHEMA, "secrets": ["apiKey"], "stateSchema": 1}


@pytest.fixture(scope="module")
def tenanted(product: Product) -> Product:
    """Let 1.0.0 be Ready, and 2.0.0 serve."""
    product.register(PLUGIN)
    for number in ("1.0.0", "2.0.0"):
        product.publish(PLUGIN, number, SOURCE.format(release=number), **MANIFEST)
        assert product.deploy(PLUGIN, number)["status"] == "Completed"
    return product


def install(product: Product, tenant: str) -> str:
    """Install the plugin with a greeting and a secret; return the installation's path."""
    product.install(PLUGIN, tenant, {"greeting": "hello"}, apiKey="sk_planted_in_a_stack_test")
    return f"/tenants/{tenant}/plugins/{PLUGIN}"


def changed(product: Product, method: str, path: str, body: object = None) -> Answer:
    """Change what has an ETag, as it is now."""
    etag = product.ask("GET", path.removesuffix("/pin") + ("/config" if path.endswith("/pin") else "")).headers
    tag = {name.lower(): value for name, value in etag.items()}["etag"]
    return product.ask(method, path, body, headers={"If-Match": tag})


def test_a_config_is_checked_by_the_version_that_serves_and_reaches_the_plugin(tenanted: Product) -> None:
    path = install(tenanted, "configured")
    assert tenanted.invoke(PLUGIN, "configured").body["result"]["greeting"] == "hello"

    refused = changed(tenanted, "PUT", f"{path}/config", {"configuration": {"greeting": 5}})
    unasked = tenanted.ask("PUT", f"{path}/config", {"configuration": {"greeting": "moin"}})
    taken = changed(tenanted, "PUT", f"{path}/config", {"configuration": {"greeting": "moin"}})

    assert (refused.status, refused.body["errors"][0]["field"]) == (400, "/configuration/greeting")
    assert (unasked.status, unasked.body["code"]) == (428, "PRECONDITION_REQUIRED")
    assert taken.status == 200, taken.body
    eventually(lambda: tenanted.invoke(PLUGIN, "configured").body["result"]["greeting"] == "moin")


def test_a_pinned_tenant_stays_on_its_version_until_the_pin_is_taken_away(tenanted: Product) -> None:
    path = install(tenanted, "pinned")
    pin = {"version": "1.0.0", "reason": "their audit is under way", "environment": "Development"}

    pinned = changed(tenanted, "PUT", f"{path}/pin", pin)

    assert pinned.status in {200, 201}, pinned.body
    eventually(lambda: tenanted.invoke(PLUGIN, "pinned").body["version"] == "1.0.0")
    assert tenanted.invoke(PLUGIN, "pinned").body["reason"] == "pin"
    assert tenanted.version(PLUGIN, "1.0.0")["pinnedTenants"] == 1
    assert changed(tenanted, "DELETE", f"{path}/pin").status == 200
    eventually(lambda: tenanted.invoke(PLUGIN, "pinned").body["version"] == "2.0.0")


def test_a_pin_is_no_side_door_to_production(tenanted: Product) -> None:
    path = install(tenanted, "hasty")

    refused = changed(tenanted, "PUT", f"{path}/pin", {"version": "2.0.0", "reason": "we can not wait"})

    assert refused.status == 422, refused.body
    assert refused.body["fix"]


def test_a_suspended_tenant_is_served_nothing_until_it_is_active_again(tenanted: Product) -> None:
    install(tenanted, "suspended")
    assert tenanted.ask("PATCH", "/tenants/suspended", {"status": "Suspended"}).status == 200
    eventually(lambda: tenanted.invoke(PLUGIN, "suspended").status == 403)

    assert tenanted.ask("PATCH", "/tenants/suspended", {"status": "Active"}).status == 200

    eventually(lambda: tenanted.invoke(PLUGIN, "suspended").status == 200)


def test_a_tenant_takes_its_data_along_and_is_then_gone_everywhere(tenanted: Product) -> None:
    install(tenanted, "leaving")
    assert tenanted.invoke(PLUGIN, "leaving").body["result"]["keys"] == ["apiKey"]

    export = tenanted.ask("GET", "/tenants/leaving/export")
    with ThreadPoolExecutor(3) as pool:
        # Calls are under way all the time: none of them may leave anything behind.
        answers = [pool.submit(tenanted.invoke, PLUGIN, "leaving") for _ in range(60)]
        erased = tenanted.ask("DELETE", "/tenants/leaving")
        statuses = {answer.result().status for answer in answers}

    assert export.status == 200, export.body
    assert export.body["items"][0]["state"]["calls"] >= 1
    assert "sk_planted_in_a_stack_test" not in str(export.body)
    assert (erased.status, erased.body["status"]) == (200, "Erased"), erased.body
    assert tenanted.ask("GET", "/tenants/leaving").status == 404
    eventually(lambda: tenanted.invoke(PLUGIN, "leaving").status == 404)
    assert statuses <= {200, 403, 404, 409}, statuses
    assert [key for key in remains(tenanted, "leaving") if not key.startswith(COUNTED)] == []


def test_an_uninstalled_plugin_leaves_nothing_of_the_tenant(tenanted: Product) -> None:
    path = install(tenanted, "parting")
    assert tenanted.invoke(PLUGIN, "parting").status == 200

    assert tenanted.ask("POST", f"{path}/disable", {}).status == 200
    eventually(lambda: tenanted.invoke(PLUGIN, "parting").status == 404)

    gone = tenanted.ask("DELETE", path)

    assert gone.status == 200, gone.body
    assert [key for key in remains(tenanted, "parting") if PLUGIN in key and not key.startswith(COUNTED)] == []


def remains(product: Product, tenant: str) -> list[str]:
    """List the sort keys of everything that the table of tenants still has of one."""
    table = product.stack.client("dynamodb")
    left = []
    for partition in (f"tenant#{tenant}", f"state#{tenant}"):
        found = table.query(
            TableName="hotswap-tenants",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}},
        )
        left += [item["sk"]["S"] for item in found["Items"]]
    return left
