"""Logging in and out, and the tokens in between."""

from __future__ import annotations

import json
import stat

import pytest

from hotswap.errors import ExitCode, HotSwapError, UsageError
from hotswap.profiles import ProfileStore
from hotswap.stack_file import StackFile
from tests.client.conftest import Terminal


def profile_path(terminal: Terminal, name: str = "default") -> str:
    return str(terminal.folder / ".config" / "hotswap" / f"{name}.json")


def token_sent(terminal: Terminal) -> str:
    return terminal.api.requests[-1].headers["Authorization"].removeprefix("Bearer ")


def test_login_as_a_role_uses_the_password_of_the_stack(terminal: Terminal) -> None:
    result = terminal.type("login", "--as", "developer")

    assert result.exit_code == 0
    assert "Logged in as dev (Developer)." in result.stdout
    assert "right" not in result.output


def test_login_keeps_the_token_where_only_its_owner_reads_it(terminal: Terminal) -> None:
    terminal.log_in()

    path = terminal.folder / ".config" / "hotswap" / "default.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["default.json"]


def test_login_honours_the_folder_that_xdg_names(terminal: Terminal) -> None:
    terminal.environ["XDG_CONFIG_HOME"] = str(terminal.folder / "xdg")

    terminal.log_in()

    assert (terminal.folder / "xdg" / "hotswap" / "default.json").is_file()


def test_login_prints_no_token_as_json(terminal: Terminal) -> None:
    result = terminal.type("--json", "login", "--as", "admin")

    assert json.loads(result.stdout)["roles"] == ["Admin"]
    assert "token-" not in result.output
    assert "refresh-" not in result.output


def test_login_asks_for_name_and_password_on_a_terminal(terminal: Terminal) -> None:
    terminal.is_interactive = True

    result = terminal.type("login", typed="dev\nright\n")

    assert result.exit_code == 0
    assert "right" not in result.stdout


def test_login_reads_the_password_from_stdin_when_told_to(terminal: Terminal) -> None:
    result = terminal.type("login", "--username", "dev", "--password-stdin", typed="right\n")

    assert result.exit_code == 0


