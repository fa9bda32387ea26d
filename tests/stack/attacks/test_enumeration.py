"""Whether something exists is told neither by words nor by the time that an answer takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from tests.stack.attacks.conftest import ATTACKED, THEIRS, Person
from tests.stack.product import Product

#: What lies between two requests on a machine that does other things; a look-up that only one of them made shows.
ROUNDS = 15
NOTICEABLE_SECONDS = 0.05


def medians(*asks: Callable[[], object]) -> list[float]:
    """Take the median time of each, asked by turns, so that all meet the same load."""
    times: list[list[float]] = [[] for _ in asks]
    for _ in range(ROUNDS):
        for ask, took in zip(asks, times, strict=True):
            began = time.perf_counter()
            ask()
            took.append(time.perf_counter() - began)
    return [statistics.median(each) for each in times]


def test_another_tenant_takes_as_long_as_none(attacked: Product, make_person: Callable[..., Person]) -> None:
    token = make_person("TenantOwner", tenant="acme").token

    def ask(tenant: str) -> Callable[[], object]:
        path = f"/v1/tenants/{tenant}/plugins/{ATTACKED}/config"
        return lambda: attacked.stack.request("GET", path, token=token)

    theirs, nobodys = medians(ask(THEIRS), ask("nobody-at-all"))

    assert abs(theirs - nobodys) < NOTICEABLE_SECONDS


def test_a_known_user_name_and_an_unknown_one_are_answered_alike(product: Product) -> None:
    answers = [
        product.stack.request("POST", "/v1/authentication/login", body={"username": name, "password": "Wrong-1234567"})
        for name in ("viewer", "nobody-of-this-name")
    ]

    assert {answer.status for answer in answers} == {401}
    assert answers[0].body["detail"] == answers[1].body["detail"]
    assert set(answers[0].headers) == set(answers[1].headers)


def test_a_key_that_never_was_is_answered_like_one_with_another_secret(product: Product) -> None:
    key = product.ask("POST", "/keys", {"name": "a program"}).body["key"]
    wrong, unknown = key[:-4] + "AAAA", "hsk_" + "0" * 26 + key[30:]

    answers = [product.send("GET", "/me", b"", Authorization=f"Bearer {each}") for each in (wrong, unknown)]

    assert [answer.status for answer in answers] == [401, 401]
    assert answers[0].body["detail"] == answers[1].body["detail"]
