"""Tokens that prove nothing: each is refused at the gateway, in the same words, before anything of ours runs."""

import base64
import json
import secrets
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.stack.product import Product
from tests.stack.running_stack import eventually

WORDS = ("detail", "fix", "title", "type", "errors")


class Mint:
    """Makes tokens from a good one; it even has the issuer's own key, which no attacker has."""

    def __init__(self, product: Product) -> None:
        self.good = product.token("admin")
        self.claims: dict[str, Any] = jwt.decode(self.good, options={"verify_signature": False})
        self.header: dict[str, Any] = jwt.get_unverified_header(self.good)
        emulator = product.stack.options.files.read_emulator()
        assert emulator is not None
        pool = product.stack.info.outputs["UserPoolId"]
        pem = emulator.work_directory / "state" / "cognito-pool-keys" / f"{pool}-id.pem"
        key = load_pem_private_key(pem.read_bytes(), password=None)
        assert isinstance(key, RSAPrivateKey)
        self._key = key

    def signed(self, key: RSAPrivateKey | None = None, **changes: object) -> str:
        """Sign the good claims, changed, with the issuer's key or another."""
        claims = {name: value for name, value in {**self.claims, **changes}.items() if value is not None}
        return jwt.encode(claims, key or self._key, "RS256", {"kid": self.header["kid"]})

    def unsigned(self, algorithm: str) -> str:
        """Say in the header that there is no signature, and have none."""
        head = {**self.header, "alg": algorithm}
        return f"{_encoded(head)}.{_encoded(self.claims)}."

    def with_other_claims(self) -> str:
        """Keep the signature of the good token over other claims."""
        head, _, signature = self.good.split(".")
        return f"{head}.{_encoded({**self.claims, 'cognito:groups': ['Admin', 'Host']})}.{signature}"

    def by_public_key(self) -> str:
        """Sign by HMAC with the public key: a verifier that believes the header would take it."""
        head, body = _encoded({**self.header, "alg": "HS256"}), _encoded(self.claims)
        algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        numbers = self._key.public_key().public_numbers().n.to_bytes(256, "big")
        return f"{head}.{body}.{base64.urlsafe_b64encode(algorithm.sign(f'{head}.{body}'.encode(), numbers)).decode()}"


def _encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def mint(product: Product) -> Mint:
    return Mint(product)


FORGERIES: dict[str, Callable[[Mint], str]] = {
    "expired": lambda mint: mint.signed(exp=int(time.time()) - 60),
    "not valid yet": lambda mint: mint.signed(nbf=int(time.time()) + 600),
    "without an expiry": lambda mint: mint.signed(exp=None),
    "of another issuer": lambda mint: mint.signed(iss="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_another"),
    "for another client": lambda mint: mint.signed(aud="another-client"),
    "an access token": lambda mint: mint.signed(token_use="access"),
    "by another key": lambda mint: mint.signed(generate_private_key(public_exponent=65537, key_size=2048)),
    "with other claims": Mint.with_other_claims,
    "alg none": lambda mint: mint.unsigned("none"),
    "alg None": lambda mint: mint.unsigned("None"),
    "HMAC by the public key": Mint.by_public_key,
    "cut short": lambda mint: mint.good[:-20],
    "no token at all": lambda _: "rubbish",
}


def test_token_that_the_mint_signs_unchanged_is_good(product: Product, mint: Mint) -> None:
    answer = product.send("GET", "/me", b"", Authorization=f"Bearer {mint.signed()}")

    assert (answer.status, answer.body["username"]) == (200, "admin")


@pytest.mark.parametrize("case", FORGERIES)
def test_token_that_proves_nothing_is_refused_by_api_and_invoke_alike(product: Product, mint: Mint, case: str) -> None:
    bearer = f"Bearer {FORGERIES[case](mint)}"
    without = product.send("GET", "/me", b"")

    for method, path in (("GET", "/me"), ("POST", "/plugins"), ("POST", "/plugins/any/invoke")):
        answer = product.send(method, path, b"{}", Authorization=bearer)

        assert (answer.status, answer.body["code"]) == (401, "UNAUTHORIZED")
        assert answer.headers["Content-Type"] == "application/problem+json"
        # Why is told to nobody, so nobody learns how close they came.
        assert [answer.body[word] for word in WORDS] == [without.body[word] for word in WORDS]
        assert answer.body["fix"]


def test_an_admin_finds_who_was_refused_in_the_trail_and_nothing_of_the_token(product: Product, mint: Mint) -> None:
    forged = mint.signed(generate_private_key(public_exponent=65537, key_size=2048))
    path = f"/plugins/refused-{secrets.token_hex(4)}"
    # From an address of the test's own: the first of a reason and an address in a minute is recorded.
    headers = {"Authorization": f"Bearer {forged}", "X-Forwarded-For": f"203.0.113.{secrets.randbelow(256)}"}

    assert product.send("GET", path, b"", **headers).status == 401

    record = eventually(
        lambda: next(
            (each for each in product.ask("GET", "/audit?actor=unknown").body["items"] if path in each["resource"]),
            None,
        )
    )
    assert (record["action"], record["result"], record["actor"]) == ("RefuseCredential", "refused", "unknown")
    assert record["reason"] == "bad signature"
    assert not any(part in json.dumps(record) for part in forged.split("."))


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YWRtaW46YWRtaW4="])
def test_header_without_a_token_is_refused(product: Product, header: str) -> None:
    answer = product.send("GET", "/me", b"", Authorization=header)

    assert (answer.status, answer.body["code"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("user", ["admin", "nobody-of-this-name"])
def test_wrong_password_is_refused_without_telling_whether_the_user_exists(product: Product, user: str) -> None:
    answer = product.stack.request(
        "POST", "/v1/authentication/login", body={"username": user, "password": "Wrong-1234567"}
    )

    assert (answer.status, answer.body["code"]) == (401, "UNAUTHORIZED")
    assert user not in answer.body["detail"]
    assert answer.body["fix"]
