"""Why a version serves, through the whole stack: an override by its header, and what is told of it afterwards."""

import json
from typing import Any

import pytest

from tests.stack.product import ENVIRONMENT, JSON_TYPE, Product

PLUGIN = "asked-why"
TENANT = "why-tenant"
SOURCE = 'def handle(operation, input, context):\n    return {{"release": "{release}"}}\n'
HEADER = "X-HotSwap-Override"


@pytest.fixture(scope="module")
def served(product: Product) -> Product:
    """Let 1.0.0 serve, and 2.0.0 be Ready and served to nobody."""
    product.register(PLUGIN)
    product.install(PLUGIN, TENANT)
    for number in ("1.0.0", "2.0.0"):
        product.publish(PLUGIN, number, SOURCE.format(release=number))
    assert product.deploy(PLUGIN, "1.0.0")["status"] == "Completed"
    return product


def overridden(product: Product, token: str) -> Any:
    body = {"tenantId": TENANT, "operation": "handle", "input": {}, "environment": ENVIRONMENT}
    named = {"Authorization": f"Bearer {product.token('host')}", HEADER.replace("-", "_"): token}
    return product.send("POST", f"/plugins/{PLUGIN}/invoke", json.dumps(body).encode(), Content_Type=JSON_TYPE, **named)


def test_an_override_reaches_a_version_that_nobody_gets_and_a_forged_one_nothing(served: Product) -> None:
    minted = served.ask("POST", f"/plugins/{PLUGIN}/versions/2.0.0/override", {"environment": ENVIRONMENT})
    assert minted.status == 201, minted.body

    answer = overridden(served, minted.body["token"])
    forged = overridden(served, minted.body["token"][:-2])

    assert answer.status == 200, answer.body
    assert (answer.body["version"], answer.body["reason"]) == ("2.0.0", "override")
    assert answer.body["result"] == {"release": "2.0.0"}
    assert (forged.status, forged.body["code"]) == (400, "VALIDATION_ERROR")


def test_effective_tells_the_rule_and_which_version_answered_last(served: Product) -> None:
    assert served.invoke(PLUGIN, TENANT).body["version"] == "1.0.0"

    told = served.ask("GET", f"/tenants/{TENANT}/plugins/{PLUGIN}/effective?environment={ENVIRONMENT}").body

    assert (told["resolvedVersion"], told["reason"]) == ("1.0.0", "stable")
    assert [rule["rule"] for rule in told["rules"] if rule["matched"]] == ["stable"]
    assert told["digest"] == served.version(PLUGIN, "1.0.0")["sha256"]
    assert (told["lastServed"]["version"], told["lastServed"]["reason"]) == ("1.0.0", "stable")
