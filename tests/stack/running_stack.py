"""The stack of a test session, as its tests see it: clients, requests, functions, patience."""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from infra.local.emulator import REGION, ROOT_KEY, processes_left
from infra.local.processes import members_of
from infra.local.stack import Options, bring_up, take_down
from infra.local.stack_state import StackFiles, StackInfo


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


@contextmanager
def a_running_stack(folder: Path) -> Iterator[RunningStack]:
    """Bring a whole stack up in *folder*: emulator, template, code, users; nothing of it stays."""
    files = StackFiles(folder)
    options = Options(port=0, payments_port=0, files=files)
    info = bring_up(options, print)
    emulator, payments = files.read_emulator(), files.read_payments()
    try:
        yield RunningStack(info, options)
    finally:
        take_down(options, print)
    assert emulator is not None
    assert payments is not None
    assert processes_left(emulator) == []
    assert members_of(payments.process) == []


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
