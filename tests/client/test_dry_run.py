"""What `deploy create` sends for each of its options, and how a dry run looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hotswap.views.forecasts import spoken
from tests.client.conftest import Terminal

NAME = "tax-engine"
FORECAST: dict[str, Any] = {
    "atLeast": "PT20M1S",
    "atMost": "PT48H20M31S",
    "withoutLimit": [],
    "stepBegins": ["2026-11-22T15:00:00.000Z", "2026-11-22T15:00:01.000Z", None],
    "approvalsNeeded": 2,
    "approvalTimeout": "PT48H",
    "windows": [{"weekdays": [0, 3], "begins": "09:00", "until": "16:00", "timeZone": "Europe/Berlin"}],
    "freezes": [{"begins": "2026-12-20T00:00:00Z", "ends": "2027-01-02T00:00:00Z", "reason": "Christmas"}],
    "obstacles": [{"step": 2, "reason": "Production is outside its windows", "until": "2026-11-23T08:00:00.000Z"}],
    "cost": {"usd": 0.0303, "stateTransitions": 1155, "lambdaCalls": 764, "prices": "list prices of us-east-1"},
    "violations": [],
}


def sent(terminal: Terminal, *options: str) -> dict[str, Any]:
    result = terminal.type("deploy", "create", NAME, "2.0.0", *options)
    assert result.exit_code == 0, result.stderr
    body: dict[str, Any] = terminal.api.body("POST", "/deployments")
    return {name: value for name, value in body.items() if name not in ("pluginId", "version", "environment")}


@pytest.mark.parametrize(
    "options, body",
    [
        (
            ["-s", "canary", "--initial", "5", "--increment", "12.5%", "--evaluation", "10m", "--bake", "PT1H"],
            {
                "strategy": "Canary",
                "canaryConfig": {
                    "initialPercentage": 5,
                    "incrementPercentage": 12.5,
                    "evaluationPeriod": "PT10M",
                    "bake": "PT1H",
                },
            },
        ),
        (
            ["--stages", "10, 30,100", "--split-by", "request", "--hold-on-fail"],
            {"canaryConfig": {"stages": [10, 30, 100], "splitBy": "request", "autoRollback": False}},
        ),
        (
            ["--warmup", "1d", "--switchover", "Gradual", "--monitoring", "90s", "--release-previous"],
            {
                "blueGreenConfig": {
                    "warmupPeriod": "P1D",
                    "switchoverType": "Gradual",
                    "monitoringPeriod": "PT90S",
                    "keepPreviousEnvironment": False,
                }
            },
        ),
        (
            ["--batch-size", "5", "--by", "tenant", "--wait-between", "1m", "--parallel", "2"],
            {
                "rollingConfig": {
                    "batchSize": 5,
                    "by": "tenant",
                    "waitBetweenBatches": "PT1M",
                    "maxParallelBatches": 2,
                }
            },
        ),
        (["--batch-size", "25%"], {"rollingConfig": {"batchSize": "25%"}}),
        (
            ["--variant", "A=1.0.0:50", "--variant", "B=2.0.0:50%", "--significance", "0.01", "--auto-promote"],
            {
                "abConfig": {
                    "variants": [
                        {"name": "A", "version": "1.0.0", "percentage": 50},
                        {"name": "B", "version": "2.0.0", "percentage": 50},
                    ],
                    "significance": 0.01,
                    "autoPromote": True,
                }
            },
        ),
        (
            ["--on-conflict", "queue", "--max-tenants", "9", "--health", '{"onNoData": "warn"}'],
            {"onConflict": "queue", "maxTenants": 9, "health": {"onNoData": "warn"}},
        ),
    ],
)
def test_each_option_goes_where_the_api_takes_it(logged_in: Terminal, options: list[str], body: dict[str, Any]) -> None:
    assert sent(logged_in, *options) == body


def test_a_file_says_the_rest_and_flags_go_before_it(logged_in: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "canary.json"
    file.write_text(json.dumps({"canaryConfig": {"stages": [10, 100], "bake": "PT1H"}, "steps": [{"kind": "pause"}]}))

    body = sent(logged_in, "--config-file", str(file), "--bake", "5m")

    assert body == {"canaryConfig": {"stages": [10, 100], "bake": "PT5M"}, "steps": [{"kind": "pause"}]}


@pytest.mark.parametrize(
    "options", [["--initial", "ten"], ["--variant", "2.0.0"], ["--parallel", "two"], ["--config-file", "nowhere.json"]]
)
def test_what_can_not_be_read_is_a_mistake_of_use_and_sends_nothing(logged_in: Terminal, options: list[str]) -> None:
    result = logged_in.type("deploy", "create", NAME, "2.0.0", *options)

    assert result.exit_code == 2
    assert "fix:" in result.stderr
    assert logged_in.api.deployments == {}


def test_a_dry_run_shows_time_windows_cost_and_that_nothing_is_against_it(logged_in: Terminal) -> None:
    logged_in.api.forecast = FORECAST

    result = logged_in.type("--dry-run", "deploy", "create", NAME, "2.0.0")

    lines = [line.strip() for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert "time       at least 20 min 1 s, at most 48 h 20 min 31 s" in lines
    assert "approvals  2 people, within 48 h" in lines
    assert "windows    Mon Thu 09:00–16:00 Europe/Berlin" in lines
    assert "waits      step 3 until 2026-11-23 08:00 UTC: Production is outside its windows" in lines
    assert "cost       $0.0303: 1,155 state transitions, 764 function calls (list prices of us-east-1)" in lines
    assert "Nothing is against it." in lines
    assert any(line.startswith("└─○ 3") and "never shift" in line for line in lines)
    assert logged_in.api.deployments == {}


@pytest.mark.parametrize("code, exit_code", [("FORBIDDEN", 5), ("CONFLICT", 4), ("UNPROCESSABLE", 2)])
def test_a_dry_run_tells_all_that_is_against_it_and_exits_as_the_first_refusal_would(
    logged_in: Terminal, code: str, exit_code: int
) -> None:
    violations = [
        {"code": code, "message": "You may not.", "fix": "Ask an Admin."},
        {"code": "UNPROCESSABLE", "message": "It was not in QA.", "fix": "Deploy it to QA first."},
    ]
    logged_in.api.forecast = {**FORECAST, "violations": violations, "atMost": None, "withoutLimit": ["step 3 waits"]}

    result = logged_in.type("--dry-run", "deploy", "create", NAME, "2.0.0")

    assert result.exit_code == exit_code
    for text in ("You may not.", "Ask an Admin.", "It was not in QA.", "without a limit", "step 3 waits"):
        assert text in result.stdout


def test_a_dry_run_as_json_is_the_document_of_the_api(logged_in: Terminal) -> None:
    logged_in.api.forecast = FORECAST

    result = logged_in.type("--json", "--dry-run", "deploy", "create", NAME, "2.0.0")

    assert json.loads(result.stdout)["forecast"] == FORECAST


def test_durations_are_said_as_people_do() -> None:
    assert [spoken(each) for each in ("PT0S", "PT90M", "P1DT2H")] == ["0 s", "90 min", "1 d 2 h"]
