"""The key that signs cursors: made once a stack, kept encrypted, opened once a process."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from pynamodb.exceptions import PutError

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.items import Tables
from chalicelib.adapters.dynamodb.registry_items import SealedKeyItem

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_CONTEXT = {"purpose": "cursors"}


class StoredCursorKey:
    """Gives the key; the first process of a stack makes it."""

    def __init__(self, client: Callable[[], KMSClient], key_alias: str, tables: Tables) -> None:
        self._client = client
        self._key_alias = key_alias
        self._items = tables.bind(SealedKeyItem, "registry")
        self._lock = Lock()
        self._key: bytes | None = None

    def __call__(self) -> bytes:
        """Return the key."""
        with self._lock:
            if self._key is None:
                self._key = self._open()
            return self._key

    @translated("The key of the cursors")
    def _open(self) -> bytes:
        try:
            sealed = self._items.get(*keys.sealed_key("cursor"), consistent_read=True).sealed
        except self._items.DoesNotExist:
            sealed = self._make()
        return self._client().decrypt(CiphertextBlob=sealed, EncryptionContext=_CONTEXT, KeyId=self._key_alias)[
            "Plaintext"
        ]

    def _make(self) -> bytes:
        """
        Make a key and store it, unless another process was first; return the stored one, encrypted.

            first                          second
            ─────                          ──────
            PUT a (nobody has one)
                                           PUT b → refused
                                           GET → a
        """
        made = self._client().generate_data_key_without_plaintext(
            KeyId=self._key_alias, KeySpec="AES_256", EncryptionContext=_CONTEXT
        )
        item = self._items(*keys.sealed_key("cursor"), sealed=made["CiphertextBlob"])
        try:
            item.save(condition=SealedKeyItem.pk.does_not_exist())
        except PutError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return self._items.get(*keys.sealed_key("cursor"), consistent_read=True).sealed
        return made["CiphertextBlob"]
