"""One tenant whom a good version harms goes back to stable alone, while the others and the deployment go on."""

import json
from typing import Any

from tests.stack.product import Product
from tests.stack.running_stack import eventually
from tests.stack.test_started_containers import SCHEDULED

PLUGIN = "sick-for-one"
TENANTS = tuple(f"guarded-{number}" for number in range(6))
GOOD, BAD = {"card": "visa"}, {"card": "amex"}
#: Each alone is no proof that the version is bad; together they are proof that it harms this tenant.
FAILURES = 7
MULTIPLE_CHOICES = 300

SOUND = """
def handle(operation, input, context):
    return {"card": input.get("card")}
"""
SICK_FOR_SOME = """
def handle(operation, input, context):
    if input.get("card") == "amex":
        raise RuntimeError("no such card")
    return {"card": input.get("card")}
"""
CANARY: dict[str, Any] = {
    "strategy": "Canary",
    "canaryConfig": {"stages": [50, 100], "evaluationPeriod": "PT5M"},
    "health": {"healthCheckInterval": "PT1S", "maxLatencyP99Ms": 30_000, "latencyRatio": 1_000},
}


def test_one_sick_tenant_goes_back_alone_and_is_let_go_at_the_end(product: Product) -> None:
    deployment_id = a_canary(product)
    tried = [tenant for tenant in TENANTS if served(product, tenant, GOOD) == "2.0.0"]
    assert 2 <= len(tried) < len(TENANTS)
    sick, *well = tried
    for tenant in TENANTS:
        for _ in range(10):
            product.invoke(PLUGIN, tenant, given=GOOD)

    answers = [product.invoke(PLUGIN, sick, given=BAD) for _ in range(FAILURES)]
    # A container writes what it has counted with a later call.
    eventually(lambda: served(product, well[0], GOOD) and pin_of(product, sick))

    assert {answer.status for answer in answers} == {502}
    pin = pin_of(product, sick)
    assert (pin["version"], pin["author"], pin["deploymentId"]) == ("1.0.0", "system", deployment_id)
    eventually(lambda: served(product, sick, BAD) == "1.0.0")
    assert [served(product, tenant, GOOD) for tenant in well] == ["2.0.0"] * len(well)
    assert all(pin_of(product, tenant) is None for tenant in TENANTS if tenant != sick)
    shown = product.deployment(deployment_id)
    assert (shown["status"], shown["sentBackTenants"]) == ("InProgress", 1)

    assert product.say(deployment_id, "abort").status < MULTIPLE_CHOICES
    product.ended(deployment_id)
    reconcile(product)
    eventually(lambda: pin_of(product, sick) is None)


def a_canary(product: Product) -> str:
    """Serve 1.0.0 to all tenants, and 2.0.0 to half of them."""
    product.register(PLUGIN)
    product.publish(PLUGIN, "1.0.0", SOUND)
    assert product.deploy(PLUGIN, "1.0.0")["status"] == "Completed"
    for tenant in TENANTS:
        product.install(PLUGIN, tenant)
    product.publish(PLUGIN, "2.0.0", SICK_FOR_SOME)
    begun = product.begin(PLUGIN, "2.0.0", **CANARY)
    assert begun.status == 202, begun.body
    deployment_id = str(begun.body["deploymentId"])
    product.waiting(deployment_id, 50)
    # Routers follow within two seconds.
    eventually(lambda: any(served(product, tenant, GOOD) == "2.0.0" for tenant in TENANTS))
    return deployment_id


def reconcile(product: Product) -> None:
    """Do now what its schedule does every minute."""
    resource = product.stack.client("cloudformation").describe_stack_resource(
        StackName="hotswap", LogicalResourceId="Reconcile"
    )["StackResourceDetail"]
    name = resource["PhysicalResourceId"]
    answer = product.stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(SCHEDULED).encode())
    assert "FunctionError" not in answer, answer["Payload"].read()


def served(product: Product, tenant: str, given: object) -> str | None:
    """Name the version that answers, if one does."""
    answer = product.invoke(PLUGIN, tenant, given=given)
    return str(answer.body["version"]) if answer.status == 200 else None


def pin_of(product: Product, tenant: str) -> Any:
    (installed,) = product.ask("GET", f"/tenants/{tenant}/plugins").body["items"]
    return installed["pin"]
