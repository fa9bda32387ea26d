"""Contract of the records that invocations add: they are those of the trail, however they were written."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib import bootstrap
from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.dynamodb.audit_appends import DynamoRecordAppends
from chalicelib.domain.audit import AuditFilter
from chalicelib.domain.audit_seals import digest_of
from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.errors import ConflictError, TransientError
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.retention import expiry_of
from chalicelib.domain.secret_reads import SecretsRead
from chalicelib.services.secret_reads import PAUSE_SECONDS, SecretReads
from chalicelib.settings import Settings
from tests.contracts.conftest import Outside
from tests.contracts.things import NOW, a_record
from tests.fakes import FakeClock
from tests.fakes.clock import FakeIds

OLGA = Caller("olga", frozenset({Role.TENANT_OWNER}), tenant_id="acme", trace_id="trace-1", user_agent="curl/8")
READ = SecretsRead(OLGA, "acme", "stripe-gateway", "Production", ("1.0.0",), ("apiKey",), NOW)
INSTALLED = "tenants/acme/plugins/stripe-gateway"


def test_a_read_is_found_wherever_records_are_and_says_the_same_there(outside: Outside) -> None:
    for _ in range(2):
        with outside.serving.secret_reads.meanwhile(READ):
            pass

    audit = outside.ports.audit
    (record,) = audit.read(INSTALLED)
    assert (record.action, record.actor, record.user_agent) == ("ReadSecrets", "olga", "curl/8")
    assert record.after == {"secrets": ["apiKey"], "versions": ["1.0.0"], "environment": "Production", "readAt": NOW}
    assert record.salt
    assert record.expires_at == expiry_of(record, {}) > 0
    ways = [
        *audit.of_day(record.at[:10]),
        *audit.of_tenant("acme"),
        *audit.page(AuditFilter(actor="olga"), PageRequest(10)).items,
        *audit.page(AuditFilter(tenant_id="acme"), PageRequest(10)).items,
    ]
    assert ways == [record] * 4
    assert {digest_of(each) for each in ways} == {digest_of(record)}


@pytest.mark.parametrize("days", [{}, {"changes": 0}])
def test_a_record_is_the_same_item_whoever_puts_it(aws: Settings, days: dict[str, int]) -> None:
    client = aws_clients.serving_dynamodb()
    told = replace(a_record(), before={"a": [1, None]}, after={"ö": "…"}, tenant_id="acme", on_behalf_of="eva")
    appends = DynamoRecordAppends(Lazy(lambda: client), aws.table("audit"), days)

    bootstrap.connect(aws._replace(retention_days=days)).audit.append(told)
    appends.append(replace(told, id="aud_another"))

    one, other = client.query(
        TableName=aws.table("audit"),
        KeyConditionExpression="pk = :resource",
        ExpressionAttributeValues={":resource": {"S": told.resource}},
    )["Items"]
    assert {name: kind.keys() for name, kind in one.items()} == {name: kind.keys() for name, kind in other.items()}
    own = {"id", "sk", "gsi1sk", "gsi2sk", "gsi3sk", "salt"}
    assert {name for name in one if one[name] != other[name]} == own


def test_no_record_is_written_over(aws: Settings) -> None:
    told = a_record()
    appends = DynamoRecordAppends(Lazy(aws_clients.serving_dynamodb), aws.table("audit"), {})
    appends.append(told)

    with pytest.raises(ConflictError, match=told.id):
        appends.append(replace(told, action="Another"))

    assert bootstrap.connect(aws).audit.read(told.resource) == (told,)


def test_a_record_that_was_written_although_its_answer_was_lost_is_written_once(aws: Settings) -> None:
    client = aws_clients.serving_dynamodb()
    answers = []

    def lose_the_first(**_: object) -> Any:
        answers.append("answer")
        return 0.0 if len(answers) == 1 else None

    client.meta.events.register_first("needs-retry.dynamodb.PutItem", lose_the_first)
    appends = DynamoRecordAppends(Lazy(lambda: client), aws.table("audit"), {})
    clock = FakeClock()
    reads = SecretReads(appends, FakeIds(), clock)

    with reads.meanwhile(READ):
        pass
    clock.advance(seconds=PAUSE_SECONDS)
    with reads.meanwhile(None):
        pass

    assert len(answers) == 2
    assert len(bootstrap.connect(aws).audit.read(INSTALLED)) == 1


def test_a_table_that_does_not_answer_is_an_outage(aws: Settings) -> None:
    client = aws_clients.serving_dynamodb()

    def refuse(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    client.meta.events.register("before-call.dynamodb", refuse)

    with pytest.raises(TransientError):
        DynamoRecordAppends(Lazy(lambda: client), aws.table("audit"), {}).append(a_record())
