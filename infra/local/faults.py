"""
What never goes wrong in MiniStack by itself: services that are throttled, away or silent, and results that get lost.

Tests of the deployed stack ask for it: ``POST /_hotswap/faults`` adds a list of objects with the fields of `Fault`,
``DELETE`` ends all, and each answers, as ``GET`` does, with how often every one struck. There are none unless somebody
asks, and nothing of this is deployed to AWS. What is wrapped is pinned in `infra.local.pins`, or is plain ASGI.
"""

# ruff: noqa: ANN401, SLF001 - what is wrapped is private and has no types

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

PATH = "/_hotswap/faults"

Application = Callable[..., Coroutine[Any, Any, None]]

#: How a request fails: status, name of the error. A service that is silent says at last that it is away.
ANSWERS = {
    "throttled": (400, "ThrottlingException"),
    "too-many": (429, "TooManyRequestsException"),
    "away": (503, "ServiceUnavailable"),
    "silent": (503, "ServiceUnavailable"),
}
#: What becomes of a task's result; the task itself was really done.
RESULTS = ("lost", "repeated", "late")
#: Longer than any client of ours waits for DynamoDB.
SILENT_SECONDS = 12.0
#: How late a late result is: later than a lease is renewed, sooner than a task times out.
LATE_SECONDS = 3.0


@dataclass(slots=True)
class Fault:
    """
    Something that goes wrong, *times* for each thing that it happens to, or for *seconds* from now (0: no end).

    *on* is searched in what is asked (``DynamoDB_20120810.GetItem``, ``PUT /2015-03-31/functions/…``, ``task`` and the
    name of a function), *about* in the path and body that go with it: both are regular expressions.
    """

    how: str
    on: str
    about: str = ""
    times: int = 0
    seconds: float = 0
    began: float = field(default_factory=time.monotonic)
    struck: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """
        Refuse what would never strike, or break every request that it is searched in.

        Raises:
            ValueError: *how* is unknown, or *on* or *about* is no regular expression.
        """
        if self.how not in (*ANSWERS, *RESULTS):
            raise ValueError(f"there is no fault {self.how!r}")
        for pattern in (self.on, self.about):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error

    def strikes(self, what: str, content: str) -> bool:
        """Tell whether this goes wrong now, and count it."""
        if self.seconds and time.monotonic() - self.began > self.seconds:
            return False
        if self.times and self.struck[what] >= self.times:
            return False
        if not re.search(self.on, what) or not re.search(self.about, content):
            return False
        self.struck[what] += 1
        return True


@dataclass(slots=True)
class Faults:
    """All that goes wrong now."""

    active: list[Fault] = field(default_factory=list)

    def ask(self, method: str, body: bytes) -> bytes:
        """
        Add those of *body* (POST) or end all (DELETE), and tell what struck until then.

        Raises:
            ValueError: *body* is no list of faults; none of them is added.
            TypeError: One of them has other fields.
        """
        if method == "POST":
            self.active.extend([Fault(**given) for given in json.loads(body)])
        told = json.dumps(
            [{"how": one.how, "on": one.on, "about": one.about, "struck": one.struck} for one in self.active]
        ).encode()
        if method == "DELETE":
            self.active.clear()
        return told

    def striking(self, kinds: Any, what: str, content: str) -> Fault | None:
        """Find the first one of these *kinds* that strikes."""
        return next((one for one in self.active if one.how in kinds and one.strikes(what, content)), None)


def install() -> None:
    """Wrap MiniStack's functions in this process; `infra.local.pins.check` comes first."""
    from ministack import app
    from ministack.services import stepfunctions

    faults = Faults()
    app.app = faulty_application(app.app, faults)
    _wrap_tasks(stepfunctions, faults)


def faulty_application(real: Application, faults: Faults) -> Application:
    """Give an ASGI application that fails where *faults* say so; all else goes to the *real* one."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        is_asked = scope["type"] == "http" and scope["path"] == PATH
        if not is_asked and (scope["type"] != "http" or not faults.active):
            await real(scope, receive, send)
            return
        messages = await _messages(receive)
        body = b"".join(message.get("body", b"") for message in messages)
        if is_asked:
            try:
                status, told = 200, faults.ask(scope["method"], body)
            except (TypeError, ValueError) as error:
                status, told = 400, json.dumps({"message": str(error)}).encode()
            await _answer(send, status, told)
            return
        fault = faults.striking(ANSWERS, _what(scope), f"{scope['path']} {body.decode(errors='replace')}")
        if fault is None:
            await real(scope, _again(messages, receive), send)
            return
        if fault.how == "silent":
            await asyncio.sleep(SILENT_SECONDS)
        status, name = ANSWERS[fault.how]
        told = json.dumps({"__type": name, "message": "a fault that a test asked for"}).encode()
        await _answer(send, status, told, (b"x-amzn-errortype", name.encode()))

    return app


def _what(scope: dict[str, Any]) -> str:
    """Name what is asked: the operation of a JSON protocol, else method and path."""
    target = dict(scope["headers"]).get(b"x-amz-target", b"").decode("latin-1")
    return target or f"{scope['method']} {scope['path']}"


async def _messages(receive: Any) -> list[dict[str, Any]]:
    """Read a whole request, or what came of it before its client left."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _again(messages: list[dict[str, Any]], receive: Any) -> Any:
    """Give what was read once more, then what comes later."""
    waiting = list(messages)

    async def again() -> dict[str, Any]:
        message: dict[str, Any] = waiting.pop(0) if waiting else await receive()
        return message

    return again


async def _answer(send: Any, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    given = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": given})
    await send({"type": "http.response.body", "body": body})


def _wrap_tasks(stepfunctions: Any, faults: Faults) -> None:
    """Lose, repeat or delay what a task of a state machine came to."""
    original = stepfunctions._call_lambda

    def call_lambda(reference: str, event: Any) -> Any:
        result = original(reference, event)
        fault = faults.striking(RESULTS, f"task {reference}", json.dumps(event, default=str))
        if fault is None:
            return result
        if fault.how == "lost":
            raise stepfunctions._ExecutionError("Lambda.ServiceException", "the result was lost")
        if fault.how == "repeated":
            return original(reference, event)
        time.sleep(LATE_SECONDS)
        return result

    stepfunctions._call_lambda = call_lambda
