"""The stack of a test session, as its tests see it: clients, requests, functions, patience."""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from infra.local.emulator import REGION, ROOT_KEY
from infra.local.stack import Options
from infra.local.stack_state import StackInfo


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP request was answered with; *body* is the JSON in it."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class RunningStack:
    """The stack of this session, and ways to talk to it."""

    info: StackInfo
    options: Options

    def client(self, service: str) -> Any:
        """Give a client of the emulator's root."""
        session = boto3.Session(aws_access_key_id=ROOT_KEY, aws_secret_access_key=ROOT_KEY, region_name=REGION)
        return session.client(service, endpoint_url=self.info.emulator_url)  # type: ignore[call-overload]

    def request(
        self, method: str, path: str, *, token: str = "", body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request to the API; *path* begins after ``/api``, *headers* go beside the token's."""
        url = self.info.api_url.removesuffix("/v1") + path
        allowed = {"Authorization": f"Bearer {token}"} if token else {}
        sent = {"Content-Type": "application/json", **allowed, **(headers or {})}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
                return Answer(answer.status, dict(answer.headers), json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), json.load(error))

    def token(self, role: str) -> str:
        """Log a user of the stack in."""
        user = self.info.users[role]
        return str(self.request("POST", "/v1/authentication/login", body=user).body["token"])


def zip_of(code: str) -> bytes:
    """Zip a module named `code`."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("code.py", code)
    return content.getvalue()


def eventually(question: Callable[[], Any], *, within_seconds: float = 30) -> Any:
    """Ask until the answer is true, and give it."""
    deadline = time.monotonic() + within_seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {within_seconds} s"
        time.sleep(0.05)
    return answer