@pytest.mark.parametrize("arguments", [(), ("--username", "dev")])
def test_login_without_anybody_to_ask_says_which_options_to_use(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    result = terminal.type("login", *arguments)

    assert result.exit_code == ExitCode.USAGE
    assert "--password-stdin" in result.stderr


def test_login_with_a_wrong_password_is_not_allowed_and_keeps_nothing(terminal: Terminal) -> None:
    result = terminal.type("login", "--username", "dev", "--password-stdin", typed="wrong\n")

    assert result.exit_code == ExitCode.NOT_ALLOWED
    assert not (terminal.folder / ".config").exists()


def test_login_as_a_role_that_the_stack_does_not_have_names_those_that_it_has(terminal: Terminal) -> None:
    result = terminal.type("login", "--as", "king")

    assert "admin, approver, approver2, developer, host" in result.stderr


def test_login_as_a_role_without_a_stack_says_how_to_start_one(terminal: Terminal) -> None:
    (terminal.folder / ".hotswap" / "stack.json").unlink()

    result = terminal.type("login", "--as", "developer")

    assert "hotswap up" in result.stderr


def test_login_has_no_dry_run(terminal: Terminal) -> None:
    assert terminal.type("login", "--as", "admin", "--dry-run").exit_code == ExitCode.USAGE


def test_whoami_shows_the_user_the_api_and_the_profile(logged_in: Terminal) -> None:
    result = logged_in.type("whoami")

    assert "dev" in result.stdout
    assert "Developer" in result.stdout
    assert "http://stack.test/api/v1" in result.stdout


def test_whoami_without_a_login_is_not_allowed_and_says_how_to_log_in(terminal: Terminal) -> None:
    result = terminal.type("whoami")

    assert result.exit_code == ExitCode.NOT_ALLOWED
    assert "hotswap login --as developer" in result.stderr


def test_whoami_without_a_stack_or_login_says_what_is_missing(terminal: Terminal) -> None:
    (terminal.folder / ".hotswap" / "stack.json").unlink()

    result = terminal.type("whoami")

    assert "No API is known here" in result.stderr


def test_logout_forgets_the_token(logged_in: Terminal) -> None:
    first = logged_in.type("logout")
    second = logged_in.type("--json", "logout")

    assert "Logged out" in first.stdout
    assert json.loads(second.stdout)["loggedOut"] is False
    assert logged_in.type("whoami").exit_code == ExitCode.NOT_ALLOWED


def test_a_token_is_renewed_before_it_ends_and_the_new_one_is_kept(logged_in: Terminal) -> None:
    logged_in.clock.advance(3600 - 30)

    logged_in.type("whoami")
    first = token_sent(logged_in)
    logged_in.type("whoami")

    assert len(logged_in.api.sent("POST", "/authentication/refresh")) == 1
    assert token_sent(logged_in) == first == "token-dev-2"


def test_a_refresh_keeps_the_refresh_token_that_it_does_not_replace(logged_in: Terminal) -> None:
    for _ in range(2):
        logged_in.clock.advance(3600)
        logged_in.type("whoami")

    assert len(logged_in.api.sent("POST", "/authentication/refresh")) == 2


def test_a_token_that_the_api_refuses_is_renewed_once(logged_in: Terminal) -> None:
    logged_in.api.ended_tokens.add("token-dev-1")

    result = logged_in.type("whoami")

    assert result.exit_code == 0
    assert token_sent(logged_in) == "token-dev-2"


def test_a_user_of_the_stack_is_logged_in_again_when_the_refresh_token_has_ended(logged_in: Terminal) -> None:
    logged_in.api.refresh_is_allowed = False
    logged_in.clock.advance(7200)

    result = logged_in.type("whoami")

    assert result.exit_code == 0
    assert len(logged_in.api.sent("POST", "/authentication/login")) == 2


def test_a_login_that_cannot_be_renewed_says_so(logged_in: Terminal) -> None:
    logged_in.api.refresh_is_allowed = False
    logged_in.clock.advance(7200)
    logged_in.environ["HOTSWAP_API_URL"] = "http://stack.test/api/v1"
    (logged_in.folder / ".hotswap" / "stack.json").unlink()

    result = logged_in.type("whoami")

    assert result.exit_code == ExitCode.NOT_ALLOWED
    assert "The login of dev has ended" in result.stderr


def test_a_token_that_cannot_be_renewed_is_used_until_it_ends(logged_in: Terminal) -> None:
    logged_in.api.refresh_is_allowed = False
    (logged_in.folder / ".hotswap" / "stack.json").unlink()
    logged_in.clock.advance(3600 - 30)

    assert logged_in.type("whoami").exit_code == 0


def test_a_token_is_never_sent_to_another_api(logged_in: Terminal) -> None:
    logged_in.environ["HOTSWAP_API_URL"] = "http://evil.test/api/v1"
    before = len(logged_in.api.requests)

    result = logged_in.type("whoami")

    assert result.exit_code == ExitCode.NOT_ALLOWED
    assert "at another API" in result.stderr
    assert len(logged_in.api.requests) == before


def test_environment_variables_name_api_and_token(terminal: Terminal) -> None:
    (terminal.folder / ".hotswap" / "stack.json").unlink()
    terminal.environ |= {"HOTSWAP_API_URL": "http://stack.test/api/v1/", "HOTSWAP_TOKEN": "token-from-ci"}

    assert terminal.type("whoami").exit_code == 0
    assert token_sent(terminal) == "token-from-ci"


def test_profiles_are_kept_apart(terminal: Terminal) -> None:
    terminal.type("--profile", "work", "login", "--as", "admin")

    assert terminal.type("whoami").exit_code == ExitCode.NOT_ALLOWED
    assert terminal.type("whoami", "--profile", "work").exit_code == 0
    terminal.environ["HOTSWAP_PROFILE"] = "work"
    assert terminal.type("whoami").exit_code == 0


def test_a_named_profile_leads_to_its_own_api_whatever_stack_is_here(terminal: Terminal) -> None:
    terminal.type("--profile", "work", "login", "--as", "admin")
    path = terminal.folder / ".hotswap" / "stack.json"
    path.write_text(path.read_text().replace("stack.test", "other.test"))

    assert terminal.type("--profile", "work", "whoami").exit_code == 0


@pytest.mark.parametrize("name", ["../escape", "", "a/b", ".hidden"])
def test_a_profile_cannot_be_named_like_a_path(terminal: Terminal, name: str) -> None:
    with pytest.raises(UsageError):
        ProfileStore(terminal.folder).path(name)


def test_a_broken_profile_says_to_log_in_again(logged_in: Terminal) -> None:
    (logged_in.folder / ".config" / "hotswap" / "default.json").write_text("{")

    result = logged_in.type("whoami")

    assert "hotswap login" in result.stderr


def test_the_stack_is_found_from_a_folder_below_it(terminal: Terminal) -> None:
    below = terminal.folder / "a" / "b"
    below.mkdir(parents=True)

    found = StackFile.find(below)

    assert found is not None
    assert found.api_url == "http://stack.test/api/v1"


def test_a_broken_stack_file_says_how_to_write_it_anew(terminal: Terminal) -> None:
    (terminal.folder / ".hotswap" / "stack.json").write_text('{"users": []}')

    with pytest.raises(HotSwapError) as raised:
        StackFile.find(terminal.folder)

    assert "hotswap up" in raised.value.fix
