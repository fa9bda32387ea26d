"""Requests that must be refused, each with its documented code and a fix, and with nothing half-made after."""

import hashlib
import json
from typing import Any, NamedTuple

import pytest

from tests.packages import a_package
from tests.stack.product import Product
from tests.stack.running_stack import Answer

PLUGIN = "asked-badly"
TENANT = "asked-badly-corp"
PACKAGE = a_package(name=PLUGIN)
DIGEST = hashlib.sha256(PACKAGE).hexdigest()
PROBLEM_FIELDS = {"type", "title", "status", "detail", "instance", "code", "traceId", "timestamp", "errors", "fix"}
MEGABYTE = 1024 * 1024


def announced(version: str, size: int = len(PACKAGE), sha256: str = DIGEST) -> dict[str, Any]:
    return {"version": version, "sha256": sha256, "size": size}


def deployed(version: str = "1.0.0", **changes: object) -> dict[str, Any]:
    return {"pluginId": PLUGIN, "version": version, "environment": "Development", **changes}


class Refused(NamedTuple):
    """A request, who sends it, and how it is refused."""

    role: str
    method: str
    path: str
    body: object
    status: int
    code: str


class Asked(NamedTuple):
    """What came back on each request, and everything that there was before and after all of them."""

    answers: dict[str, Answer]
    before: dict[str, object]
    after: dict[str, object]


VERSIONS = f"/plugins/{PLUGIN}/versions"
INVOKE = f"/plugins/{PLUGIN}/invoke"
CASES = {
    "unknown plugin": Refused("viewer", "GET", "/plugins/nobody-wrote-it", None, 404, "NOT_FOUND"),
    "version of an unknown plugin": Refused(
        "developer", "POST", "/plugins/nobody-wrote-it/versions", announced("1.0.0"), 404, "NOT_FOUND"
    ),
    "deployment of an unknown plugin": Refused(
        "developer", "POST", "/deployments", deployed(pluginId="nobody-wrote-it"), 404, "NOT_FOUND"
    ),
    "deployment of an unknown version": Refused(
        "developer", "POST", "/deployments", deployed("9.9.9"), 404, "NOT_FOUND"
    ),
    "installation of an unknown plugin": Refused(
        "admin", "POST", f"/tenants/{TENANT}/plugins/nobody-wrote-it/enable", {}, 404, "NOT_FOUND"
    ),
    "invocation of an unknown plugin": Refused(
        "host", "POST", "/plugins/nobody-wrote-it/invoke", {"tenantId": TENANT, "operation": "go"}, 404, "NOT_FOUND"
    ),
    "invocation for an unknown tenant": Refused(
        "host", "POST", INVOKE, {"tenantId": "nobody", "operation": "go"}, 404, "NOT_FOUND"
    ),
    "name taken": Refused("admin", "POST", "/plugins", {"name": PLUGIN, "type": "Other"}, 409, "CONFLICT"),
    "tenant taken": Refused("admin", "POST", "/tenants", {"id": TENANT}, 409, "CONFLICT"),
    "version taken by other bytes": Refused(
        "admin", "POST", VERSIONS, announced("1.0.0", sha256="0" * 64), 409, "CONFLICT"
    ),
    "finalized without an upload": Refused("admin", "POST", f"{VERSIONS}/1.0.0/finalize", {}, 409, "CONFLICT"),
    "101 MB": Refused("admin", "POST", VERSIONS, announced("2.0.0", 101 * MEGABYTE), 413, "PAYLOAD_TOO_LARGE"),
    "no bytes": Refused("admin", "POST", VERSIONS, announced("2.0.0", 0), 400, "VALIDATION_ERROR"),
    "digest in capitals": Refused(
        "admin", "POST", VERSIONS, announced("2.0.0", sha256="A" * 64), 400, "VALIDATION_ERROR"
    ),
    "a version that is not Ready": Refused("developer", "POST", "/deployments", deployed(), 422, "UNPROCESSABLE"),
    "an environment that is none": Refused(
        "developer", "POST", "/deployments", deployed(environment="development"), 400, "VALIDATION_ERROR"
    ),
    "a strategy that is none": Refused(
        "developer", "POST", "/deployments", deployed(strategy="Hope"), 400, "VALIDATION_ERROR"
    ),
    "a viewer who registers": Refused(
        "viewer", "POST", "/plugins", {"name": "not-for-viewers", "type": "Other"}, 403, "FORBIDDEN"
    ),
    "a developer who deploys to Production": Refused(
        "developer", "POST", "/deployments", deployed(environment="Production"), 403, "FORBIDDEN"
    ),
    "a developer who publishes for another": Refused(
        "developer", "POST", VERSIONS, announced("3.0.0"), 403, "FORBIDDEN"
    ),
    "a developer who invokes": Refused(
        "developer", "POST", INVOKE, {"tenantId": TENANT, "operation": "go"}, 403, "FORBIDDEN"
    ),
    "an owner who invokes for another tenant": Refused(
        "tenant-owner", "POST", INVOKE, {"tenantId": TENANT, "operation": "go"}, 404, "NOT_FOUND"
    ),
    "an owner who installs for another tenant": Refused(
        "tenant-owner", "POST", f"/tenants/{TENANT}/plugins/{PLUGIN}/enable", {}, 404, "NOT_FOUND"
    ),
    "a name in Cyrillic": Refused(
        "admin", "POST", "/plugins", {"name": "плагин", "type": "Other"}, 400, "VALIDATION_ERROR"
    ),
    "a name that only looks Latin": Refused(
        "admin",
        "POST",
        "/plugins",
        {"name": "p\u0430yments", "type": "Other"},
        400,
        "VALIDATION_ERROR",
    ),
    "a name with a combining accent": Refused(
        "admin", "POST", "/plugins", {"name": "cafe\u0301", "type": "Other"}, 400, "VALIDATION_ERROR"
    ),
    "a tenant in Hebrew": Refused("admin", "POST", "/tenants", {"id": "קובץ"}, 400, "VALIDATION_ERROR"),
    "a plugin in the path in Japanese": Refused("viewer", "GET", "/plugins/%E6%97%A5%E6%9C%AC", None, 404, "NOT_FOUND"),
    "an unknown field": Refused(
        "admin", "POST", "/plugins", {"name": "one-too-many", "type": "Other", "owner": "me"}, 400, "VALIDATION_ERROR"
    ),
    "a number as name": Refused("admin", "POST", "/plugins", {"name": 7, "type": "Other"}, 400, "VALIDATION_ERROR"),
    **{
        f"version {number!r}": Refused("admin", "POST", VERSIONS, announced(number), 400, "VALIDATION_ERROR")
        for number in ("01.0.0", "1.0", "v1.0.0", "1.0.0-01", "1.0.0-", "1.0.0+", "1.0.0-a..b", "1.0.0 ", "१.0.0", "")
    },
}


