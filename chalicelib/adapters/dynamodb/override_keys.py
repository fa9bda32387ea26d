"""The key that signs overrides: made once a stack, kept encrypted, opened once a process. Light."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient

_CONTEXT = {"purpose": "overrides"}


class StoredOverrideKey:
    """
    Lies in the table ``routing``, which whoever serves reads anyway: so it needs no right more.

    That there is no key is not remembered: the first override may be made at any moment.
    """

    def __init__(
        self, kms: Callable[[], KMSClient], key_alias: str, dynamodb: Callable[[], DynamoDBClient], table: str
    ) -> None:
        self._kms = kms
        self._key_alias = key_alias
        self._dynamodb = dynamodb
        self._table = table
        self._lock = Lock()
        self._key: bytes | None = None

    @translated("The key of the overrides")
    def find(self) -> bytes | None:
        """Return the key; None while no override was ever made."""
        with self._lock:
            if self._key is None:
                sealed = self._read()
                self._key = self._open(sealed) if sealed is not None else None
            return self._key

    @translated("The key of the overrides")
    def ensure(self) -> bytes:
        """
        Return the key; the first who asks makes it, and who comes second takes that one.

            first                          second
            ─────                          ──────
            PUT a (nobody has one)
                                           PUT b → refused
                                           GET → a
        """
        with self._lock:
            if self._key is None:
                self._key = self._open(self._read() or self._make())
            return self._key

    def _read(self) -> bytes | None:
        pk, sk = keys.sealed_key("override")
        answer = self._dynamodb().get_item(
            TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
        )
        return bytes(answer["Item"]["sealed"]["B"]) if "Item" in answer else None

    def _make(self) -> bytes:
        made: bytes = self._kms().generate_data_key_without_plaintext(
            KeyId=self._key_alias, KeySpec="AES_256", EncryptionContext=_CONTEXT
        )["CiphertextBlob"]
        pk, sk = keys.sealed_key("override")
        client = self._dynamodb()
        nobody_has_one = "attribute_not_exists(pk)"
        try:
            client.put_item(
                TableName=self._table,
                Item={"pk": {"S": pk}, "sk": {"S": sk}, "sealed": {"B": made}},
                ConditionExpression=nobody_has_one,
            )
        except client.exceptions.ConditionalCheckFailedException:
            return self._read() or made
        return made

    def _open(self, sealed: bytes) -> bytes:
        answer = self._kms().decrypt(CiphertextBlob=sealed, EncryptionContext=_CONTEXT, KeyId=self._key_alias)
        return answer["Plaintext"]
