"""The rules of the layout that no linter knows: names, sizes, what the domain may import, what an invoke may load."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ("app.py", "bench", "chalicelib", "client/hotswap", "examples", "infra")
LONGEST_MODULE = 320
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "shared"}

DOMAIN_MAY_IMPORT = {*sys.stdlib_module_names, "pydantic", "pydantic_core", "jsonschema", "referencing"}
CLIENT_MAY_SHARE = {"findings", "manifest", "packages", "versions"}
INVOKE_ENTRY_POINTS = ("chalicelib.api.invoke", "chalicelib.bootstrap_serving")
#: What an invocation's start can't afford (bench/cases/invoke_start.py measures it), and what to do instead.
TOO_HEAVY_FOR_INVOKE = {
    "aws_lambda_powertools": "import it in the function that needs it",
    "boto3": "make the client by adapters.aws_clients.Lazy",
    "dataclasses": "make a value a NamedTuple, and what changes a class with __slots__ (see adapters' document_of)",
    "jsonschema": "leave the check to the runtime in the plugin",
    "opentelemetry": "import it in the function that needs it",
    "pydantic": "check bodies by hand, as api/invocation_bodies.py does",
    "pynamodb": "use DynamoDB's own client, as adapters/dynamodb/serving.py does",
}


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        path = ROOT / folder
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def test_no_module_has_a_name_that_says_nothing() -> None:
    parts = {path.relative_to(ROOT): {*path.relative_to(ROOT).with_suffix("").parts} for path in modules(*SOURCES)}

    assert [str(path) for path, names in parts.items() if names & VAGUE_NAMES] == []


def test_no_module_outgrows_a_reader() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules(*SOURCES)}

    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_app_only_registers_blueprints() -> None:
    statements = ast.parse((ROOT / "app.py").read_text()).body

    others = [node for node in statements if not isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.Expr)]

    assert [ast.unparse(node) for node in others] == []


def test_domain_imports_only_the_standard_library_schemas_and_itself() -> None:
    foreign = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules("chalicelib/domain")
        for name in imported(path)
        if name.split(".")[0] not in DOMAIN_MAY_IMPORT and not name.startswith("chalicelib.domain.")
    }

    assert foreign == set()


def test_client_shares_only_the_rules_it_can_check_locally() -> None:
    allowed = tuple(f"chalicelib.domain.{name}" for name in CLIENT_MAY_SHARE)

    foreign = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules("client/hotswap")
        for name in imported(path)
        if name.split(".")[0] == "chalicelib" and not name.startswith(allowed)
    }

    assert foreign == set()


@pytest.mark.parametrize("entry_point", INVOKE_ENTRY_POINTS)
def test_invoke_loads_nothing_heavy_when_it_starts(entry_point: str) -> None:
    # Without site: what an installed tool loads into each process would hide what we load.
    program = f"import sys; sys.path[:] = {[str(ROOT), *sys.path]!r}; import {entry_point}; print(*sys.modules)"

    started = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=False)

    assert started.returncode == 0, started.stderr
    loaded = {*started.stdout.split()}
    heavy = {name: instead for name, instead in TOO_HEAVY_FOR_INVOKE.items() if name in loaded}
    assert heavy == {}, f"{entry_point} loads what is slow to start; instead: {heavy}"
    # The Protocols of the control plane are nothing that runs, and cost a tenth of the start.
    assert "chalicelib.ports" not in loaded


@pytest.mark.parametrize(
    "target", ["help", "install", "demo", "test", "up", "down", "lint", "bench", "package", "deploy"]
)
def test_make_documents_every_habit(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text()

    assert re.search(rf"^{target}:.*## \S", makefile, re.MULTILINE)
