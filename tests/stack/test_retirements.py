"""Versions that are retired in the deployed stack: who hears of it, and that nothing serves a blocked one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stack.product import Product
from tests.stack.running_stack import RunningStack, eventually

PLUGIN = "retiring"
TENANT = "retiring-tenant"
SOURCE = 'def handle(operation, input, context):\n    return {{"release": "{release}"}}\n'
WHY = {"reason": "Charges twice."}


@pytest.fixture(scope="module")
def retiring(product: Product) -> Product:
    """Let 2.0.0 serve where 1.0.0 did before."""
    product.register(PLUGIN)
    product.install(PLUGIN, TENANT)
    for number in ("1.0.0", "2.0.0"):
        product.publish(PLUGIN, number, SOURCE.format(release=number))
        assert product.deploy(PLUGIN, number)["status"] == "Completed"
    return product


@pytest.fixture
def heard(stack: RunningStack) -> Iterator[list[dict[str, Any]]]:
    """Subscribe a queue to what concerns the plugin; the list grows by `listen`."""
    sns, sqs = stack.client("sns"), stack.client("sqs")
    queue = sqs.create_queue(QueueName="hears-of-retirements")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = stack.info.outputs["NotificationTopicArn"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(may_send(topic, arn))})
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"FilterPolicy": json.dumps({"pluginId": [PLUGIN], "kind": [{"prefix": "version."}]})},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    yield []
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=queue)


def may_send(topic: str, queue: str) -> dict[str, Any]:
    """Let the topic send to the queue, as every subscriber has to."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def listen(stack: RunningStack, heard: list[dict[str, Any]]) -> int:
    """Take what has come, and say how much it is by now."""
    sqs = stack.client("sqs")
    queue = sqs.get_queue_url(QueueName="hears-of-retirements")["QueueUrl"]
    for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        heard.append(json.loads(json.loads(message["Body"])["Message"]))
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return len(heard)


def say(product: Product, number: str, verb: str) -> dict[str, Any]:
    answer = product.ask("POST", f"/plugins/{PLUGIN}/versions/{number}/{verb}", WHY)
    assert answer.status == 200, answer.body
    told: dict[str, Any] = answer.body
    return told


def test_one_message_tells_of_a_deprecation_and_one_each_pinned_tenant(
    stack: RunningStack, retiring: Product, heard: list[dict[str, Any]]
) -> None:
    wish = {"version": "1.0.0", "reason": "audit", "environment": "Development"}
    pinned = retiring.ask("PUT", f"/tenants/{TENANT}/plugins/{PLUGIN}/pin", wish, headers={"If-Match": "*"})
    assert pinned.status == 200, pinned.body
    told = [say(retiring, "1.0.0", "deprecate") for _ in range(2)]
    assert [(each["status"], each["tenants"]) for each in told] == [("Deprecated", [TENANT])] * 2

    eventually(lambda: listen(stack, heard) >= 2)
    # A second message of the same would come with or before what was recorded after it.
    say(retiring, "1.0.0", "yank")
    eventually(lambda: listen(stack, heard) >= 4)

    kinds = [(message["kind"], message["tenantId"]) for message in heard]
    assert sorted(kinds, key=str) == sorted(
        [(f"version.{kind}", tenant) for kind in ("deprecated", "yanked") for tenant in (None, TENANT)], key=str
    )
    assert len({(message["id"], message["tenantId"]) for message in heard}) == 4
    assert "Charges twice." in heard[0]["text"]
    say(retiring, "1.0.0", "unyank")
    retiring.ask("DELETE", f"/tenants/{TENANT}/plugins/{PLUGIN}/pin", headers={"If-Match": "*"})


def test_a_blocked_version_answers_no_request_that_begins_after_its_second(
    retiring: Product, stack: RunningStack
) -> None:
    eventually(lambda: retiring.invoke(PLUGIN, TENANT).body["version"] == "2.0.0", within_seconds=5)

    say(retiring, "2.0.0", "block")

    served = eventually(lambda: served_by_the_last_good(retiring), within_seconds=2)
    versions = [retiring.invoke(PLUGIN, TENANT).body for _ in range(20)]
    assert served
    assert {(body["version"], body["result"]["release"]) for body in versions} == {("1.0.0", "1.0.0")}
    number = retiring.version(PLUGIN, "1.0.0")["lambdaVersion"]
    assert retiring.alias(PLUGIN, "development")["FunctionVersion"] == number
    eventually(lambda: "v2-0-0" not in retiring.alias_names(PLUGIN), within_seconds=90)
    refused = retiring.begin(PLUGIN, "2.0.0")
    assert (refused.status, "is Blocked" in refused.body["detail"]) == (422, True)


def served_by_the_last_good(product: Product) -> bool:
    """Ask once; while a router may still have the older route, every answer is a whole one of either version."""
    answer = product.invoke(PLUGIN, TENANT)
    assert answer.status == 200, answer.body
    assert answer.body["result"]["release"] == answer.body["version"]
    return bool(answer.body["version"] == "1.0.0")
