"""Overrides: a signed, short-lived token that sends single requests to one version, also one that nobody else gets."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from binascii import a2b_base64, b2a_base64
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.errors import FieldError, ForbiddenError, ValidationError
from chalicelib.domain.routes import Target

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

#: The header that carries the token.
HEADER = "X-HotSwap-Override"
#: A smoke test takes minutes; a token that leaks is worth nothing soon after.
MAX_LIFETIME = timedelta(minutes=15)
DEFAULT_LIFETIME = timedelta(minutes=5)

_SIGNATURE_BYTES = 32
#: Of a target all fields are signed but the last.
_SIGNED_FIELDS = Target._fields.index("retryable")
#: What SHA-256 takes at once.
_BLOCK_BYTES = 64
#: The signs of URL-safe base64 to those of plain base64, whose own, and whose padding, are none of a token.
_FROM_URL_SAFE = bytes.maketrans(b"-_+/=", b"+/!!!")
#: Longer than any token of ours; a longer text is not decoded at all.
_MAX_LENGTH = 2048
_FIX = "Ask for a new one: POST /plugins/{id}/versions/{v}/override."


class Override(NamedTuple):
    """
    Leave to call *target* in one environment until *expires_at* (RFC 3339), given to *author*.

    It holds the whole target, so that who verifies it needs to read nothing.
    """

    plugin_id: str
    environment: str
    target: Target
    author: str
    expires_at: str


def sign(override: Override, key: bytes) -> str:
    """Write the token: HMAC-SHA256, then what it signs, in URL-safe base64."""
    # Values without names, in the order of the fields: half the time of verifying went into parsing names.
    first, second, target, *others = override
    # Stable never stands in for a version that was asked for by hand: what may be repeated would only make it longer.
    signed = (first, second, target[:_SIGNED_FIELDS], *others)
    body = json.dumps(signed, separators=(",", ":")).encode()
    return urlsafe_b64encode(_mac(body, key) + body).rstrip(b"=").decode()


def verify(token: str, key: bytes, *, plugin_id: str, environment: str, now: str) -> Override:
    """
    Open a token that was signed with *key* for this plugin and environment.

    Raises:
        ValidationError: It was not made by this stack, or is cut or changed (400).
        ForbiddenError: It is over, or for another plugin or environment (403).
    """
    raw = _decode(token)
    signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _mac(body, key)):
        raise not_ours()
    first, second, target, *others = json.loads(body.decode())
    override = Override(first, second, Target(*target), *others)
    if override.plugin_id != plugin_id:
        raise ForbiddenError(f"The override is not for {plugin_id}.", fix=_FIX)
    if override.environment != environment:
        raise ForbiddenError(f"The override is for {override.environment}, not for {environment}.", fix=_FIX)
    if override.expires_at <= now:
        raise ForbiddenError(f"The override ended at {override.expires_at}.", fix=_FIX)
    return override


def not_ours() -> ValidationError:
    """Say that a token is none of this stack's, and nothing of why."""
    error = FieldError(f"/{HEADER}", "It is no token of this stack.", _FIX)
    return ValidationError("The override is not valid.", fix=_FIX, errors=(error,))


def _mac(body: bytes, key: bytes) -> bytes:
    """Give HMAC-SHA256 of *body*, as `hmac.digest` does: it would begin with the key anew each time."""
    inner, outer = (begun.copy() for begun in _keyed(key))
    inner.update(body)
    outer.update(inner.digest())
    return outer.digest()


@lru_cache(maxsize=2)
def _keyed(key: bytes) -> tuple[Hash, Hash]:
    """Begin both hashes of HMAC (RFC 2104) with *key*; a stack has one, so this is half of what a check would cost."""
    padded = (key if len(key) <= _BLOCK_BYTES else sha256(key).digest()).ljust(_BLOCK_BYTES, b"\0")
    inner, outer = (sha256(bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C))
    inner.update(b"override\0")
    return inner, outer


def _decode(token: str) -> bytes:
    if len(token) > _MAX_LENGTH or not token.isascii():
        raise not_ours()
    text = token.encode().translate(_FROM_URL_SAFE) + b"=" * (-len(token) % 4)
    try:
        raw = a2b_base64(text)
    except ValueError:
        raise not_ours() from None
    # One override, one text: base64 would else ignore foreign characters and spare bits.
    if b2a_base64(raw, newline=False) != text:
        raise not_ours()
    return raw
