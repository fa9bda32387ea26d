"""Quotas in the deployed stack: several containers, one limit, and the refusal as a host gets it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.stack.product import Product
from tests.stack.running_stack import eventually

METERED = "metered"
SOURCE = """
def handle(operation, input, context):
    return {"for": context.tenant_id}
"""
ENABLE = f"/tenants/thrifty/plugins/{METERED}/enable"

CRASHING = """
import os

def handle(operation, input, context):
    if input.get("crash"):
        os._exit(1)
    return {}
"""


@pytest.fixture(scope="module")
def metered(product: Product) -> Product:
    product.register(METERED)
    product.publish(METERED, "1.0.0", SOURCE)
    assert product.deploy(METERED, "1.0.0")["status"] == "Completed"
    for tenant in ("thrifty", "lavish"):
        product.install(METERED, tenant)
    return product


def test_a_window_lets_in_no_more_than_its_limit_and_says_when_to_come_again(metered: Product) -> None:
    set_ = metered.ask("POST", ENABLE, {"quotas": {"requestsPerMinute": 10}})
    assert set_.status == 201, set_.body
    assert set_.body["quotas"] == {"requestsPerMinute": 10}

    # More calls than two windows allow: wherever the minute ends between them, some are refused.
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: metered.invoke(METERED, "thrifty"), range(36)))

    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {200, 429}
    assert sum(answer.status == 200 for answer in answers) <= 20
    assert {answer.body["code"] for answer in refused} == {"QUOTA_EXCEEDED"}
    assert refused[0].body["quota"]["name"] == "requestsPerMinute"
    assert 1 <= int({name.lower(): value for name, value in refused[0].headers.items()}["retry-after"]) <= 60
    assert metered.invoke(METERED, "lavish").status == 200


def test_usage_tells_what_the_window_has_counted(metered: Product) -> None:
    assert metered.invoke(METERED, "lavish").status == 200

    (used,) = metered.ask("GET", "/tenants/lavish/usage").body["items"]

    assert used["pluginId"] == METERED
    # The tier Free, 100 times on a local stack; the minute may have ended in between.
    assert used["requestsPerMinute"]["limit"] == 6_000
    assert used["concurrentExecutions"]["limit"] == 500
    assert 0 <= used["requestsPerMinute"]["used"] <= 600


def test_a_plugin_that_crashes_gives_its_slot_back_each_time(product: Product) -> None:
    name = "crashing"
    product.register(name)
    product.publish(name, "1.0.0", CRASHING)
    assert product.deploy(name, "1.0.0")["status"] == "Completed"
    product.install(name, "thrifty")
    path = f"/tenants/thrifty/plugins/{name}"
    assert product.ask("POST", f"{path}/enable", {"quotas": {"concurrentExecutions": 1}}).status == 201

    def answered() -> list[int]:
        return [product.invoke(name, "thrifty", given={"crash": True}).status for _ in range(3)]

    assert answered() == [502, 502, 502], "a slot that a crash kept would refuse the second call"
    eventually(lambda: product.invoke(name, "thrifty").status == 200)


def test_a_quota_of_nothing_lets_nothing_in(product: Product, metered: Product) -> None:
    product.install(METERED, "unlucky")
    path = f"/tenants/unlucky/plugins/{METERED}"
    assert metered.ask("POST", f"{path}/enable", {"quotas": {"requestsPerMinute": 0}}).status == 201

    refused = eventually(lambda: (answer := product.invoke(METERED, "unlucky")).status == 429 and answer)

    assert (refused.body["code"], "requestsPerMinute" in refused.body["detail"]) == ("QUOTA_EXCEEDED", True)
