"""Cursors: opaque to callers, signed by us, and good for one listing only."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256

from chalicelib.domain.errors import FieldError, ValidationError

_SIGNATURE_BYTES = 16
#: Longer than any position of ours; a longer text is not decoded at all.
_MAX_LENGTH = 2048


class SignedCursors:
    """
    Positions under HMAC-SHA256, cut to 128 bits.

    The scope is signed but not carried, so a cursor of one listing opens no other. *key* is asked for
    on first use.
    """

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def encode(self, position: Mapping[str, str], scope: str) -> str:
        """Seal a position of the listing *scope*."""
        body = json.dumps(dict(position), separators=(",", ":"), sort_keys=True).encode()
        return urlsafe_b64encode(self._sign(body, scope) + body).rstrip(b"=").decode()

    def decode(self, cursor: str, scope: str) -> Mapping[str, str]:
        """
        Open a cursor.

        Raises:
            ValidationError: It was not made by us, or for another listing (400).
        """
        raw = _decode(cursor)
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(body, scope)):
            raise _invalid_cursor()
        position: dict[str, str] = json.loads(body)
        return position

    def _sign(self, body: bytes, scope: str) -> bytes:
        # The length keeps (scope, body) pairs apart that are the same when joined.
        message = len(scope.encode()).to_bytes(4, "big") + scope.encode() + body
        return hmac.digest(self._key(), message, sha256)[:_SIGNATURE_BYTES]


def _decode(cursor: str) -> bytes:
    if len(cursor) > _MAX_LENGTH or not cursor.isascii():
        raise _invalid_cursor()
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raise _invalid_cursor() from None
    # One position, one text: base64 would else ignore foreign characters and spare bits.
    if urlsafe_b64encode(raw).rstrip(b"=").decode() != cursor:
        raise _invalid_cursor()
    return raw


def _invalid_cursor() -> ValidationError:
    fix = "Use nextCursor of the previous page with the same filters, or leave the cursor out to begin anew."
    return ValidationError(
        "The cursor is not one of this listing.", fix=fix, errors=(FieldError("/cursor", "not valid here", fix),)
    )
