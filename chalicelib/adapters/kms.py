"""Encryption of tenants' secrets, bound to tenant, plugin and name."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from chalicelib.adapters.aws_errors import translated
from chalicelib.domain.errors import PayloadTooLargeError, UnprocessableError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

    from chalicelib.ports import Clock

#: What KMS encrypts directly (Encrypt, "Plaintext").
MAX_SECRET_BYTES = 4096
#: How long a process remembers what it has opened.
REMEMBER = timedelta(minutes=5)
_MAX_REMEMBERED = 1000


class KmsSecretBox:
    """Seals by KMS; what was opened is remembered in this process for 5 minutes, so a call costs no round trip."""

    def __init__(self, client: Callable[[], KMSClient], key_alias: str, clock: Clock) -> None:
        self._client = client
        self._key_alias = key_alias
        self._clock = clock
        self._opened: OrderedDict[tuple[object, ...], tuple[str, datetime]] = OrderedDict()
        self._lock = Lock()

    @translated("KMS")
    def seal(self, plain: str, context: Mapping[str, str]) -> str:
        """
        Encrypt; return base64.

        Raises:
            PayloadTooLargeError: It is longer than 4096 bytes (413).
        """
        content = plain.encode()
        if len(content) > MAX_SECRET_BYTES:
            raise PayloadTooLargeError(
                "The secret is too long.", fix=f"A secret has at most {MAX_SECRET_BYTES} bytes; store a shorter one."
            )
        answer = self._client().encrypt(KeyId=self._key_alias, Plaintext=content, EncryptionContext=dict(context))
        return b64encode(answer["CiphertextBlob"]).decode()

    def unseal(self, sealed: str, context: Mapping[str, str]) -> str:
        """
        Decrypt.

        Raises:
            TransientError: The key service is unreachable.
            UnprocessableError: It was sealed under another context or key (422).
        """
        # The context is part of the key: remembering must not open what KMS would refuse.
        key = (sealed, *sorted(context.items()))
        now = self._clock.now()
        with self._lock:
            plain, until = self._opened.get(key, ("", now))
        if until > now:
            return plain
        plain = self._decrypt(sealed, context)
        with self._lock:
            self._opened[key] = plain, now + REMEMBER
            self._opened.move_to_end(key)
            while len(self._opened) > _MAX_REMEMBERED:
                self._opened.popitem(last=False)
        return plain

    @translated("KMS")
    def _decrypt(self, sealed: str, context: Mapping[str, str]) -> str:
        client = self._client()
        try:
            blob = b64decode(sealed, validate=True)
            answer = client.decrypt(CiphertextBlob=blob, EncryptionContext=dict(context), KeyId=self._key_alias)
        except (ValueError, client.exceptions.InvalidCiphertextException) as error:
            raise UnprocessableError("A stored secret can't be opened.", fix="Put the secret again.") from error
        return answer["Plaintext"].decode()
