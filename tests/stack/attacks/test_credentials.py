"""Credentials that were good once, or are somebody else's: replayed, disabled, revoked, swapped, brought along."""

from __future__ import annotations

import json
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt.algorithms import RSAAlgorithm

from tests.stack.attacks.conftest import ATTACKED, MINE, THEIRS, Person, recorded
from tests.stack.product import ENVIRONMENT, Product
from tests.stack.running_stack import Answer


def me(product: Product, token: str) -> Answer:
    return product.send("GET", "/me", b"", Authorization=f"Bearer {token}")


def a_key(product: Product, **wishes: object) -> dict[str, str]:
    answer = product.ask("POST", "/keys", {"name": "a program", **wishes})
    assert answer.status == 201, answer.body
    key: dict[str, str] = answer.body
    return key


def invoked(product: Product, key: str, tenant: str) -> Answer:
    body = {"tenantId": tenant, "operation": "handle", "input": {}, "environment": ENVIRONMENT}
    path = f"/plugins/{ATTACKED}/invoke"
    return product.send("POST", path, json.dumps(body).encode(), Authorization=f"Bearer {key}")


def test_a_disabled_user_gets_in_no_more_and_no_new_token(product: Product, make_person: Callable[..., Person]) -> None:
    person = make_person("Viewer")
    pool = product.stack.info.outputs["UserPoolId"]

    product.stack.client("cognito-idp").admin_disable_user(UserPoolId=pool, Username=person.username)

    # The gateway has kept no answer for this token yet: what it keeps, it keeps for a minute.
    assert me(product, person.token).status == 401
    refreshed = product.stack.request("POST", "/v1/authentication/refresh", body={"refreshToken": person.refresh_token})
    assert refreshed.status == 401


def test_a_token_of_a_user_that_was_deleted_is_replayed_in_vain(
    product: Product, make_person: Callable[..., Person]
) -> None:
    person = make_person("Viewer")
    pool = product.stack.info.outputs["UserPoolId"]
    cognito = product.stack.client("cognito-idp")
    cognito.admin_delete_user(UserPoolId=pool, Username=person.username)

    refused = me(product, person.token)

    assert (refused.status, refused.body["code"]) == (401, "UNAUTHORIZED")


def test_a_refresh_token_is_no_token(product: Product, make_person: Callable[..., Person]) -> None:
    assert me(product, make_person("Viewer").refresh_token).status == 401


def test_groups_of_a_token_are_those_of_its_log_in(product: Product, make_person: Callable[..., Person]) -> None:
    person = make_person("Viewer")
    pool = product.stack.info.outputs["UserPoolId"]
    product.stack.client("cognito-idp").admin_add_user_to_group(
        UserPoolId=pool, Username=person.username, GroupName="Admin"
    )

    before = me(product, person.token).body["roles"]
    refreshed = product.stack.request("POST", "/v1/authentication/refresh", body={"refreshToken": person.refresh_token})

    assert before == ["Viewer"]
    assert me(product, refreshed.body["token"]).body["roles"] == ["Admin", "Viewer"]


@pytest.mark.parametrize("header", ["jwk", "jku", "x5u"])
def test_keys_that_a_token_brings_along_are_not_believed(product: Product, header: str) -> None:
    good = product.token("admin")
    key = generate_private_key(public_exponent=65537, key_size=2048)
    own = {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "use": "sig"}
    brought = {"kid": jwt.get_unverified_header(good)["kid"], header: own if header == "jwk" else "https://evil.test/k"}
    forged = jwt.encode(jwt.decode(good, options={"verify_signature": False}), key, "RS256", brought)

    assert me(product, forged).status == 401


def test_a_key_of_a_program_opens_its_tenants_and_its_actions_and_nothing_else(attacked: Product) -> None:
    key = a_key(attacked, tenants=[MINE])

    assert invoked(attacked, key["key"], MINE).status == 200
    assert invoked(attacked, key["key"], THEIRS).status == 404
    for method, path in (("GET", "/plugins"), ("POST", "/keys"), ("GET", f"/tenants/{MINE}"), ("GET", "/audit")):
        refused = attacked.send(method, path, b"{}" if method == "POST" else b"", Authorization=f"Bearer {key['key']}")
        assert (refused.status, refused.body["code"]) == (403, "FORBIDDEN")
    assert len(recorded(attacked, key["id"], 5)) == 5


def test_a_revoked_key_and_parts_of_two_keys_open_nothing(attacked: Product) -> None:
    revoked, good = a_key(attacked, tenants=[THEIRS]), a_key(attacked, tenants=[MINE])
    assert attacked.ask("DELETE", f"/keys/{revoked['id']}").status == 200
    mixed = good["key"][:31] + revoked["key"][31:]

    for key in (revoked["key"], mixed, good["key"][:-1], good["key"] + "A", good["key"].lower(), "hsk_"):
        assert invoked(attacked, key, MINE).status == 401
    assert invoked(attacked, good["key"], MINE).status == 200


def test_a_person_acts_in_nobody_elses_name(attacked: Product) -> None:
    answer = attacked.ask("GET", "/me", role="viewer", headers={"X-HotSwap-On-Behalf-Of": "admin"})

    assert (answer.status, answer.body["code"]) == (403, "FORBIDDEN")


def test_identity_comes_from_no_header_of_ones_own(attacked: Product) -> None:
    claims = {"username": "admin", "x-username": "admin", "X-Amzn-Oidc-Identity": "admin", "roles": "Admin"}
    headers = {**claims, "X-Forwarded-User": "admin", "X-HTTP-Method-Override": "DELETE"}

    seen = attacked.ask("GET", "/me", role="viewer", headers=headers).body

    assert (seen["username"], seen["roles"]) == ("viewer", ["Viewer"])
