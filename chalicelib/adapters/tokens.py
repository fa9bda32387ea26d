"""Proof of who calls: ID tokens of the issuer, checked against its published keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import urlopen

import jwt

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.credentials import CredentialRefusedError, Refusal
from chalicelib.domain.errors import TransientError

if TYPE_CHECKING:
    from chalicelib.ports import Clock

_ALGORITHM = "RS256"
_REQUIRED = ["aud", "cognito:username", "exp", "iat", "iss", "sub", "token_use"]
#: What a token must be for.
_USE = "id"
_TIMEOUT_SECONDS = 3
_MAX_KEYS_BYTES = 100_000
_KEEP = timedelta(hours=1)
#: An unknown key id is looked up again at most this often, or forged ones would be a way to flood the issuer.
_REFETCH_PAUSE = timedelta(seconds=30)
#: What PyJWT's errors mean to us, the narrower ones first.
_REASONS: tuple[tuple[type[Exception], Refusal], ...] = (
    (jwt.ExpiredSignatureError, Refusal.EXPIRED),
    (jwt.ImmatureSignatureError, Refusal.NOT_YET),
    (jwt.InvalidIssuerError, Refusal.ISSUER),
    (jwt.InvalidAudienceError, Refusal.AUDIENCE),
    (jwt.InvalidAlgorithmError, Refusal.ALGORITHM),
    (jwt.InvalidSignatureError, Refusal.SIGNATURE),
    (jwt.DecodeError, Refusal.MALFORMED),
)


def fetch_keys(url: str) -> dict[str, Any]:
    """
    Get a JSON Web Key Set.

    Raises:
        TransientError: The issuer does not answer.
        ValueError: The address is not HTTP.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError("the address of the keys must be HTTP")
    try:
        with urlopen(url, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310 # nosec B310 - checked above
            keys: dict[str, Any] = json.loads(response.read(_MAX_KEYS_BYTES))
    except (URLError, OSError, ValueError) as error:
        raise TransientError("The keys of the token issuer can't be read at the moment.") from error
    return keys


class IssuerKeys:
    """The issuer's keys by id, kept for an hour, and beyond it while the issuer is away."""

    def __init__(self, fetch: Callable[[], dict[str, Any]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: datetime | None = None
        self._lock = Lock()

    def find(self, key_id: str) -> jwt.PyJWK | None:
        """
        Return the key *key_id*; None if the issuer has none of that name.

        Raises:
            TransientError: No key was ever got, and the issuer does not answer.
        """
        with self._lock:
            age = self._clock.now() - self._fetched_at if self._fetched_at else None
            patience = _KEEP if key_id in self._keys else _REFETCH_PAUSE
            if age is None or age >= patience:
                self._refetch()
            return self._keys.get(key_id)

    def _refetch(self) -> None:
        try:
            found = self._fetch().get("keys", [])
        except TransientError:
            if not self._keys:
                raise
        else:
            usable = [key for key in found if key.get("kty") == "RSA" and key.get("use", "sig") == "sig"]
            self._keys = {key["kid"]: jwt.PyJWK(key, algorithm=_ALGORITHM) for key in usable}
        self._fetched_at = self._clock.now()


class JwtVerifier:
    """
    Checks tokens. The one algorithm is RS256, whatever the token's header says.

    Time is read from PyJWT's own clock: expiry is not a thing to be injected in production.
    """

    def __init__(self, keys: IssuerKeys, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    def verify(self, token: str) -> Caller:
        """
        Check signature, issuer, audience, use and expiry; return who it is.

        Raises:
            CredentialRefusedError: Anything is wrong with it; the reason is for the trail, and not told.
        """
        try:
            return _caller_of(self._claims(token))
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise _not_valid(_reason_of(error)) from error

    def _claims(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != _ALGORITHM:
            raise _not_valid(Refusal.ALGORITHM)
        key = self._keys.find(header["kid"]) if "kid" in header else None
        if key is None:
            raise _not_valid(Refusal.UNKNOWN_KEY)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=self._issuer,
            audience=self._audience,
            options={"require": _REQUIRED, "strict_aud": True},
        )
        # An access token proves a session, not who somebody is to us.
        if claims["token_use"] != _USE:
            raise _not_valid(Refusal.USE)
        return claims


def _caller_of(claims: dict[str, Any]) -> Caller:
    """
    Read who it is; groups that are none of our roles give nothing.

    Raises:
        TypeError: A claim is not of its type.
    """
    username, tenant_id = claims["cognito:username"], claims.get("custom:tenant_id", "")
    if not isinstance(username, str) or not isinstance(tenant_id, str):
        raise TypeError("a name is not a text")
    known = {role.value for role in Role}
    return Caller(
        username,
        frozenset(Role(group) for group in claims.get("cognito:groups", []) if group in known),
        tenant_id or None,
    )


def _reason_of(error: Exception) -> Refusal:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), Refusal.CLAIMS)


def _not_valid(reason: Refusal) -> CredentialRefusedError:
    return CredentialRefusedError(reason, "The token is not valid.", fix="Log in again: POST /authentication/login.")
