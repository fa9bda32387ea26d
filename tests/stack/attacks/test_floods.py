"""Too much, as the limits of production answer it from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.local.stack import RAISED_LIMITS
from tests.stack.attacks.conftest import Person
from tests.stack.product import Product


@pytest.fixture
def strict(product: Product) -> Iterator[Product]:
    """Let the API function have the limits of production for a while; the stack has them raised."""
    functions = product.stack.client("lambda")
    (name,) = [
        each["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if each["Handler"] == "chalicelib.api.application.app"
    ]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    assert variables["HOTSWAP_LIMIT_FACTOR"] == str(RAISED_LIMITS)
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, "HOTSWAP_LIMIT_FACTOR": "1"}}
    )
    try:
        yield product
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def test_who_asks_too_much_is_told_to_wait_and_nobody_else_is(
    strict: Product, make_person: Callable[..., Person]
) -> None:
    greedy, other = make_person("Developer"), make_person("Developer")

    tried = [
        strict.stack.request("POST", "/v1/plugins/nobody-wrote-it/deprecate", token=greedy.token, body={"reason": "x"})
        for _ in range(11)
    ]
    spared = strict.stack.request(
        "POST", "/v1/plugins/nobody-wrote-it/deprecate", token=other.token, body={"reason": "x"}
    )

    assert [answer.status for answer in tried] == [404] * 10 + [429]
    assert [int(answer.headers["RateLimit-Remaining"]) for answer in tried] == [*reversed(range(10)), 0]
    refused = tried[-1]
    assert refused.body["code"] == "RATE_LIMIT_EXCEEDED"
    assert refused.headers["RateLimit-Limit"] == "10"
    assert 0 < int(refused.headers["Retry-After"]) <= 6
    assert spared.status == 404


def test_who_guesses_passwords_waits_ever_longer_under_one_name(strict: Product) -> None:
    body = {"username": "nobody-whom-all-guess", "password": "Wrong-1234567"}

    answers = [strict.stack.request("POST", "/v1/authentication/login", body=body) for _ in range(7)]

    assert [answer.status for answer in answers[:5]] == [401] * 5
    assert answers[-1].status == 429
    assert answers[-1].body["code"] == "RATE_LIMIT_EXCEEDED"
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_what_many_repeat_at_once_is_carried_out_once(product: Product) -> None:
    body, key = {"id": "repeated-at-once"}, {"Idempotency-Key": "one-key-for-all"}

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: product.ask("POST", "/tenants", body, headers=key), range(8)))

    # Whoever comes while it is carried out is told so; whoever comes later gets the first answer.
    assert {answer.status for answer in answers} <= {201, 409}
    made = [answer for answer in answers if answer.status == 201]
    assert sum("Idempotent-Replayed" not in answer.headers for answer in made) == 1
    assert all("still being carried out" in answer.body["detail"] for answer in answers if answer.status == 409)
    assert product.ask("POST", "/tenants", body, headers=key).headers["Idempotent-Replayed"] == "true"
    records = product.ask("GET", "/audit?resource=tenants/repeated-at-once").body["items"]
    assert [record["action"] for record in records] == ["CreateTenant"]
