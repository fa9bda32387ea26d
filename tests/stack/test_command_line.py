"""The command line against a real stack: from an empty folder to an answer, and what each exit code means."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.stack.product import Product

PROJECT = Path(__file__).resolve().parents[2]
PLUGIN = "greeter-from-here"
TENANT = "greeted"


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of the command."""

    code: int
    out: str
    errors: str

    @property
    def document(self) -> Any:
        """The JSON that it printed."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where somebody works: a folder with `.hotswap/stack.json`, and a home of its own."""

    folder: Path

    def hotswap(self, *words: str, stdin: str = "", **variables: str) -> Ran:
        """Run `hotswap` with these words."""
        environment = {
            "PATH": os.defpath,
            "HOME": str(self.folder / "home"),
            "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'client'}",
            "PYTHONUTF8": "1",
            "NO_COLOR": "1",
            **{name: value for name, value in os.environ.items() if name.startswith("COV")},
            **variables,
        }
        command = [sys.executable, "-c", "from hotswap.cli import main; main()", *words]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, input=stdin, capture_output=True, text=True, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def edit(self, **changes: object) -> None:
        """Change the plugin's manifest."""
        path = self.folder / PLUGIN / "plugin.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.fixture(scope="module")
def desk(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Sit down in an empty folder, and log in as the users that the tests need."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / ".hotswap").mkdir()
    shutil.copy(product.stack.options.files.folder / "stack.json", folder / ".hotswap")
    desk = Desk(folder)
    for role in ("developer", "admin", "viewer"):
        assert desk.hotswap("login", "--as", role, "--profile", role).code == 0
    return desk


@pytest.fixture(scope="module")
def deployed(desk: Desk) -> dict[str, Ran]:
    """Go the way that the README of a new plugin tells, and keep each run by its first words."""
    steps = {
        "plugin init": (PLUGIN, "--type", "BusinessLogic"),
        "plugin validate": (PLUGIN,),
        "plugin publish": (PLUGIN, "--profile", "developer", "--json"),
        "deploy create": (PLUGIN, "0.1.0", "-e", "Development", "--wait", "--profile", "developer", "--json"),
        "tenant create": (TENANT, "--profile", "admin"),
        "install": (PLUGIN, "--tenant", TENANT, "--config", '{"salutation": "Welcome"}', "--profile", "admin"),
        "secret set": (PLUGIN, "apiKey", "--tenant", TENANT, "--from-env", "KEY", "--profile", "admin"),
        "invoke": (
            *(PLUGIN, "greet", "--tenant", TENANT, "-e", "Development"),
            *("--input", '{"name": "Ada"}', "--profile", "admin", "--json"),
        ),
    }
    ran = {}
    for words, more in steps.items():
        ran[words] = desk.hotswap(*words.split(), *more, KEY="sk_from_env")
        if words == "plugin init":
            desk.edit(secrets=["apiKey"])
    return ran


def test_way_from_an_empty_folder_to_an_answer_has_no_failing_step(deployed: dict[str, Ran]) -> None:
    assert {words: ran.errors for words, ran in deployed.items() if ran.code} == {}
    assert deployed["plugin publish"].document["status"] == "Ready"
    assert deployed["deploy create"].document["status"] == "Completed"
    assert deployed["invoke"].document["result"] == {"greeting": "Welcome, Ada!"}
    assert deployed["invoke"].document["version"] == "0.1.0"
    assert "sk_from_env" not in deployed["secret set"].out


def test_what_was_made_is_shown_to_people_and_to_programs(desk: Desk, deployed: dict[str, Ran]) -> None:
    listed = desk.hotswap("version", "list", PLUGIN, "--profile", "viewer", "--json")
    shown = desk.hotswap("deploy", "list", "--plugin", PLUGIN, "--profile", "viewer")
    me = desk.hotswap("whoami", "--profile", "viewer", "--json")

    assert [version["version"] for version in listed.document["items"]] == ["0.1.0"]
    assert "Completed" in shown.out
    assert (me.document["username"], me.document["roles"]) == ("viewer", ["Viewer"])


def test_publishing_the_same_bytes_again_is_fine_and_other_bytes_are_a_conflict(
    desk: Desk, deployed: dict[str, Ran]
) -> None:
    again = desk.hotswap("plugin", "publish", PLUGIN, "--profile", "developer")
    desk.edit(stateSchema=1)
    other = desk.hotswap("plugin", "publish", PLUGIN, "--profile", "developer")

    assert (again.code, other.code) == (0, 4)
    assert 'raise "version" in plugin.json' in other.errors


def test_deployment_that_is_rolled_back_is_a_failure_with_its_reason(desk: Desk, deployed: dict[str, Ran]) -> None:
    module = next((desk.folder / PLUGIN).glob("*.py"))
    module.write_text(module.read_text().replace('if operation == "ping":', 'if operation == "pong":'))
    desk.edit(version="0.2.0")
    assert desk.hotswap("plugin", "publish", PLUGIN, "--profile", "developer").code == 0

    ran = desk.hotswap("deploy", "create", PLUGIN, "0.2.0", "--wait", "--profile", "developer")

    assert ran.code == 1
    assert "RolledBack" in ran.errors
    assert "fix:" in ran.errors
    served = desk.hotswap("invoke", PLUGIN, "ping", "--tenant", TENANT, "-e", "Development", "--profile", "admin")
    assert served.code == 0


@pytest.mark.parametrize(
    "words,code",
    [
        (("plugin", "show", "nobody-wrote-it", "--profile", "viewer"), 1),
        (("plugin", "fly"), 2),
        (("plugin", "validate", "there-is-no-such-folder"), 2),
        (("invoke", PLUGIN, "greet", "--tenant", TENANT, "--input", "[1]", "--profile", "admin"), 2),
        (("deploy", "create", PLUGIN, "one", "--profile", "developer"), 2),
        (("deploy", "create", PLUGIN, "0.1.0", "-e", "Production", "--profile", "developer"), 5),
        (("tenant", "create", TENANT, "--profile", "admin"), 4),
        (("tenant", "create", "not-mine", "--profile", "developer"), 5),
        (("plugin", "list", "--profile", "never-logged-in"), 5),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, tuple) else str(value),
)
def test_exit_code_tells_what_kind_of_failure_it_was_and_the_text_how_to_fix_it(
    desk: Desk, deployed: dict[str, Ran], words: tuple[str, ...], code: int
) -> None:
    ran = desk.hotswap(*words)

    assert ran.code == code, ran.errors
    assert "fix:" in ran.errors
    assert "Traceback" not in ran.errors


def test_wrong_password_is_not_allowed(desk: Desk) -> None:
    ran = desk.hotswap("login", "--username", "admin", "--password-stdin", stdin="Wrong-1234567\n")

    assert ran.code == 5
    assert "fix:" in ran.errors
    assert "Wrong-1234567" not in ran.errors + ran.out
