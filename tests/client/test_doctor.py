"""The doctor's answer: a paragraph a disagreement for people, all of it for programs, the exit code for both."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hotswap.errors import ExitCode
from tests.client.conftest import Terminal

WELL: dict[str, Any] = {
    "isWell": True,
    "deployments": 1,
    "routes": 4,
    "aliases": 4,
    "aliasesLeft": 0,
    "diagnoses": [],
    "unknown": [],
}
DEAD = {
    "pluginId": "tax-engine",
    "environment": "Production",
    "deploymentId": "dep_01HSF000000000000000000001",
    "what": "it is InProgress, but its execution is ABORTED",
    "cause": "its execution was stopped",
    "cure": "roll back",
    "verb": "hotswap deploy abort dep_01HSF000000000000000000001",
}


@pytest.fixture
def admin(terminal: Terminal) -> Terminal:
    terminal.log_in("admin")
    return terminal


def answer(admin: Terminal, **changes: Any) -> None:
    admin.api.script("GET", "/doctor", httpx.Response(200, json={**WELL, **changes}))


def test_all_is_well(admin: Terminal) -> None:
    answer(admin)

    result = admin.type("doctor")

    assert result.exit_code == ExitCode.OK
    assert result.stdout == "✔ 1 live deployment, 4 routes and 4 aliases agree.\n"


def test_each_disagreement_says_what_why_how_it_heals_and_what_to_do(admin: Terminal) -> None:
    answer(admin, isWell=False, diagnoses=[DEAD])

    result = admin.type("doctor")

    assert result.exit_code == ExitCode.FAILED
    head, what, because, heals, do, _, total = result.stdout.splitlines()
    assert head == "✗ tax-engine in Production  dep_01HSF000000000000000000001"
    assert what.split(maxsplit=1) == ["what", DEAD["what"]]
    assert because.split(maxsplit=1) == ["because", DEAD["cause"]]
    assert "the last known good serves" in heals
    assert do.split(maxsplit=1) == ["do", DEAD["verb"]]
    assert total.strip() == "1 live deployment, 4 routes and 4 aliases examined."
    assert "1 disagreement." in result.stderr
    assert "fix:" in result.stderr


def test_what_was_not_examined_is_no_good_news(admin: Terminal) -> None:
    unknown = [{"name": "dep_1", "why": "TransientError: Step Functions does not answer at the moment."}]
    answer(admin, isWell=False, unknown=unknown, aliasesLeft=20)

    result = admin.type("doctor")

    assert result.exit_code == ExitCode.FAILED
    assert "dep_1 could not be examined" in result.stdout
    assert "20 aliases were not compared: --plugin does" in result.stdout
    assert "1 not examined." in result.stderr


def test_programs_get_the_whole_document_and_the_same_exit_code(admin: Terminal) -> None:
    answer(admin, isWell=False, diagnoses=[DEAD])

    result = admin.type("--json", "doctor", "--plugin", "tax-engine")

    assert result.exit_code == ExitCode.FAILED
    assert json.loads(result.stdout)["diagnoses"] == [DEAD]
