"""The composition root of the authorizer: what proves who calls, the table of keys, the trail of the refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.clock import SystemClock
from chalicelib.ports.identity import TokenVerifier
from chalicelib.services.admissions import Admissions
from chalicelib.services.refused_credentials import RefusedCredentials
from chalicelib.settings import Settings


class Door(NamedTuple):
    """
    Who may come in: *tokens* proves what a login has just given, *admissions* whatever a request brings.

    *refused* keeps who does not on record.
    """

    tokens: TokenVerifier
    admissions: Admissions
    refused: RefusedCredentials


_replaced: list[Door] = []


def token_verifier() -> TokenVerifier:
    """Return the verifier of this process; it keeps the issuer's keys."""
    return _replaced[-1].tokens if _replaced else _real_verifier()


def admissions() -> Admissions:
    """Return what lets requests in."""
    return _replaced[-1].admissions if _replaced else _real_admissions()


def refused_credentials() -> RefusedCredentials:
    """Return what records who is turned away."""
    return _replaced[-1].refused if _replaced else _real_refused()


@contextmanager
def use(replacement: Door) -> Iterator[None]:
    """Let everything in this process see another door for a while: for tests, instead of patches."""
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


@cache
def _real_admissions() -> Admissions:
    # The same: only the authorizer lets anybody in.
    from chalicelib.adapters.cognito import CognitoUsers  # noqa: PLC0415
    from chalicelib.adapters.dynamodb.machine_keys import DynamoMachineKeyReads  # noqa: PLC0415

    settings = Settings.from_environment()
    users = CognitoUsers(Lazy(aws_clients.doorkeeping_cognito), settings.user_pool_id)
    keys = DynamoMachineKeyReads(Lazy(aws_clients.serving_dynamodb), settings.table("credentials"))
    return Admissions(_real_verifier(), users, keys, SystemClock())


@cache
def _real_refused() -> RefusedCredentials:
    # Only who is refused waits for this.
    from chalicelib.adapters.dynamodb.audit_appends import DynamoRecordAppends  # noqa: PLC0415
    from chalicelib.adapters.ids import UlidSource  # noqa: PLC0415

    settings = Settings.from_environment()
    trail = DynamoRecordAppends(Lazy(aws_clients.serving_dynamodb), settings.table("audit"), settings.retention_days)
    return RefusedCredentials(trail, UlidSource(), SystemClock())
