"""Every way in which a token can be wrong ends in the same words."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from chalicelib.adapters.tokens import IssuerKeys, JwtVerifier, fetch_keys
from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.credentials import CredentialRefusedError, Refusal
from chalicelib.domain.errors import TransientError, UnauthorizedError
from tests.fakes import FakeClock

ISSUER = "https://issuer.test/pool"
AUDIENCE = "client-1"
KEY = generate_private_key(65537, 2048)
OTHER_KEY = generate_private_key(65537, 2048)


def published(key: RSAPrivateKey, key_id: str, **more: str) -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "use": "sig", "alg": "RS256", **more}


def claims(changes: dict[str, object] | None = None) -> dict[str, Any]:
    now = datetime.now(UTC)
    whole = {
        "sub": "7b1f",
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + timedelta(hours=1),
        "token_use": "id",
        "cognito:username": "ana",
        "cognito:groups": ["Developer", "TenantOwner", "SomethingElse"],
        "custom:tenant_id": "acme",
        **(changes or {}),
    }
    return {name: value for name, value in whole.items() if value is not None}


def token(key: RSAPrivateKey = KEY, key_id: str = "one", changes: dict[str, object] | None = None) -> str:
    return jwt.encode(claims(changes), key, "RS256", {"kid": key_id})


def changed(**changes: object) -> str:
    return token(changes=changes)


class Issuer:
    """An issuer that counts how often it is asked for its keys."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = list(keys)
        self.fetches = 0
        self.is_away = False

    def fetch(self) -> dict[str, Any]:
        self.fetches += 1
        if self.is_away:
            raise TransientError("away")
        return {"keys": self.keys}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer(published(KEY, "one"))


@pytest.fixture
def verifier(issuer: Issuer, clock: FakeClock) -> JwtVerifier:
    return JwtVerifier(IssuerKeys(issuer.fetch, clock), issuer=ISSUER, audience=AUDIENCE)


def test_a_good_token_tells_who_calls_and_only_roles_that_we_know(verifier: JwtVerifier) -> None:
    caller = verifier.verify(token())

    assert caller == Caller("ana", frozenset({Role.DEVELOPER, Role.TENANT_OWNER}), "acme")


def test_a_token_without_groups_and_tenant_gives_neither(verifier: JwtVerifier) -> None:
    caller = verifier.verify(changed(**{"cognito:groups": None, "custom:tenant_id": None}))

    assert caller == Caller("ana", frozenset(), None)


def unsigned() -> str:
    return jwt.encode(claims(), "", "none", {"kid": "one"})


def signed_by_the_public_key() -> str:
    """Do what confuses a verifier that takes the algorithm from the header: HMAC with the public key's bytes."""
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head, body = (_encode(part) for part in ({"alg": "HS256", "typ": "JWT", "kid": "one"}, _plain(claims())))
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        f"{head}.{body}".encode(), public
    )
    return f"{head}.{body}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def with_another_body() -> str:
    head, body, signature = token().split(".")
    content = json.loads(urlsafe_b64decode(body + "=="))
    content["cognito:groups"] = ["Admin"]
    return f"{head}.{_encode(content)}.{signature}"


def with_its_own_key() -> str:
    headers = {"kid": "one", "jwk": published(OTHER_KEY, "one"), "jku": "https://attacker.test/jwks.json"}
    return jwt.encode(claims(), OTHER_KEY, "RS256", headers)


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(unsigned, id="alg none"),
        pytest.param(lambda: unsigned() + "AAAA", id="alg none with a signature"),
        pytest.param(signed_by_the_public_key, id="HS256 with the public key"),
        pytest.param(lambda: jwt.encode(claims(), KEY, "RS512", {"kid": "one"}), id="another RSA algorithm"),
        pytest.param(lambda: jwt.encode(claims(), KEY, "PS256", {"kid": "one"}), id="PSS"),
        pytest.param(lambda: token(OTHER_KEY), id="another key under a known name"),
        pytest.param(with_its_own_key, id="brings its own key"),
        pytest.param(with_another_body, id="changed after it was signed"),
        pytest.param(lambda: token(key_id="two"), id="unknown key"),
        pytest.param(lambda: jwt.encode(claims(), KEY, "RS256"), id="no key named"),
        pytest.param(lambda: changed(iss="https://issuer.test/other"), id="another issuer"),
        pytest.param(lambda: changed(aud="client-2"), id="another audience"),
        pytest.param(lambda: changed(aud=[AUDIENCE, "client-2"]), id="also for another audience"),
        pytest.param(lambda: changed(aud=None, client_id=AUDIENCE, token_use="access"), id="access token"),
        pytest.param(lambda: changed(token_use="access"), id="access token with our audience"),
        pytest.param(lambda: changed(exp=datetime.now(UTC) - timedelta(seconds=5)), id="expired"),
        pytest.param(lambda: changed(nbf=datetime.now(UTC) + timedelta(hours=1)), id="not valid yet"),
        pytest.param(lambda: changed(exp=None), id="never expires"),
        pytest.param(lambda: changed(**{"cognito:username": None}), id="nobody's"),
        pytest.param(lambda: changed(**{"cognito:username": 7}), id="name is a number"),
        pytest.param(lambda: changed(**{"cognito:groups": 7}), id="groups are a number"),
        pytest.param(lambda: changed(**{"custom:tenant_id": ["acme"]}), id="tenant is a list"),
        pytest.param(lambda: "", id="empty"),
        pytest.param(lambda: "a.b.c", id="rubbish"),
        pytest.param(lambda: "ü" * 50, id="not ASCII"),
        pytest.param(lambda: f"{_encode(['RS256'])}.e30.AAAA", id="header is an array"),
        pytest.param(lambda: f"{_encode({'alg': 'RS256', 'kid': ['one']})}.e30.AAAA", id="key name is an array"),
    ],
)
def test_a_wrong_token_is_refused_in_the_same_words(verifier: JwtVerifier, forge: Callable[[], str]) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        verifier.verify(forge())

    assert caught.value.detail == "The token is not valid."


