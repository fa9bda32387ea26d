"""Containers that a manifest asks for are there while a route leads to their version, and not for ever after."""

from __future__ import annotations

import json

import pytest

from tests.stack.product import Product, function_of
from tests.stack.running_stack import RunningStack, eventually

PLUGIN = "ready-in-time"
SCHEDULED = {
    "version": "0",
    "account": "000000000000",
    "region": "us-east-1",
    "detail": {},
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "time": "2026-11-22T15:00:00Z",
    "id": "1",
    "resources": [],
}
SOURCE = 'def handle(operation, input, context):\n    return {"release": "RELEASE"}\n'


def started(stack: RunningStack, number: str) -> int:
    functions = stack.client("lambda")
    alias = f"v{number.replace('.', '-')}"
    try:
        kept = functions.get_provisioned_concurrency_config(FunctionName=function_of(PLUGIN), Qualifier=alias)
    except functions.exceptions.ProvisionedConcurrencyConfigNotFoundException:
        return 0
    return int(kept["RequestedProvisionedConcurrentExecutions"])


def is_settled(stack: RunningStack, number: str, containers: int) -> bool:
    """Settle, and tell whether a version has so many containers; the schedule itself may have been faster."""
    found = stack.client("cloudformation").describe_stack_resource(
        StackName="hotswap", LogicalResourceId="SettleVersions"
    )
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    answer = stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(SCHEDULED).encode())
    assert json.load(answer["Payload"])["failed"] == []
    return started(stack, number) == containers


def note_of(number: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": "started-containers"}, "sk": {"S": f"{PLUGIN}#{number}"}}


@pytest.fixture(scope="module")
def replaced(product: Product) -> Product:
    """Let 2.0.0, which asks for none, take the place of 1.0.0, which asks for two."""
    product.register(PLUGIN)
    product.install(PLUGIN, "acme")
    product.publish(PLUGIN, "1.0.0", SOURCE.replace("RELEASE", "1"), resources={"provisionedConcurrency": 2})
    product.publish(PLUGIN, "2.0.0", SOURCE.replace("RELEASE", "2"))
    for number in ("1.0.0", "2.0.0"):
        assert product.deploy(PLUGIN, number)["status"] == "Completed"
    return product


def test_containers_go_an_hour_after_the_version_left_the_route_and_come_back_with_it(
    stack: RunningStack, replaced: Product
) -> None:
    registry = stack.client("dynamodb")
    assert is_settled(stack, "1.0.0", 2), "kept for going back"
    note = registry.get_item(TableName="hotswap-registry", Key=note_of("1.0.0"))["Item"]
    assert "unneeded_since" in note

    registry.update_item(
        TableName="hotswap-registry",
        Key=note_of("1.0.0"),
        UpdateExpression="SET unneeded_since = :long_ago",
        ExpressionAttributeValues={":long_ago": {"S": "2020-01-01T00:00:00.000Z"}},
    )
    eventually(lambda: is_settled(stack, "1.0.0", 0))
    assert replaced.deploy(PLUGIN, "1.0.0")["status"] == "Completed"

    eventually(lambda: is_settled(stack, "1.0.0", 2))
    assert replaced.invoke(PLUGIN, "acme").body["result"] == {"release": "1"}
