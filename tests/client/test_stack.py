"""The local stack: up, down, status, and what to do when it does not stand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from hotswap.errors import ExitCode, HotSwapError
from hotswap.local_stack import CheckoutStack, StackStatus, find_checkout
from tests.client.conftest import Terminal
from tests.client.fake_stack import ABSENT, HEALTHY


def test_up_tells_each_step_and_then_where_everything_is(terminal: Terminal) -> None:
    result = terminal.type("up")

    assert result.exit_code == 0
    assert "starting the emulator" in result.stderr
    assert "http://stack.test/api/v1" in result.stdout
    assert "hotswap demo" in result.stdout
    assert "right" not in result.output


def test_up_passes_its_options_on(terminal: Terminal) -> None:
    terminal.type("up", "--emulator", "localstack", "--strict-limits")

    assert terminal.stack.calls == [("up", ("localstack", True))]


def test_up_prints_no_password_as_json(terminal: Terminal) -> None:
    result = terminal.type("--json", "up")

    assert json.loads(result.stdout)["users"] == ["admin", "approver", "approver2", "developer", "host"]
    assert "right" not in result.output


def test_up_that_fails_says_why_and_how_to_begin_anew(terminal: Terminal) -> None:
    terminal.stack.error = HotSwapError("The port is taken.", fix="free it")

    result = terminal.type("up")

    assert result.exit_code == ExitCode.FAILED
    assert "fix: free it" in result.stderr


def test_down_stops_what_runs(terminal: Terminal) -> None:
    assert "Nothing of the local stack runs any more." in terminal.type("down").stdout
    assert json.loads(terminal.type("--json", "down").stdout) == {"running": False}


def test_up_and_down_have_no_dry_run(terminal: Terminal) -> None:
    codes = {terminal.type(command, "--dry-run").exit_code for command in ("up", "down", "demo", "logout")}

    assert codes == {ExitCode.USAGE}
    assert terminal.stack.calls == []


def test_status_of_a_healthy_stack_shows_ticks_and_who_is_logged_in(logged_in: Terminal) -> None:
    result = logged_in.type("status")

    assert result.exit_code == 0
    assert result.stdout.count("✔") == 4
    assert "dev (Developer)" in result.stdout


@pytest.mark.parametrize(
    "state, text",
    [
        (ABSENT, "does not run"),
        (replace(ABSENT, is_emulator_running=True), "not deployed in it"),
        (replace(HEALTHY, is_healthy=False), "API does not answer"),
    ],
)
def test_status_of_a_stack_that_does_not_stand_says_what_is_missing(
    terminal: Terminal, state: StackStatus, text: str
) -> None:
    terminal.stack.state = state

    result = terminal.type("status")

    assert result.exit_code == ExitCode.FAILED
    assert text in result.stderr
    assert "hotswap up" in result.stderr


def test_status_as_json_says_the_same_in_fields(terminal: Terminal) -> None:
    terminal.stack.state = ABSENT

    document = json.loads(terminal.type("--json", "status").stdout)

    assert document["emulatorRunning"] is False
    assert document["apiHealthy"] is False


def test_outside_a_checkout_the_local_stack_says_what_it_needs(terminal: Terminal) -> None:
    terminal.checkout = None

    result = terminal.type("up")

    assert "needs a checkout of HotSwap" in result.stderr


def test_the_checkout_is_found_from_anywhere_for_the_command_lies_in_it(tmp_path: Path) -> None:
    checkout = find_checkout(tmp_path)

    assert checkout is not None
    assert (checkout / "infra" / "local" / "stack.py").is_file()


def test_the_stack_file_of_the_checkout_is_found_from_elsewhere(terminal: Terminal, tmp_path: Path) -> None:
    checkout = terminal.folder
    terminal.folder = tmp_path.parent

    terminal.checkout = checkout

    assert terminal.type("login", "--as", "admin").exit_code == 0


class PlayedStack(CheckoutStack):
    """A checkout whose `infra.local.stack` is played by an object."""

    def __init__(self, checkout: Path, played: object) -> None:
        super().__init__(checkout)
        self._played = played

    def _module(self) -> ModuleType:
        return self._played  # type: ignore[return-value]


def test_what_goes_wrong_in_the_stack_becomes_an_error_with_a_fix(tmp_path: Path) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("the emulator did not start")

    stack = PlayedStack(tmp_path, SimpleNamespace(up=fail, down=fail))

    with pytest.raises(HotSwapError, match="the emulator did not start") as up:
        stack.up(emulator="ministack", strict_limits=False, report=lambda _: None)
    with pytest.raises(HotSwapError, match="could not be stopped"):
        stack.down(report=lambda _: None)
    assert "hotswap down" in up.value.fix


def test_the_state_of_the_stack_is_read_from_the_checkout(terminal: Terminal) -> None:
    seen = SimpleNamespace(emulator_running=True, stack_deployed=True, payments_running=False, healthy=True)
    stack = PlayedStack(terminal.folder, SimpleNamespace(status=lambda: seen, up=lambda **_: None))

    assert stack.status().is_healthy
    assert not stack.status().is_payment_network_running
    assert stack.up(emulator="ministack", strict_limits=False, report=lambda _: None).region == "us-east-1"


def test_the_stack_of_this_very_checkout_can_be_loaded(tmp_path: Path) -> None:
    checkout = find_checkout(tmp_path)
    assert checkout is not None

    assert CheckoutStack(checkout)._module().__name__ == "infra.local.stack"
