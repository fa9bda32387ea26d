"""Contracts of the topic and of the claims that let each message go out once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib import bootstrap
from chalicelib.domain.notifications import Notification, Severity
from chalicelib.ports import Claim, Ports
from chalicelib.settings import Settings
from tests.contracts.things import NOW
from tests.fakes import FakeWorld

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEASE = timedelta(seconds=30)
MESSAGE = Notification(
    "aud_1", NOW, "version.deprecated", Severity.INFO, "Ünwise " + "x" * 200, "Read: ünwise", "acme", "echo", {"a": "b"}
)


def test_a_claim_is_ours_busy_and_done_in_turn(ports: Ports) -> None:
    assert ports.claims.take("one", now=NOON, until=NOON + LEASE) is Claim.OURS
    assert ports.claims.take("one", now=NOON + LEASE / 2, until=NOON + LEASE * 2) is Claim.BUSY
    assert ports.claims.take("two", now=NOON, until=NOON + LEASE) is Claim.OURS

    ports.claims.finish("one", now=NOON)

    assert ports.claims.take("one", now=NOON + LEASE * 9, until=NOON + LEASE * 10) is Claim.DONE
    assert ports.claims.take("two", now=NOON + LEASE / 2, until=NOON + LEASE) is Claim.BUSY


def test_a_claim_whose_holder_died_is_taken_over_by_one(ports: Ports) -> None:
    ports.claims.take("one", now=NOON, until=NOON + LEASE)
    later = NOON + LEASE + timedelta(milliseconds=1)

    claims = [ports.claims.take("one", now=later, until=later + LEASE) for _ in range(2)]

    assert claims == [Claim.OURS, Claim.BUSY]


def test_the_memory_of_the_topic_holds_what_was_sent() -> None:
    world = FakeWorld()

    world.ports.notifier.publish(MESSAGE)

    assert world.notifier.sent == [MESSAGE]


def received(settings: Settings, message: Notification, policy: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Subscribe a queue with a filter, publish, and return what came."""
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name=f"{settings.stack}-notifications")["TopicArn"]
    queue = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    attributes = {"FilterPolicy": json.dumps(policy)} if policy else {}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)

    bootstrap.connect(settings).notifier.publish(message)

    return [json.loads(each["Body"]) for each in sqs.receive_message(QueueUrl=queue).get("Messages", [])]


def test_a_subscriber_gets_words_for_people_and_values_for_programs(aws: Settings) -> None:
    (message,) = received(aws, MESSAGE)

    assert json.loads(message["Message"]) == {
        "id": "aud_1",
        "at": NOW,
        "kind": "version.deprecated",
        "severity": "info",
        "tenantId": "acme",
        "pluginId": "echo",
        "subject": MESSAGE.subject,
        "text": "Read: ünwise",
        "details": {"a": "b"},
    }
    assert (message["Subject"][:7], len(message["Subject"])) == ("?nwise ", 100)
    assert {name: value["Value"] for name, value in message["MessageAttributes"].items()} == {
        "kind": "version.deprecated",
        "severity": "info",
        "tenantId": "acme",
        "pluginId": "echo",
    }


@pytest.mark.parametrize(
    "policy, tenant_id, count",
    [
        ({"tenantId": ["acme"]}, "acme", 1),
        ({"tenantId": ["globex"]}, "acme", 0),
        ({"tenantId": [{"exists": False}]}, "", 1),
        ({"severity": ["critical"]}, "", 0),
    ],
)
def test_subscribers_filter_by_attributes(aws: Settings, policy: dict[str, Any], tenant_id: str, count: int) -> None:
    assert len(received(aws, MESSAGE._replace(tenant_id=tenant_id), policy)) == count
