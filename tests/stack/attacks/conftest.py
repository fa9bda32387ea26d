"""What is attacked: a plugin in service, two tenants that have it, and people whom the attacks may change."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import pytest

from tests.stack.product import Product
from tests.stack.running_stack import eventually

ATTACKED = "attacked"
MINE, THEIRS = "acme", "attacked-corp"
SOURCE = """
def handle(operation, input, context):
    return {"tenant": context.tenant_id, "config": dict(context.config)}
"""


class Person(NamedTuple):
    """Somebody of the user pool whom a test may disable or move, and who has just logged in."""

    username: str
    token: str
    refresh_token: str


@pytest.fixture(scope="session")
def attacked(product: Product) -> Product:
    """Serve a plugin to the tenant of the stack's owner and to another one, each with a secret."""
    product.register(ATTACKED)
    product.publish(ATTACKED, "1.0.0", SOURCE, secrets=["apiKey"])
    assert product.deploy(ATTACKED, "1.0.0")["status"] == "Completed"
    for tenant in (MINE, THEIRS):
        product.install(ATTACKED, tenant, {"owner": tenant}, apiKey=f"sk_of_{tenant}")
    return product


@pytest.fixture
def make_person(product: Product) -> Iterator[Callable[..., Person]]:
    """Make somebody with a role, log them in, and take them away again."""
    cognito, pool = product.stack.client("cognito-idp"), product.stack.info.outputs["UserPoolId"]
    made: list[str] = []

    def make(role: str, *, tenant: str = "") -> Person:
        username, password = f"person-{secrets.token_hex(4)}", f"Aa1!{secrets.token_hex(12)}"
        attributes = [{"Name": "custom:tenant_id", "Value": tenant}] if tenant else []
        cognito.admin_create_user(
            UserPoolId=pool, Username=username, UserAttributes=attributes, TemporaryPassword=password
        )
        made.append(username)
        cognito.admin_set_user_password(UserPoolId=pool, Username=username, Password=password, Permanent=True)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=username, GroupName=role)
        answer = product.stack.request(
            "POST", "/v1/authentication/login", body={"username": username, "password": password}
        )
        assert answer.status == 200, answer.body
        return Person(username, answer.body["token"], answer.body["refreshToken"])

    yield make
    for username in made:
        with suppress(cognito.exceptions.UserNotFoundException):
            cognito.admin_delete_user(UserPoolId=pool, Username=username)


def refusals(product: Product, actor: str) -> list[dict[str, Any]]:
    """List what was refused to somebody, as the trail has it."""
    answer = product.ask("GET", f"/audit?actor={actor}&limit=100")
    assert answer.status == 200, answer.body
    return [record for record in answer.body["items"] if record["result"] == "refused"]


def recorded(product: Product, actor: str, at_least: int) -> list[dict[str, Any]]:
    """Wait until so many refusals of somebody are on record: the index of the trail follows a moment later."""
    found: list[dict[str, Any]] = eventually(
        lambda: each if len(each := refusals(product, actor)) >= at_least else None, within_seconds=10
    )
    return found
