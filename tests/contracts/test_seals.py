"""Contract of the seals: a number of a day is written once, read as it was first written, and signed by one key."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from chalicelib import bootstrap
from chalicelib.domain.audit_seals import Batch, SealTakenError, next_batch
from chalicelib.ports import Ports, SealKey, SealRepository
from chalicelib.settings import Settings
from tests.contracts.things import a_record
from tests.fakes import FakeWorld

DAY = "2026-11-22"
AT = f"{DAY}T15:00:00.000Z"


@dataclass(frozen=True)
class Sealing:
    """What seals need of the outside; *again* is a second process on the same bucket."""

    seals: SealRepository
    key: SealKey
    again: SealRepository


@pytest.fixture(params=["memory", "moto"])
def sealing(request: pytest.FixtureRequest) -> Iterator[Sealing]:
    if request.param == "memory":
        world = FakeWorld()
        yield Sealing(world.seals, world.seal_key, world.seals)
        return
    settings: Settings = request.getfixturevalue("aws")
    make_bucket(settings)
    kms = boto3.client("kms")
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=settings.seal_key_alias, TargetKeyId=key)
    real, again = bootstrap.connect(settings), bootstrap.connect(settings)
    yield Sealing(real.seals, real.seal_key, again.seals)


def make_bucket(settings: Settings) -> None:
    boto3.client("s3").create_bucket(Bucket=settings.bucket, ObjectLockEnabledForBucket=True)


def chain(length: int, day: str = DAY) -> list[Batch]:
    batches: list[Batch] = []
    for _ in range(length):
        batch = next_batch(day, batches[-1] if batches else None, [a_record(), a_record()], AT)
        batches.append(batch._replace(signature=b"signed"))
    return batches


def test_batches_are_read_back_as_they_were_written_in_the_order_of_their_numbers(sealing: Sealing) -> None:
    written = chain(11)
    for batch in [*written, *chain(1, "2026-11-23")]:
        sealing.seals.add(batch)

    assert sealing.seals.batches(DAY) == tuple(written)
    assert sealing.seals.batches("2026-11-21") == ()


def test_the_head_is_the_last_batch_also_of_what_another_process_wrote(sealing: Sealing) -> None:
    one, two, three = chain(3)
    assert sealing.seals.head(DAY) is None
    sealing.seals.add(one)
    assert sealing.seals.head(DAY) == one
    assert sealing.seals.head(DAY) == one

    sealing.again.add(two)
    sealing.again.add(three)

    assert sealing.seals.head(DAY) == three
    assert sealing.seals.head("2026-11-23") is None


def test_a_number_is_given_once(sealing: Sealing) -> None:
    (first,), (second,) = chain(1), chain(1)
    sealing.seals.add(first)

    with pytest.raises(SealTakenError):
        sealing.again.add(second)

    assert sealing.seals.batches(DAY) == (first,)


def test_a_signature_is_of_its_text_and_its_key_only(sealing: Sealing) -> None:
    signature = sealing.key.sign(b"text")

    assert sealing.key.is_signed(b"text", signature)
    assert not sealing.key.is_signed(b"another text", signature)
    assert not sealing.key.is_signed(b"text", b"no signature")


def test_a_seal_is_locked_and_no_later_version_or_deletion_hides_it(aws: Settings) -> None:
    make_bucket(aws)
    seals = bootstrap.connect(aws).seals
    one, two = chain(2)
    seals.add(one)
    seals.add(two)
    s3 = boto3.client("s3")
    key = f"audit/{DAY}/00000002.json"

    found = s3.head_object(Bucket=aws.bucket, Key=key)
    s3.put_object(Bucket=aws.bucket, Key=key, Body=b"{}")
    s3.delete_object(Bucket=aws.bucket, Key=f"audit/{DAY}/00000001.json")

    assert (found["ObjectLockMode"], found["ObjectLockRetainUntilDate"]) == (
        "GOVERNANCE",
        datetime(2033, 11, 23, tzinfo=UTC),
    )
    assert bootstrap.connect(aws).seals.batches(DAY) == (one, two)
    assert bootstrap.connect(aws).seals.head(DAY) == two


def test_a_seal_of_the_adapter_can_not_be_deleted(aws: Settings) -> None:
    make_bucket(aws)
    bootstrap.connect(aws).seals.add(chain(1)[0])
    s3 = boto3.client("s3")
    (version,) = s3.list_object_versions(Bucket=aws.bucket)["Versions"]

    with pytest.raises(s3.exceptions.ClientError):
        s3.delete_object(Bucket=aws.bucket, Key=version["Key"], VersionId=version["VersionId"])


def test_retention_and_salt_are_kept_with_each_record(ports: Ports) -> None:
    record = a_record(at=AT)
    ports.audit.append(record)

    (kept,) = ports.audit.of_day(DAY)

    assert kept == record
    assert kept.expires_at == int(datetime(2033, 11, 22, 15, tzinfo=UTC).timestamp())
    assert kept.salt


@pytest.mark.parametrize("days, ends", [({}, "2016284400"), ({"changes": 1}, "1795446000"), ({"changes": 0}, None)])
def test_retention_is_the_tables_ttl_as_the_settings_say(aws: Settings, days: dict[str, int], ends: str | None) -> None:
    bootstrap.connect(aws._replace(retention_days=days)).audit.append(a_record(at=AT))

    (item,) = boto3.client("dynamodb").scan(TableName="hotswap-audit")["Items"]

    template = (Path(__file__).parents[2] / "infra/templates/tables.yaml").read_text()
    of_audit = template.partition("AuditTable:")[2].partition("IdempotencyTable:")[0]
    assert "TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }" in of_audit
    assert item.get("ttl") == ({"N": ends} if ends else None)


def as_json(document: object) -> bytes:
    return json.dumps(document).encode()


def test_what_is_no_batch_is_named_and_breaks_no_proof(aws: Settings) -> None:
    make_bucket(aws)
    seals = bootstrap.connect(aws).seals
    one = chain(1)[0]
    seals.add(one)
    # These two look like the next batch, but for what can't be compared: a text for a number, a time without its zone.
    next_one = {**next_batch(DAY, one, [a_record()], AT)._asdict(), "signature": ""}
    odd_seal = {**next_one, "seals": [["2", "aud_x", "", 0, ""]]}
    odd_time = {**next_one, "sealed_at": "2026-11-22T15:00:00.000"}
    contents = [b"no JSON", b"[]", b"{}", b'{"seals": [[1]], "signature": ""}', *map(as_json, (odd_seal, odd_time))]
    for number, content in enumerate(contents, 2):
        boto3.client("s3").put_object(Bucket=aws.bucket, Key=f"audit/{DAY}/{number:08}.json", Body=content)

    found = seals.batches(DAY)

    assert found[0] == one
    assert [(batch.number, batch.seals) for batch in found[1:]] == [(0, ())] * len(contents)


@pytest.mark.parametrize(
    "change",
    [
        {"roles": "no JSON"},
        {"roles": "1"},
        {"at": "yesterday"},
        {"at": "2026-11-22T15:00:00.000"},
        {"at": "20261122T150000Z"},
        {"before": None},
    ],
)
def test_what_is_no_record_is_read_as_one_that_no_seal_fits(aws: Settings, change: dict[str, str | None]) -> None:
    ports, dynamodb = bootstrap.connect(aws), boto3.client("dynamodb")
    record = a_record(at=AT)
    ports.audit.append(record)
    (item,) = dynamodb.scan(TableName="hotswap-audit")["Items"]
    forged = {name: {"S": text} for name, text in change.items() if text is not None}
    kept = {name: value for name, value in item.items() if change.get(name, "") is not None}
    dynamodb.put_item(TableName="hotswap-audit", Item={**kept, **forged})

    (found,) = ports.audit.of_day(DAY)

    assert (found.id, found.action) == (record.id, "Unreadable")
