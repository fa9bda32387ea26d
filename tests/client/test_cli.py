"""The command itself: its help, its global options, and how errors leave it."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import httpx
import pytest

import hotswap
from hotswap.cli import SECTIONS, cli
from hotswap.errors import ExitCode, exit_code_of
from tests.client.conftest import Terminal


def test_help_lists_every_command_with_the_words_that_the_command_uses_itself() -> None:
    listed = {name: text for section in SECTIONS.values() for name, (_, text) in section.items()}

    context = click.Context(cli)
    own = {name: cli.get_command(context, name) for name in listed}

    for name, text in listed.items():
        command = own[name]
        assert command is not None
        first_line = (command.help or "").strip().splitlines()[0]
        assert first_line.startswith(text.rstrip(".")), name


def test_help_shows_sections_and_exit_codes(terminal: Terminal) -> None:
    result = terminal.type("--help")

    assert result.exit_code == 0
    assert "Local stack:" in result.stdout
    assert "5 not allowed, 6 timed out" in " ".join(result.stdout.split())


def test_help_of_a_command_keeps_the_global_options_apart(terminal: Terminal) -> None:
    result = terminal.type("deploy", "create", "--help")

    own, shared = result.stdout.split("Global options:")
    assert "--strategy" in own
    assert "--dry-run  " in shared


def test_help_of_a_group_lists_its_commands(terminal: Terminal) -> None:
    result = terminal.type("plugin", "--help")

    assert "publish" in result.stdout


def test_version_is_printed(terminal: Terminal) -> None:
    result = terminal.type("--version")

    assert result.stdout.startswith("hotswap ")


def test_help_imports_neither_rich_nor_httpx() -> None:
    program = (
        "import sys; from hotswap.cli import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print('heavy:', sorted({'rich', 'httpx', 'boto3', 'pydantic'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.rstrip().endswith("heavy: []")


@pytest.mark.parametrize(
    "arguments",
    [("--json", "plugin", "list"), ("plugin", "--json", "list"), ("plugin", "list", "--json")],
)
def test_global_options_work_before_and_after_the_subcommand(logged_in: Terminal, arguments: tuple[str, ...]) -> None:
    logged_in.api.add_plugin("tax-engine")

    result = logged_in.type(*arguments)

    assert json.loads(result.stdout)["items"][0]["id"] == "tax-engine"


def test_unknown_command_is_a_usage_error_with_a_fix(terminal: Terminal) -> None:
    result = terminal.type("plugins")

    assert result.exit_code == ExitCode.USAGE
    assert "fix:" in result.stderr
    assert "hotswap --help" in result.stderr


def test_missing_argument_points_to_the_help_of_its_command(terminal: Terminal) -> None:
    result = terminal.type("version", "show", "tax-engine")

    assert result.exit_code == ExitCode.USAGE
    assert "hotswap version show --help" in result.stderr


def test_usage_errors_are_problems_on_stderr_when_json_is_asked_for(terminal: Terminal) -> None:
    result = terminal.type("version", "show", "--json")

    problem = json.loads(result.stderr)
    assert result.stdout == ""
    assert (problem["code"], problem["exitCode"]) == ("VALIDATION_ERROR", 2)


def test_problems_of_the_api_are_shown_with_code_trace_and_fix(logged_in: Terminal) -> None:
    result = logged_in.type("plugin", "show", "missing")

    assert result.exit_code == ExitCode.FAILED
    assert "There is no plugin 'missing'." in result.stderr
    assert "404 NOT_FOUND · trace trace-1" in result.stderr
    assert "fix:" in result.stderr


def test_problems_of_the_api_keep_their_document_when_json_is_asked_for(logged_in: Terminal) -> None:
    result = logged_in.type("--json", "plugin", "show", "missing")

    problem = json.loads(result.stderr)
    assert result.stdout == ""
    assert (problem["status"], problem["traceId"], problem["exitCode"]) == (404, "trace-1", 1)
    assert problem["fix"]


def test_field_errors_say_what_where_and_how_to_fix_it(logged_in: Terminal) -> None:
    errors = [{"field": "/version", "message": "'01.0.0' is not SemVer 2.0", "fix": "Write 1.0.0."}]
    document = {"detail": "The request is malformed.", "code": "VALIDATION_ERROR", "errors": errors, "fix": "Mend it."}
    logged_in.api.script("POST", "/deployments", httpx.Response(400, json=document))

    result = logged_in.type("deploy", "create", "tax-engine", "01.0.0")

    assert result.exit_code == ExitCode.USAGE
    assert "where: /version" in result.stderr
    assert "fix:   Write 1.0.0." in result.stderr.replace("fix: ", "fix:   ")


@pytest.mark.parametrize(
    "status, code",
    [(400, 2), (401, 5), (403, 5), (404, 1), (409, 4), (412, 4), (413, 2), (422, 2), (428, 2), (429, 1), (500, 1)],
)
def test_each_status_has_its_exit_code(status: int, code: int) -> None:
    assert exit_code_of(status) == code


def test_an_interrupted_command_says_that_the_api_goes_on(logged_in: Terminal) -> None:
    logged_in.api.scripted.append(("GET", "/plugins", KeyboardInterrupt()))

    result = logged_in.type("plugin", "list")

    assert result.exit_code == ExitCode.FAILED
    assert "Interrupted" in result.stderr


def test_a_duration_that_is_none_is_refused(logged_in: Terminal) -> None:
    result = logged_in.type("--timeout", "soon", "plugin", "list")

    assert result.exit_code == ExitCode.USAGE
    assert "30s, 5m or 1h" in result.stderr


def test_a_duration_that_is_none_is_refused_also_where_nothing_waits(terminal: Terminal) -> None:
    result = terminal.type("--timeout", "soon", "status")

    assert result.exit_code == ExitCode.USAGE
    assert "30s, 5m or 1h" in result.stderr


def test_a_group_without_a_command_names_its_commands(terminal: Terminal) -> None:
    result = terminal.type("version")

    assert result.exit_code == ExitCode.USAGE
    assert "`hotswap version` needs a command after it: block, deprecate, list, show, unyank, yank." in result.stderr
    assert "fix: see `hotswap version --help`" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_each_shell(terminal: Terminal, shell: str) -> None:
    result = terminal.type("completion", shell)

    assert "_HOTSWAP_COMPLETE" in result.stdout
    assert json.loads(terminal.type("--json", "completion", shell).stdout)["shell"] == shell


def test_a_client_outside_the_package_finds_the_public_classes() -> None:
    assert hotswap.HotSwapClient.__name__ == "HotSwapClient"
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = hotswap.Nothing
