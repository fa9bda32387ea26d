"""What aliases show: a split by request as it is measured, and an alias that was moved by hand is put back."""

import json
import math
from collections import Counter
from typing import Any

import pytest

from tests.stack.product import ENVIRONMENT, Product, function_of
from tests.stack.running_stack import RunningStack, eventually

PLUGIN = "split-by-request"
TENANT = "split-tenant"
SOURCE = 'def handle(operation, input, context):\n    return {{"release": "{release}"}}\n'
REQUESTS = 400
SHARE = 0.3


@pytest.fixture(scope="module")
def split(product: Product) -> Product:
    """Let 1.0.0 serve, and give 2.0.0 30 % of requests by writing the route itself."""
    product.register(PLUGIN)
    product.install(PLUGIN, TENANT)
    versions = {number: product.publish(PLUGIN, number, SOURCE.format(release=number)) for number in ("1.0.0", "2.0.0")}
    assert product.deploy(PLUGIN, "1.0.0")["status"] == "Completed"
    candidate = {
        "version": "2.0.0",
        "alias": "v2-0-0",
        "lambda_version": versions["2.0.0"]["lambdaVersion"],
        "sha256": versions["2.0.0"]["sha256"],
        "has_state": False,
        "is_isolated": False,
    }
    product.stack.client("dynamodb").update_item(
        TableName="hotswap-routing",
        Key={"pk": {"S": f"route#{PLUGIN}"}, "sk": {"S": ENVIRONMENT}},
        UpdateExpression="SET candidate = :candidate, candidate_bps = :bps, split_by = :request ADD epoch :one",
        ExpressionAttributeValues={
            ":candidate": {"S": json.dumps(candidate)},
            ":bps": {"N": "3000"},
            ":request": {"S": "request"},
            ":one": {"N": "1"},
        },
    )
    return product


def sweep(stack: RunningStack) -> dict[str, Any]:
    """Run the schedule's function now, as EventBridge would."""
    name = stack.client("cloudformation").describe_stack_resource(StackName="hotswap", LogicalResourceId="MendAliases")[
        "StackResourceDetail"
    ]["PhysicalResourceId"]
    event = {
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
    answer = stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    told: dict[str, Any] = json.load(answer["Payload"])
    assert "FunctionError" not in answer, told
    return told


def weights_of(product: Product) -> dict[str, float]:
    weights: dict[str, float] = (
        product.alias(PLUGIN, "development").get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    )
    return weights


def mended(stack: RunningStack, product: Product, weights: dict[str, float]) -> bool:
    """Sweep, and tell whether the alias shows these weights; the schedule itself may have been faster."""
    assert sweep(stack)["failed"] == []
    return weights_of(product) == weights


def test_a_split_by_request_gives_its_share_and_names_the_version_that_ran(stack: RunningStack, split: Product) -> None:
    candidate = split.version(PLUGIN, "2.0.0")["lambdaVersion"]
    eventually(lambda: mended(stack, split, {candidate: SHARE}))
    eventually(lambda: split.invoke(PLUGIN, TENANT).body["reason"] == "canary", within_seconds=5)

    def served() -> Counter[str]:
        counted: Counter[str] = Counter()
        for _ in range(REQUESTS):
            answer = split.invoke(PLUGIN, TENANT)
            assert answer.body["result"] == {"release": answer.body["version"]}
            assert answer.headers["X-HotSwap-Version"] == answer.body["version"]
            counted[answer.body["version"]] += 1
        return counted

    counted = served()
    if not within_three_sigma(counted["2.0.0"]):
        # One honest sample in 370 lies outside; that two in a row do, one in 137,000.
        counted = served()
    assert set(counted) == {"1.0.0", "2.0.0"}
    assert within_three_sigma(counted["2.0.0"]), counted


def test_r17_an_alias_that_was_moved_by_hand_is_put_back_and_it_is_told(stack: RunningStack, split: Product) -> None:
    candidate = split.version(PLUGIN, "2.0.0")["lambdaVersion"]
    stack.client("lambda").update_alias(
        FunctionName=function_of(PLUGIN),
        Name="development",
        FunctionVersion=candidate,
        Description="epoch 999",
        RoutingConfig={"AdditionalVersionWeights": {}},
    )

    eventually(lambda: mended(stack, split, {candidate: SHARE}))

    records = stack.client("dynamodb").query(
        TableName="hotswap-audit",
        KeyConditionExpression="pk = :resource",
        ExpressionAttributeValues={":resource": {"S": f"plugins/{PLUGIN}/aliases/development"}},
    )["Items"]
    assert {record["action"]["S"] for record in records} == {"MendAlias"}
    assert any("999" in json.dumps(record["before"]) for record in records)


def test_the_schedule_itself_mends_an_alias_within_its_minute(stack: RunningStack, split: Product) -> None:
    candidate = split.version(PLUGIN, "2.0.0")["lambdaVersion"]
    eventually(lambda: mended(stack, split, {candidate: SHARE}))
    stack.client("lambda").update_alias(
        FunctionName=function_of(PLUGIN), Name="development", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    assert weights_of(split) == {}

    # Nobody sweeps here: the rule of EventBridge calls the function.
    eventually(lambda: weights_of(split) == {candidate: SHARE}, within_seconds=100)


def test_r16_containers_that_the_manifest_asks_for_stand_by_the_versions_alias(
    stack: RunningStack, product: Product
) -> None:
    name = "kept-started"
    product.register(name)
    product.publish(name, "1.0.0", SOURCE.format(release="1.0.0"), resources={"provisionedConcurrency": 2})
    product.install(name, TENANT)
    assert product.deploy(name, "1.0.0")["status"] == "Completed"
    functions = stack.client("lambda")

    kept = functions.get_provisioned_concurrency_config(FunctionName=function_of(name), Qualifier="v1-0-0")

    assert kept["RequestedProvisionedConcurrentExecutions"] == 2
    with pytest.raises(functions.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        functions.get_provisioned_concurrency_config(FunctionName=function_of(name), Qualifier="development")


def within_three_sigma(count: int) -> bool:
    return abs(count - SHARE * REQUESTS) <= 3 * math.sqrt(REQUESTS * SHARE * (1 - SHARE))
