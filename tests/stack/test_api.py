"""The API through the real gateway: what only the deployed pieces together can show."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.stack.running_stack import Answer, RunningStack

PLUGIN = "api-probe"


@pytest.fixture(scope="module")
def installed(stack: RunningStack) -> RunningStack:
    """Make two tenants and install a plugin for one; no version of it is deployed."""
    admin = stack.token("admin")
    body = {"name": PLUGIN, "type": "Other"}
    assert stack.request("POST", "/v1/plugins", token=admin, body=body).status == 201
    for tenant in ("initech", "umbrella"):
        assert stack.request("POST", "/v1/tenants", token=admin, body={"id": tenant}).status == 201
    enabled = stack.request("POST", f"/v1/tenants/initech/plugins/{PLUGIN}/enable", token=admin, body={})
    assert enabled.status == 201
    return stack


def repeatable(stack: RunningStack, path: str, token: str, body: object, key: str) -> Answer:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Idempotency-Key": key}
    data = json.dumps(body).encode()
    request = urllib.request.Request(stack.info.api_url + path, data, headers, method="POST")  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            return Answer(answer.status, dict(answer.headers), json.load(answer))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers), json.load(error))


@pytest.mark.parametrize("number", ["1.0.0", "1.0.0-beta.1+5"])
def test_every_semver_survives_the_gateways_path(installed: RunningStack, number: str) -> None:
    token = installed.token("admin")
    body = {"version": number, "sha256": "0" * 64, "size": 1}
    path = f"/v1/plugins/{PLUGIN}/versions"
    assert installed.request("POST", path, token=token, body=body).status == 201

    for written in (number, number.replace("+", "%2B")):
        assert installed.request("GET", f"{path}/{written}", token=token).body["version"] == number


def test_cursor_of_a_page_leads_to_the_next(installed: RunningStack) -> None:
    token = installed.token("admin")

    first = installed.request("GET", "/v1/tenants?limit=1", token=token)
    second = installed.request("GET", f"/v1/tenants?limit=1&cursor={first.body['nextCursor']}", token=token)

    assert first.body["hasMore"] is True
    assert first.body["items"][0]["id"] < second.body["items"][0]["id"]


@pytest.mark.parametrize(
    "path, body, role, status",
    [
        ("/deployments", {"pluginId": PLUGIN, "version": "9.9.9", "environment": "Development"}, "developer", 404),
        (f"/plugins/{PLUGIN}/invoke", {"tenantId": "initech", "operation": "ping"}, "host", 404),
    ],
    ids=["API function", "invoke function"],
)
def test_repeat_gets_the_first_answer_from_each_function(
    installed: RunningStack, path: str, body: dict[str, Any], role: str, status: int
) -> None:
    token = installed.token(role)

    first = repeatable(installed, path, token, body, f"key of {role}")
    second = repeatable(installed, path, token, body, f"key of {role}")
    other = repeatable(installed, path, token, {**body, "reason": "another"}, f"key of {role}")

    assert (first.status, second.status, other.status) == (status, status, 422)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.body == first.body


def test_forged_token_is_refused_before_any_function_of_the_api_runs(installed: RunningStack) -> None:
    answer = installed.request("POST", f"/v1/plugins/{PLUGIN}/invoke", token="forged.a.b", body={})

    assert (answer.status, answer.body["code"]) == (401, "UNAUTHORIZED")
