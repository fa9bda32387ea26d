"""The lock files follow their sources, agree with each other, and name no place to fetch from."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements", "requirements-dev", "bench/requirements", "bench/engines")
IN_LAMBDA = {"boto3", "botocore"}
BROUGHT_ALONG = {"pydantic-core"}  # by pydantic, in the version that it needs
READ_BY_PYTHON = {"tzdata"}  # by zoneinfo, which no import of ours names
PIN = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^\s;]+)", re.MULTILINE)


@dataclass(frozen=True)
class Pin:
    """One package of a lock file: its version, the hashes of its files, the sources that ask for it by name."""

    version: str
    hashes: frozenset[str]
    asked_for_by: frozenset[str]


def wanted(source: str) -> dict[str, Requirement]:
    lines = (line.split("#")[0].strip() for line in (ROOT / source).read_text().splitlines())
    requirements = (Requirement(line) for line in lines if line and not line.startswith("-r"))

    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def imported_at_run_time(node: ast.AST) -> Iterator[str]:
    """Top-level names that *node* imports, without those that only a type checker reads."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".")[0] for alias in node.names)
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        yield node.module.split(".")[0]
    for child in ast.iter_child_nodes(node):
        yield from imported_at_run_time(child)


def pinned(lock: str) -> dict[str, Pin]:
    text = (ROOT / lock).read_text()
    starts = [*PIN.finditer(text)]
    ends = [*(match.start() for match in starts[1:]), len(text)]
    blocks = {match: text[match.end() : end] for match, end in zip(starts, ends, strict=True)}

    return {
        canonicalize_name(match["name"]): Pin(
            match["version"],
            frozenset(re.findall(r"--hash=(sha256:[0-9a-f]{64})", block)),
            frozenset(re.findall(r"-r (\S+\.in)", block)),
        )
        for match, block in blocks.items()
    }


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_a_version_that_each_requirement_accepts(name: str) -> None:
    pins = pinned(f"{name}.txt")

    unmet = [
        str(requirement)
        for package, requirement in wanted(f"{name}.in").items()
        if package not in pins or pins[package].version not in requirement.specifier
    ]

    assert unmet == [], "run `make lock`"


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_nothing_for_a_requirement_that_is_gone(name: str) -> None:
    sources = {source: wanted(source) for source in (f"{lock}.in" for lock in LOCKS)}

    left_over = [
        package
        for package, pin in pinned(f"{name}.txt").items()
        if any(package not in sources[source] for source in pin.asked_for_by)
    ]

    assert left_over == [], "run `make lock`"


def test_development_runs_exactly_what_lambda_runs() -> None:
    development = pinned("requirements-dev.txt")

    differing = {
        package
        for package, pin in pinned("requirements.txt").items()
        if package not in development
        or (pin.version, pin.hashes) != (development[package].version, development[package].hashes)
    }

    assert differing == set(), "run `make lock`"


def test_peers_are_measured_on_the_versions_that_we_run_on() -> None:
    development, peers = pinned("requirements-dev.txt"), pinned("bench/requirements.txt")

    shared = {*peers} & {*development}

    assert "pydantic" in shared
    assert {package for package in shared if peers[package].version != development[package].version} == set()


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_carries_hashes(name: str) -> None:
    pins = pinned(f"{name}.txt")

    assert pins
    assert [package for package, pin in pins.items() if not pin.hashes] == []


@pytest.mark.parametrize("folder", [".", "bench", "examples/plugins/*/*"])
def test_requirements_name_no_registry(folder: str) -> None:
    text = "".join(path.read_text() for path in sorted(ROOT.glob(f"{folder}/requirements*.*")))

    assert text
    assert re.findall(r"(?:https?|file|git\+\w+)://|--(?:extra-)?index-url|--find-links", text) == []


def test_lambda_gets_exactly_what_the_application_imports() -> None:
    sources = [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")]
    distributions = packages_distributions()

    imported = {
        canonicalize_name(distribution)
        for path in sources
        for name in imported_at_run_time(ast.parse(path.read_text()))
        if name not in sys.stdlib_module_names
        for distribution in distributions.get(name, [])
    }

    needed = imported - {"hotswap"} - IN_LAMBDA - BROUGHT_ALONG
    assert needed | READ_BY_PYTHON == set(wanted("requirements.in"))
