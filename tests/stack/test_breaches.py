"""A version that fails for some inputs: noticed by what tenants get of it, and gone within seconds."""

from typing import Any

import pytest

from tests.stack.product import Product
from tests.stack.traffic import Served, Traffic

TENANTS = tuple(f"shop-{number}" for number in range(8))
#: From the first failure to no candidate traffic, with traffic (CONTRACT §4, promise 3).
GONE_SECONDS = 10

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
CARDS = ({"card": "visa"}, {"card": "amex"}, {"card": "visa"})
CANARY: dict[str, Any] = {
    "strategy": "Canary",
    "canaryConfig": {"stages": [50, 100], "evaluationPeriod": "PT5M"},
    "health": {"healthCheckInterval": "PT1S"},
}


def serve(product: Product, name: str, *, is_retryable: bool) -> None:
    """Serve 1.0.0 to all tenants, and have a 2.0.0 that is sick."""
    manifest: dict[str, Any] = {"operations": {"handle": {"retryable": is_retryable}}}
    product.register(name)
    product.publish(name, "1.0.0", SOUND, **manifest)
    assert product.deploy(name, "1.0.0")["status"] == "Completed"
    for tenant in TENANTS:
        product.install(name, tenant)
    product.publish(name, "2.0.0", SICK_FOR_SOME, **manifest)


@pytest.mark.parametrize("is_retryable", [False, True], ids=["charged-once", "retryable"])
def test_a_version_that_fails_for_some_inputs_is_taken_back_while_traffic_flows(
    product: Product, *, is_retryable: bool
) -> None:
    name = "sick-retryable" if is_retryable else "sick-for-some"
    serve(product, name, is_retryable=is_retryable)

    with Traffic(product, name, TENANTS, inputs=CARDS) as traffic:
        begun = product.begin(name, "2.0.0", **CANARY)
        assert begun.status == 202, begun.body
        ended = product.ended(begun.body["deploymentId"])
        followed = traffic.follow()

    assert ended["status"] == "RolledBack", ended
    assert ended["statusReason"].startswith("observe failed"), ended["statusReason"]
    (verdict,) = (step["verdict"] for step in ended["plan"] if step["status"] == "Failed")
    assert (verdict["outcome"], verdict["n"] > 0, verdict["rule"] != "") == ("fail", True, True)
    # Whoever was on the candidate is served by the last known good, and by nothing else.
    for tenant in TENANTS:
        assert traffic.versions(tenant=tenant, since=followed) == ["1.0.0"]
    assert {each.answer.status for each in traffic.served if each.sent_at > followed} == {200}
    tried = [each for each in traffic.served if each.version == "2.0.0"]
    assert tried
    assert duration_of(tried) < GONE_SECONDS
    if is_retryable:
        assert traffic.failures == []
    else:
        failed = [each for each in traffic.served if each.answer.status != 200]
        assert failed
        assert duration_of(failed) < GONE_SECONDS


def duration_of(served: list[Served]) -> float:
    return max(each.sent_at for each in served) - min(each.sent_at for each in served)
