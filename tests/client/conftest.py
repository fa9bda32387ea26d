"""A terminal, an API and a folder with a stack, all in memory or in a temporary folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from hotswap.cli import cli
from hotswap.environment import Environment
from hotswap.scaffold import scaffold
from tests.client.fake_api import BASE, FakeApi
from tests.client.fake_clock import FakeClock
from tests.client.fake_stack import FakeStack


@dataclass
class Terminal:
    """Types `hotswap …` for a test, in a folder where the local stack has been started."""

    folder: Path
    api: FakeApi
    clock: FakeClock
    stack: FakeStack
    checkout: Path | None
    environ: dict[str, str] = field(default_factory=dict)
    is_interactive: bool = False
    width: int = 180

    def type(self, *arguments: str, typed: str = "") -> Result:
        environment = Environment(
            folder=self.folder,
            environ={"HOME": str(self.folder), **self.environ},
            clock=self.clock,
            http=httpx.MockTransport(self.api),
            checkout=lambda _folder: self.checkout,
            local_stack=lambda _checkout: self.stack,
            stdin_is_terminal=lambda: self.is_interactive,
            width=self.width,
        )
        return CliRunner().invoke(cli, arguments, obj=environment, input=typed)

    def log_in(self, role: str = "developer") -> None:
        assert self.type("login", "--as", role).exit_code == 0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def api(clock: FakeClock) -> FakeApi:
    return FakeApi(clock)


@pytest.fixture
def terminal(tmp_path: Path, api: FakeApi, clock: FakeClock) -> Terminal:
    path = tmp_path / ".hotswap" / "stack.json"
    path.parent.mkdir()
    path.write_text(
        json.dumps(
            {
                "apiUrl": BASE,
                "consoleUrl": "http://stack.test/api/docs",
                "emulatorUrl": "http://stack.test",
                "region": "us-east-1",
                "paymentsUrl": "http://127.0.0.1:8420",
                "users": {
                    "admin": {"username": "ada", "password": "right"},
                    "developer": {"username": "dev", "password": "right"},
                    "approver": {"username": "app", "password": "right"},
                    "approver2": {"username": "appy", "password": "right"},
                    "host": {"username": "hosty", "password": "right"},
                },
            }
        )
    )
    return Terminal(tmp_path, api, clock, FakeStack(path), checkout=tmp_path)


@pytest.fixture
def logged_in(terminal: Terminal) -> Terminal:
    terminal.log_in()
    return terminal


@pytest.fixture
def plugin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tax-engine"
    scaffold("tax-engine", "BusinessLogic", folder)
    return folder


@pytest.fixture
def write_manifest(plugin_folder: Path) -> Callable[..., None]:
    def write(**changes: object) -> None:
        path = plugin_folder / "plugin.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return write
