"""Deploying a version, watching it, and what the exit code tells."""

from __future__ import annotations

import json

import pytest

from hotswap.errors import ExitCode
from tests.client.conftest import Terminal

NAME = "tax-engine"


def test_create_begins_a_deployment_and_says_how_to_look_at_it(logged_in: Terminal) -> None:
    result = logged_in.type("deploy", "create", NAME, "1.0.0", "-s", "direct", "--reason", "first")

    assert result.exit_code == 0
    assert logged_in.api.body("POST", "/deployments") == {
        "pluginId": NAME,
        "version": "1.0.0",
        "environment": "Development",
        "strategy": "Direct",
        "reason": "first",
    }
    assert "next:  hotswap deploy watch|abort dep_" in result.stdout


def test_create_with_dry_run_shows_the_plan_and_begins_nothing(logged_in: Terminal) -> None:
    result = logged_in.type("--dry-run", "deploy", "create", NAME, "1.0.0")

    assert logged_in.api.deployments == {}
    assert "├─○ 1 warm" in result.stdout
    assert "└─○ 3 shift" in result.stdout


def test_create_with_wait_draws_the_finished_plan(logged_in: Terminal) -> None:
    logged_in.api.routes[NAME, "Development"] = "1.0.0"

    result = logged_in.type("deploy", "create", NAME, "2.0.0", "--wait")

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].startswith("✔ dep_")
    assert "tax-engine 1.0.0 → 2.0.0  Completed in" in lines[0]
    assert "Development · Direct · by dev" in lines[1]
    assert lines[2].strip() == "exposure  100 % of tenants on 2.0.0   last known good: 1.0.0"
    assert lines[4].split() == ["├─✔", "2", "smoke", "health", "check", "300", "ms", "PASS", "ping", "answered"]
    assert lines[5].startswith("└─✔ 3 shift")


def test_create_with_wait_tells_each_step_on_stderr_when_piped(logged_in: Terminal) -> None:
    result = logged_in.type("deploy", "create", NAME, "1.0.0", "--wait")

    assert [line.partition("  ")[2] for line in result.stderr.splitlines()] == [
        "1.0.0 is Pending",
        "step 1/3 warm Completed in 300 ms",
        "1.0.0 is InProgress",
        "step 2/3 smoke Completed in 300 ms  PASS  ping answered",
        "step 3/3 shift Completed in 300 ms",
        "1.0.0 is Completed",
    ]


def test_create_with_wait_prints_only_the_deployment_as_json(logged_in: Terminal) -> None:
    result = logged_in.type("--json", "deploy", "create", NAME, "1.0.0", "--wait")

    assert json.loads(result.stdout)["status"] == "Completed"
    assert result.stderr == ""


@pytest.mark.parametrize("status, code", [("Failed", 1), ("RolledBack", 1), ("PendingApproval", 3), ("Paused", 3)])
def test_create_with_wait_tells_by_its_exit_code_how_it_ended(logged_in: Terminal, status: str, code: int) -> None:
    logged_in.api.deployment_status = status

    result = logged_in.type("deploy", "create", NAME, "1.0.0", "--wait")

    assert result.exit_code == code
    assert "the health check failed" in result.stderr
    assert "fix:" in result.stderr


def test_create_with_wait_exits_with_6_when_the_time_is_over(logged_in: Terminal) -> None:
    logged_in.api.deployment_status = "InProgress"

    result = logged_in.type("deploy", "create", NAME, "1.0.0", "--wait", "--timeout", "5s")

    assert result.exit_code == ExitCode.TIMED_OUT


def test_list_shows_deployments(logged_in: Terminal) -> None:
    logged_in.type("deploy", "create", NAME, "1.0.0")

    result = logged_in.type("deploy", "list", "--environment", "Development")

    assert "DEPLOYMENT" in result.stdout
    assert NAME in result.stdout


def test_an_empty_list_says_what_to_do_next(logged_in: Terminal) -> None:
    everything = logged_in.type("deploy", "list")
    filtered = logged_in.type("deploy", "list", "--status", "failed")

    assert "hotswap deploy create PLUGIN VERSION --wait" in everything.stdout
    assert "No deployment matches." in filtered.stdout


def test_show_tells_why_a_deployment_failed(logged_in: Terminal) -> None:
    logged_in.api.deployment_status = "Failed"
    logged_in.type("deploy", "create", NAME, "1.0.0", "--wait")
    deployment_id = next(iter(logged_in.api.deployments))
    check = {"version": "1.0.0", "operation": "ping", "outcome": "fail", "message": "no answer"}
    logged_in.api.deployments[deployment_id]["healthChecks"] = [check]

    result = logged_in.type("deploy", "show", deployment_id)

    assert result.stdout.startswith("✗ dep_")
    assert "why     the health check failed" in result.stdout
    assert "health  ping of 1.0.0 fail no answer" in result.stdout
    assert "Create deployment  dev  first" in result.stdout


def test_show_of_a_deployment_that_is_not_there_fails(logged_in: Terminal) -> None:
    assert logged_in.type("deploy", "show", "dep_x").exit_code == ExitCode.FAILED
