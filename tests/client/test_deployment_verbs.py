"""Saying what a deployment is to do: the request, the question before it, and what the exit code tells."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hotswap.errors import ExitCode
from tests.client.conftest import Terminal
from tests.client.live_deployments import ID, deployment

_CHANGES_TRAFFIC = ("advance", "promote", "abort", "rollback", "retry")


def _answer(terminal: Terminal, verb: str, **fields: Any) -> None:
    said = deployment(terminal.clock.now(), **fields)
    terminal.api.script("POST", f"/deployments/{ID}/{verb}", httpx.Response(200, json=said))


@pytest.mark.parametrize("verb", ["pause", "resume", *_CHANGES_TRAFFIC])
def test_each_verb_sends_its_reason_and_shows_what_became_of_it(logged_in: Terminal, verb: str) -> None:
    _answer(logged_in, verb)

    result = logged_in.type("deploy", verb, ID, "--reason", "the vendor has an outage", "--yes")

    assert result.exit_code == 0, result.output
    assert logged_in.api.body("POST", f"/deployments/{ID}/{verb}") == {"reason": "the vendor has an outage"}
    assert ID in result.stdout
    assert "├─⟳ 5 observe" in result.stdout


@pytest.mark.parametrize("verb", ["pause", *_CHANGES_TRAFFIC])
def test_a_verb_without_a_reason_is_not_sent(logged_in: Terminal, verb: str) -> None:
    result = logged_in.type("deploy", verb, ID, "--yes")

    assert result.exit_code == ExitCode.USAGE
    assert "--reason" in result.stderr
    assert logged_in.api.sent("POST", f"/deployments/{ID}/{verb}") == []


@pytest.mark.parametrize("verb", _CHANGES_TRAFFIC)
def test_a_verb_that_moves_tenants_asks_first(logged_in: Terminal, verb: str) -> None:
    logged_in.is_interactive = True

    result = logged_in.type("deploy", verb, ID, "--reason", "x", typed="n\n")

    assert result.exit_code == ExitCode.FAILED
    assert "Nothing was changed." in result.stderr
    assert logged_in.api.sent("POST", f"/deployments/{ID}/{verb}") == []


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_pause_and_resume_move_nobody_and_ask_nothing(logged_in: Terminal, verb: str) -> None:
    _answer(logged_in, verb)

    assert logged_in.type("deploy", verb, ID, "--reason", "x").exit_code == 0


def test_a_step_is_counted_from_1_as_in_the_tree(logged_in: Terminal) -> None:
    _answer(logged_in, "advance")

    logged_in.type("deploy", "advance", ID, "--reason", "seen enough", "--step", "5", "--yes")

    assert logged_in.api.body("POST", f"/deployments/{ID}/advance")["stepIndex"] == 4


def test_promote_names_the_variant_that_wins(logged_in: Terminal) -> None:
    _answer(logged_in, "promote")

    logged_in.type("deploy", "promote", ID, "--reason", "B sells more", "--outcome-version", "2.1.0", "--yes")

    assert logged_in.api.body("POST", f"/deployments/{ID}/promote")["outcomeVersion"] == "2.1.0"


def test_rollback_names_the_version_to_go_back_to(logged_in: Terminal) -> None:
    _answer(logged_in, "rollback", status="RolledBack", statusReason="rollback by dev: x", possibleVerbs=["retry"])

    result = logged_in.type("deploy", "rollback", ID, "--reason", "x", "--to-version", "1.4.0", "--yes")

    assert logged_in.api.body("POST", f"/deployments/{ID}/rollback")["toVersion"] == "1.4.0"
    assert f"next:  hotswap deploy retry|why {ID}" in result.stdout


def test_a_dry_run_of_a_verb_only_asks_whether_it_is_possible(logged_in: Terminal) -> None:
    _answer(logged_in, "abort")

    result = logged_in.type("deploy", "abort", ID, "--reason", "x", "--dry-run")

    sent = logged_in.api.sent("POST", f"/deployments/{ID}/abort")
    assert sent[-1].url.params["validateOnly"] == "true"
    assert "Abort is possible; nothing was changed." in result.stdout


@pytest.mark.parametrize(
    "status, code", [(409, ExitCode.CONFLICT), (412, ExitCode.CONFLICT), (403, ExitCode.NOT_ALLOWED)]
)
def test_a_verb_that_is_refused_tells_by_its_exit_code_why_and_what_helps(
    logged_in: Terminal, status: int, code: ExitCode
) -> None:
    problem = {"detail": f"{ID} is Completed.", "code": "CONFLICT", "fix": "Possible now: rollback."}
    logged_in.api.script("POST", f"/deployments/{ID}/pause", httpx.Response(status, json=problem))

    result = logged_in.type("deploy", "pause", ID, "--reason", "x")

    assert result.exit_code == code
    assert "fix: Possible now: rollback." in result.stderr


def test_a_verb_gives_programs_the_deployment(logged_in: Terminal) -> None:
    _answer(logged_in, "pause", status="Paused")

    result = logged_in.type("--json", "deploy", "pause", ID, "--reason", "x")

    assert json.loads(result.stdout)["status"] == "Paused"
