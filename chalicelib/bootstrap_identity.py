"""The composition root of the authorizer: what proves who calls, and nothing that a table needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from chalicelib.adapters.clock import SystemClock
from chalicelib.ports import TokenVerifier
from chalicelib.settings import Settings

_replaced: list[TokenVerifier] = []


def token_verifier() -> TokenVerifier:
    """Return the verifier of this process; it keeps the issuer's keys."""
    return _replaced[-1] if _replaced else _real_verifier()


@contextmanager
def use(replacement: TokenVerifier) -> Iterator[None]:
    """Let everything in this process see another verifier for a while: for tests, instead of patches."""
    _replaced.append(replacement)
    try:
        yield
    finally:
        _replaced.pop()


@cache
def _real_verifier() -> TokenVerifier:
    # Cryptography is slow to import; the API function shares this module and verifies only at a login.
    from chalicelib.adapters.tokens import IssuerKeys, JwtVerifier, fetch_keys  # noqa: PLC0415

    settings = Settings.from_environment()
    keys = IssuerKeys(lambda: fetch_keys(settings.jwks_url), SystemClock())
    return JwtVerifier(keys, issuer=settings.issuer, audience=settings.client_id)
