"""Faults that the emulator can be asked for."""

import asyncio
import json
from typing import Any

import pytest

from infra.local.faults import PATH, Fault, Faults, faulty_application

GET_ITEM = b"DynamoDB_20120810.GetItem"


def call(faults: Faults, method: str, path: str, body: bytes = b"", target: bytes = b"") -> tuple[int, Any]:
    """Send a request to the application that repeats what it is sent."""

    async def real(_scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(message["body"].decode()).encode()})

    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"x-amz-target", target)]}
    asyncio.run(faulty_application(real, faults)(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_without_a_fault_all_goes_through() -> None:
    assert call(Faults(), "POST", "/", b"hello") == (200, "hello")


def test_a_fault_strikes_so_often_what_it_is_about_and_nothing_else() -> None:
    faults = Faults([Fault("throttled", "GetItem", about="routing", times=1)])

    assert call(faults, "POST", "/", b"of tenants", GET_ITEM) == (200, "of tenants")
    status, told = call(faults, "POST", "/", b"of routing", GET_ITEM)
    assert (status, told["__type"]) == (400, "ThrottlingException")
    assert call(faults, "POST", "/", b"of routing", GET_ITEM) == (200, "of routing")


def test_a_request_without_an_operation_is_known_by_its_path() -> None:
    faults = Faults([Fault("too-many", "^PUT /functions/.*/aliases/")])

    assert call(faults, "PUT", "/functions/a/aliases/b")[0] == 429
    assert call(faults, "GET", "/functions/a/aliases/b")[0] == 200


def test_faults_are_asked_for_and_ended_over_http_and_tell_what_they_struck() -> None:
    faults = Faults()
    call(faults, "POST", PATH, b'[{"how": "away", "on": "GetItem"}]')
    assert call(faults, "POST", "/", b"{}", GET_ITEM)[0] == 503

    status, told = call(faults, "DELETE", PATH)

    assert (status, told[0]["struck"]) == (200, {GET_ITEM.decode(): 1})
    assert call(faults, "POST", "/", b"{}", GET_ITEM)[0] == 200


def test_a_fault_is_over_after_its_seconds() -> None:
    over = Fault("away", "GetItem", seconds=5, began=-1000.0)

    assert not over.strikes("GetItem", "")


@pytest.mark.parametrize(
    "wrong",
    [
        b'{"how": "away", "on": "("}',
        b'{"how": "away", "on": "x", "about": "["}',
        b'{"how": "asleep", "on": "x"}',
        b'{"how": "away", "on": "x", "often": 1}',
        b"1",
        b"",
    ],
)
def test_what_is_no_fault_is_refused_and_all_goes_through_as_before(wrong: bytes) -> None:
    faults = Faults()

    status, told = call(faults, "POST", PATH, b'[{"how": "away", "on": "GetItem"}, ' + wrong + b"]")

    assert (status, faults.active) == (400, [])
    assert told["message"]
    assert call(faults, "POST", "/", b"{}", GET_ITEM)[0] == 200