def test_keys_are_fetched_once_for_many_tokens(verifier: JwtVerifier, issuer: Issuer) -> None:
    for _ in range(3):
        verifier.verify(token())

    assert issuer.fetches == 1


def test_a_rotated_key_is_found_after_a_pause_and_unknown_ones_do_not_flood_the_issuer(
    verifier: JwtVerifier, issuer: Issuer, clock: FakeClock
) -> None:
    verifier.verify(token())
    issuer.keys.append(published(OTHER_KEY, "two"))
    for _ in range(10):
        with pytest.raises(UnauthorizedError):
            verifier.verify(token(OTHER_KEY, "two"))
    fetched_within_the_pause = issuer.fetches
    clock.advance(seconds=30)

    caller = verifier.verify(token(OTHER_KEY, "two"))

    assert caller.username == "ana"
    assert (fetched_within_the_pause, issuer.fetches) == (1, 2)


def test_a_withdrawn_key_is_forgotten_within_the_hour(verifier: JwtVerifier, issuer: Issuer, clock: FakeClock) -> None:
    verifier.verify(token())
    issuer.keys.clear()
    clock.advance(seconds=3600)

    with pytest.raises(UnauthorizedError):
        verifier.verify(token())


def test_known_keys_outlive_an_issuer_that_is_away(verifier: JwtVerifier, issuer: Issuer, clock: FakeClock) -> None:
    verifier.verify(token())
    issuer.is_away = True
    clock.advance(seconds=7200)

    assert verifier.verify(token()).username == "ana"


def test_an_issuer_that_was_never_reached_is_an_outage_and_no_refusal(verifier: JwtVerifier, issuer: Issuer) -> None:
    issuer.is_away = True

    with pytest.raises(TransientError):
        verifier.verify(token())


@pytest.mark.parametrize("key", [{"kty": "EC", "kid": "one"}, published(KEY, "one", use="enc")])
def test_keys_for_other_purposes_prove_nothing(key: dict[str, Any]) -> None:
    verifier = JwtVerifier(IssuerKeys(Issuer(key).fetch, FakeClock()), issuer=ISSUER, audience=AUDIENCE)

    with pytest.raises(UnauthorizedError):
        verifier.verify(token())


def test_keys_are_fetched_by_http_only() -> None:
    with pytest.raises(ValueError, match="HTTP"):
        fetch_keys("file:///etc/passwd")


def _encode(part: object) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    return {name: int(value.timestamp()) if isinstance(value, datetime) else value for name, value in content.items()}


@pytest.mark.parametrize(
    "forge, reason",
    [
        (unsigned, Refusal.ALGORITHM),
        (signed_by_the_public_key, Refusal.ALGORITHM),
        (lambda: token(OTHER_KEY), Refusal.SIGNATURE),
        (with_another_body, Refusal.SIGNATURE),
        (lambda: token(key_id="two"), Refusal.UNKNOWN_KEY),
        (lambda: jwt.encode(claims(), KEY, "RS256"), Refusal.UNKNOWN_KEY),
        (lambda: changed(iss="https://issuer.test/other"), Refusal.ISSUER),
        (lambda: changed(aud="client-2"), Refusal.AUDIENCE),
        (lambda: changed(token_use="access"), Refusal.USE),
        (lambda: changed(exp=datetime.now(UTC) - timedelta(seconds=5)), Refusal.EXPIRED),
        (lambda: changed(nbf=datetime.now(UTC) + timedelta(hours=1)), Refusal.NOT_YET),
        (lambda: changed(exp=None), Refusal.CLAIMS),
        (lambda: changed(**{"cognito:username": 7}), Refusal.CLAIMS),
        (lambda: "rubbish", Refusal.MALFORMED),
    ],
)
def test_the_trail_is_told_why_a_token_opens_nothing_and_the_caller_is_not(
    verifier: JwtVerifier, forge: Callable[[], str], reason: Refusal
) -> None:
    with pytest.raises(CredentialRefusedError) as refused:
        verifier.verify(forge())

    assert (refused.value.reason, refused.value.claimed) == (reason, "")
    assert refused.value.detail == "The token is not valid."
