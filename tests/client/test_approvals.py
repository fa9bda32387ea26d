"""Approvals and policies from the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hotswap.errors import ExitCode
from tests.client.conftest import Terminal

DEPLOYMENT = "dep_01ARZ3NDEKTSV4RRFFQ69G5FAV"
APPROVAL = "apr_01ARZ3NDEKTSV4RRFFQ69G5FAV-1-0"
RULE = {
    "needed": 2,
    "roles": ["Approver", "Admin"],
    "excluded": [],
    "timeout": "PT48H",
    "onExpiry": "reject",
}
POLICY: dict[str, Any] = {
    "approvals": RULE,
    "windows": [{"weekdays": ["Mon", "Tue"], "begins": "09:00", "until": "16:00", "timeZone": "Europe/Berlin"}],
    "freezes": [{"begins": "2026-12-20T00:00:00Z", "ends": "2027-01-03T00:00:00Z", "reason": "holidays"}],
    "stopTheLine": "",
    "ladder": True,
    "isOpen": False,
    "closedBecause": "Production is outside its windows",
    "opensAt": "2026-11-23T08:00:00.000Z",
}


@pytest.fixture
def ada(terminal: Terminal) -> Terminal:
    """Let ana's deployment to Production wait for two people, one of whom has agreed."""
    terminal.log_in("admin")
    voice = {"by": "ben", "decision": "approve", "reason": "fine in QA", "at": terminal.api.clock.text()}
    asked = {
        "approvalId": APPROVAL,
        "deploymentId": DEPLOYMENT,
        "pluginId": "tax-engine",
        "version": "2.0.0",
        "environment": "Production",
        "status": "Pending",
        "requestedBy": "ana",
        "needed": 2,
        "agreed": 1,
        "roles": ["Approver", "Admin"],
        "binding": "9f" * 32,
        "expiresAt": terminal.api.clock.text(seconds=7200),
        "decisions": [voice],
    }
    terminal.api.approvals.append(asked)
    terminal.api.policy = POLICY
    return terminal


@pytest.mark.parametrize("what", [DEPLOYMENT, APPROVAL])
def test_approve_takes_a_deployment_or_an_approval_and_never_a_name(ada: Terminal, what: str) -> None:
    result = ada.type("deploy", "approve", what, "--reason", "looks good")

    assert (result.exit_code, "You approved it" in result.stdout) == (0, True)
    kind = "approvals" if what == APPROVAL else "deployments"
    assert ada.api.body("POST", f"/{kind}/{what}/approve") == {"reason": "looks good"}
    assert ada.api.approvals[0]["decisions"][-1]["by"] == "ada"


def test_reject_needs_a_reason(ada: Terminal) -> None:
    assert ada.type("deploy", "reject", DEPLOYMENT).exit_code == ExitCode.USAGE

    result = ada.type("deploy", "reject", DEPLOYMENT, "--reason", "not on a Friday")

    assert ("You rejected it" in result.stdout, "not on a Friday" in result.stdout) == (True, True)
    assert ada.api.approvals[0]["status"] == "Rejected"


def test_a_dry_run_decides_nothing(ada: Terminal) -> None:
    result = ada.type("--dry-run", "deploy", "reject", DEPLOYMENT, "--reason", "no")

    assert "Would reject it" in result.stdout
    assert ada.api.approvals[0]["status"] == "Pending"


def test_what_waits_for_nobody_is_a_conflict(ada: Terminal) -> None:
    assert ada.type("deploy", "approve", "dep_other").exit_code == ExitCode.CONFLICT


def test_approvals_are_listed_and_shown_with_what_is_left(ada: Terminal) -> None:
    listed = ada.type("approval", "list", "--status", "pending", "--environment", "Production")
    nothing = ada.type("approval", "list", "--environment", "QA")
    shown = ada.type("approval", "show", APPROVAL)

    for word in (DEPLOYMENT, "tax-engine 2.0.0", "1 of 2", "2 h", "ana"):
        assert word in listed.stdout
    assert "Nothing waits for anybody here" in nothing.stdout
    for word in ("ana, who may not decide", "ben", "fine in QA", "9f9f"):
        assert word in shown.stdout
    assert json.loads(ada.type("--json", "approval", "show", APPROVAL).stdout)["approvalId"] == APPROVAL


def test_a_policy_is_shown_with_why_it_is_closed(ada: Terminal) -> None:
    shown = ada.type("policy", "show", "Production")

    for word in ("outside its windows", "2 of Approver or Admin within PT48H", "Mon Tue 09:00", "holidays"):
        assert word in shown.stdout
    assert json.loads(ada.type("--json", "policy", "show", "Production").stdout)["etag"] == '"7"'


def test_a_change_of_a_policy_keeps_what_it_does_not_name(ada: Terminal) -> None:
    dry = ada.type("--dry-run", "policy", "set", "Production", '{"ladder": false}')
    before = ada.api.policy
    done = ada.type("policy", "set", "Production", '{"approvals": {"needed": 3}}', "--reason", "after the incident")

    assert ("Would set the policy" in dry.stdout, before) == (True, POLICY)
    assert (done.exit_code, "Set the policy" in done.stdout) == (0, True)
    sent = ada.api.sent("PUT", "/environments/Production/policy")[-1]
    assert sent.headers["If-Match"] == '"7"'
    assert ada.api.policy["approvals"] == {**RULE, "needed": 3}
    assert (ada.api.policy["windows"], ada.api.policy["ladder"]) == (POLICY["windows"], True)
    assert ada.api.policy["reason"] == "after the incident"


def test_the_line_is_stopped_in_one_command(ada: Terminal) -> None:
    result = ada.type("policy", "set", "Production", '{"stopTheLine": "incident 4711"}')

    assert (ada.api.policy["stopTheLine"], "incident 4711" in result.stdout) == ("incident 4711", True)
    assert ada.type("policy", "set", "Production", "nonsense").exit_code == ExitCode.USAGE
