"""The key that signs seals: an asymmetric one of KMS, whose private half nobody ever has."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.adapters.aws_errors import translated

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from mypy_boto3_kms import KMSClient


class KmsSealKey:
    """Signs in KMS, and checks signatures here with the public half: a day of them costs one request."""

    def __init__(self, client: Callable[[], KMSClient], key_alias: str) -> None:
        self._client = client
        self._key_alias = key_alias

    @translated("KMS")
    def sign(self, text: bytes) -> bytes:
        """Sign *text* (ECDSA with SHA-256, DER)."""
        answer = self._client().sign(
            KeyId=self._key_alias, Message=text, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256"
        )
        return bytes(answer["Signature"])

    def is_signed(self, text: bytes, signature: bytes) -> bool:
        """Check a signature; only who proves a trail loads what that takes."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

        try:
            self._public.verify(signature, text, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True

    @cached_property
    def _public(self) -> EllipticCurvePublicKey:
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

        key = load_der_public_key(self._fetch())
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise TypeError(f"{self._key_alias} is no key of an elliptic curve")
        return key

    @translated("KMS")
    def _fetch(self) -> bytes:
        return bytes(self._client().get_public_key(KeyId=self._key_alias)["PublicKey"])
