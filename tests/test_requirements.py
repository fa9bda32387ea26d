"""The lock files follow their sources, agree with each other, and name no place to fetch from."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PIN = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^\s;]+)(?P<marker> ; [^\\]+)? \\$", re.MULTILINE)
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(source: str) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in (ROOT / source).read_text().splitlines())

    return [Requirement(line) for line in lines if line and not line.startswith("-r")]


def pinned(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    text = (ROOT / lock).read_text()
    starts = [*PIN.finditer(text)]
    ends = [*(match.start() for match in starts[1:]), len(text)]

    return {
        canonical(match["name"]): (match["version"], frozenset(HASH.findall(text[match.start() : end])))
        for match, end in zip(starts, ends, strict=True)
    }


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_lock_pins_a_version_that_each_requirement_accepts(name: str) -> None:
    pins = pinned(f"{name}.txt")

    unmet = [
        str(requirement)
        for requirement in wanted(f"{name}.in")
        if canonical(requirement.name) not in pins or pins[canonical(requirement.name)][0] not in requirement.specifier
    ]

    assert unmet == [], "run `make lock`"


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_lock_pins_nothing_that_no_requirement_asks_for(name: str) -> None:
    asked = {
        canonical(requirement.name) for source in ("requirements.in", f"{name}.in") for requirement in wanted(source)
    }
    direct = set(
        re.findall(rf"^([a-z0-9._-]+)==(?:(?!^[a-z]).)*?{name}\.in", (ROOT / f"{name}.txt").read_text(), re.M | re.S)
    )

    assert {canonical(each) for each in direct} <= asked, "run `make lock`"


def test_development_runs_exactly_what_lambda_runs() -> None:
    development = pinned("requirements-dev.txt")

    differing = {name for name, pin in pinned("requirements.txt").items() if development.get(name) != pin}

    assert differing == set(), "run `make lock`"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_carries_hashes(name: str) -> None:
    unhashed = [package for package, (_, hashes) in pinned(name).items() if not hashes]

    assert unhashed == []


@pytest.mark.parametrize("name", ["requirements.in", "requirements.txt", "requirements-dev.in", "requirements-dev.txt"])
def test_requirements_name_no_registry(name: str) -> None:
    text = (ROOT / name).read_text()

    assert re.findall(r"(?:https?|file|git\+\w+)://|--(?:extra-)?index-url|--find-links", text) == []