#: Bodies that are no proper object: what is sent, and how it is refused.
BODIES = {
    "no JSON": (b"name=x&type=Other", 400, "VALIDATION_ERROR"),
    "array": (b'["name", "type"]', 400, "VALIDATION_ERROR"),
    "text": (b'"text"', 400, "VALIDATION_ERROR"),
    "null": (b"null", 400, "VALIDATION_ERROR"),
    "NaN": (b'{"name": NaN}', 400, "VALIDATION_ERROR"),
    "half a character": (b'{"name": "\\ud800"}', 400, "VALIDATION_ERROR"),
    "too deep": (b'{"a":' * 100_000, 400, "VALIDATION_ERROR"),
    "7 MB": (b'{"name": "' + b"x" * 7 * MEGABYTE + b'"}', 413, "PAYLOAD_TOO_LARGE"),
}
#: Each of the functions that read a body, and a route that begins something.
BODY_PATHS = ("/plugins", "/deployments", INVOKE)


@pytest.fixture(scope="module")
def asked(product: Product) -> Asked:
    """Make a plugin of the admin's with a Draft and a tenant that has it installed, then send every bad request."""
    product.register(PLUGIN)
    assert product.announce(PLUGIN, "1.0.0", PACKAGE).status == 201
    product.install(PLUGIN, TENANT)
    before = everything(product)
    answers = {case: product.ask(one.method, one.path, one.body, role=one.role) for case, one in CASES.items()}
    bearer = f"Bearer {product.token('admin')}"
    for path in BODY_PATHS:
        for case, (content, _, _) in BODIES.items():
            answers[f"{case} to {path}"] = product.send("POST", path, content, Authorization=bearer)
    return Asked(answers, before, everything(product))


def everything(product: Product) -> dict[str, object]:
    """List what a refused request could have made."""
    paths = ("/plugins", VERSIONS, "/tenants", f"/tenants/{TENANT}/plugins", f"/deployments?pluginId={PLUGIN}")
    made: dict[str, object] = {
        path: product.ask("GET", f"{path}{'&' if '?' in path else '?'}limit=100").body["items"] for path in paths
    }
    return {**made, "intakes": product.intakes(PLUGIN), "aliases": product.alias_names(PLUGIN)}


def assert_refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.body["code"], answer.body["status"]) == (status, code, status)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body.keys() == PROBLEM_FIELDS
    assert answer.body["fix"]
    assert all(error.keys() == {"field", "message", "fix"} and error["fix"] for error in answer.body["errors"])
    assert "Traceback" not in json.dumps(answer.body)
    assert "000000000000" not in json.dumps(answer.body), "the account is nobody's business"


@pytest.mark.parametrize("case", CASES)
def test_request_is_refused_with_its_code_and_a_fix(asked: Asked, case: str) -> None:
    assert_refused(asked.answers[case], CASES[case].status, CASES[case].code)


@pytest.mark.parametrize("path", BODY_PATHS)
@pytest.mark.parametrize("case", BODIES)
def test_body_that_is_no_proper_object_is_refused(asked: Asked, case: str, path: str) -> None:
    _, status, code = BODIES[case]

    assert_refused(asked.answers[f"{case} to {path}"], status, code)


def test_none_of_the_refused_requests_has_made_anything(asked: Asked) -> None:
    assert asked.after == asked.before


@pytest.mark.parametrize("method,path", [("GET", "/nowhere"), ("DELETE", "/me"), ("POST", "/plugins/a/b/c/d")])
def test_route_that_is_none_is_told_as_a_problem(product: Product, method: str, path: str) -> None:
    answer = product.ask(method, path)

    assert_refused(answer, 404, "NOT_FOUND")


def test_texts_for_people_may_be_in_any_script(product: Product) -> None:
    words = {"displayName": "Плагин 支払い 💳", "description": "naïve — ﷽", "tags": ["größe"]}

    made = product.ask("POST", "/plugins", {"name": "many-scripts", "type": "Other", **words})

    assert made.status == 201
    shown = product.ask("GET", "/plugins/many-scripts").body
    assert {name: shown[name] for name in words} == words
