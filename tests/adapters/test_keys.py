"""Keys of KMS: secrets that are remembered for a while, and the one key that signs cursors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.dynamodb.cursor_keys import StoredCursorKey
from chalicelib.adapters.dynamodb.items import Tables
from chalicelib.adapters.kms import MAX_SECRET_BYTES, KmsSecretBox
from chalicelib.domain.errors import PayloadTooLargeError
from tests.contracts.tables import create_tables
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

ALIAS = "alias/hotswap"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def decryptions() -> list[str]:
    return []


@pytest.fixture
def kms(decryptions: list[str]) -> Iterator[Lazy[KMSClient]]:
    """Give a client whose decryptions are counted."""
    with mock_aws():
        client = Lazy(aws_clients.kms)
        made = client()
        made.create_alias(AliasName=ALIAS, TargetKeyId=made.create_key()["KeyMetadata"]["KeyId"])
        made.meta.events.register("before-call.kms.Decrypt", lambda **_: decryptions.append("one"))
        yield client


def test_an_opened_secret_is_remembered_for_five_minutes(
    kms: Lazy[KMSClient],
    clock: FakeClock,
    decryptions: list[str],
) -> None:
    box = KmsSecretBox(kms, ALIAS, clock)
    sealed = box.seal("sk_test", {"tenant": "acme"})
    box.unseal(sealed, {"tenant": "acme"})
    clock.advance(seconds=299)
    box.unseal(sealed, {"tenant": "acme"})
    within = len(decryptions)
    clock.advance(seconds=1)
    box.unseal(sealed, {"tenant": "acme"})

    assert (within, len(decryptions)) == (1, 2)


def test_a_secret_longer_than_kms_takes_is_refused(kms: Lazy[KMSClient], clock: FakeClock) -> None:
    with pytest.raises(PayloadTooLargeError):
        KmsSecretBox(kms, ALIAS, clock).seal("x" * (MAX_SECRET_BYTES + 1), {})


def test_two_processes_of_a_stack_sign_with_one_key_and_open_it_once(
    kms: Lazy[KMSClient],
    decryptions: list[str],
) -> None:
    create_tables("hotswap")
    tables = Tables(lambda name: f"hotswap-{name}", Lazy(aws_clients.dynamodb))
    first, second = StoredCursorKey(kms, ALIAS, tables), StoredCursorKey(kms, ALIAS, tables)

    keys = {first(), first(), second(), second()}

    assert len(keys) == 1
    assert len(keys.pop()) == 32
    assert len(decryptions) == 2


def test_a_process_that_makes_a_key_too_late_takes_the_stored_one(
    kms: Lazy[KMSClient],
) -> None:
    create_tables("hotswap")
    tables = Tables(lambda name: f"hotswap-{name}", Lazy(aws_clients.dynamodb))
    late = StoredCursorKey(kms, ALIAS, tables)
    early: list[bytes] = []

    def be_faster(**_: object) -> None:
        if not early:
            early.append(b"")
            early[0] = StoredCursorKey(kms, ALIAS, tables)()

    kms().meta.events.register("before-call.kms.GenerateDataKeyWithoutPlaintext", be_faster)

    assert late() == early[0]


def test_the_key_lies_in_the_table_encrypted_only(kms: Lazy[KMSClient]) -> None:
    create_tables("hotswap")
    key = StoredCursorKey(kms, ALIAS, Tables(lambda name: f"hotswap-{name}", Lazy(aws_clients.dynamodb)))()

    items = boto3.client("dynamodb").scan(TableName="hotswap-registry")["Items"]

    assert len(items) == 1
    assert key not in items[0]["sealed"]["B"]
