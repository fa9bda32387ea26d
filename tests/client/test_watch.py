"""Watching a deployment: what is drawn, what a pipe and a program are told, and what the exit code says."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from rich.console import Console

from hotswap.errors import ExitCode
from hotswap.output import Output
from hotswap.resources.deployments import Deployment
from hotswap.views.theme import THEME
from hotswap.views.watching import DeploymentWatch
from tests.client.conftest import Terminal
from tests.client.fake_clock import FakeClock
from tests.client.live_deployments import (
    ASKS,
    FAILED,
    ID,
    PASSED,
    TOO_FEW,
    WATCHES,
    Document,
    approval,
    deployment,
    later,
    with_step,
)

PATH = f"/deployments/{ID}"


def _readings(terminal: Terminal, *documents: Document) -> None:
    for document in documents:
        terminal.api.script("GET", PATH, httpx.Response(200, json=document))


def _completed(terminal: Terminal) -> Document:
    now = terminal.clock.now()
    return deployment(now, at=7, status="Completed", candidatePercentage=100, endedAt=later(now, 0), possibleVerbs=[])


def _rolled_back(terminal: Terminal) -> Document:
    now = terminal.clock.now()
    ended = deployment(now, status="RolledBack", statusReason="observe failed: errors 21.4 %", candidatePercentage=0)
    return with_step(ended, WATCHES, status="Failed", endedAt=later(now, 0), dueAt=None, verdict=FAILED)


def test_a_pipe_gets_one_line_for_each_change_and_no_control_codes(logged_in: Terminal) -> None:
    running = deployment(logged_in.clock.now())
    judged = with_step(running, WATCHES, verdict=PASSED)
    _readings(logged_in, running, judged, running, _completed(logged_in))

    result = logged_in.type("deploy", "watch", ID)

    told = [line.partition("  ")[2] for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert told == [
        "approval approved: by raj, 2 of 2",
        "approval approved: by li, 2 of 2",
        "step 1/7 approve Completed in 500 ms",
        "step 2/7 warm Completed in 500 ms",
        "step 3/7 smoke Completed in 500 ms",
        "step 4/7 shift Completed in 500 ms",
        "step 5/7 observe Running  watch for 40 s",
        "2.1.0 is InProgress",
        "step 5/7 observe Completed in 500 ms",
        "step 6/7 shift Completed in 500 ms",
        "step 7/7 observe Completed in 500 ms",
        "2.1.0 is Completed",
    ]
    assert "\x1b" not in result.output


def test_a_line_of_a_failed_step_has_the_numbers_and_is_never_broken(logged_in: Terminal) -> None:
    logged_in.width = 40
    _readings(logged_in, _rolled_back(logged_in))

    lines = logged_in.type("deploy", "watch", ID).stdout.splitlines()

    assert lines[-2].endswith(
        "step 5/7 observe Failed in 10.0 s  FAIL  error rate 21.4 % [15.1 %, 29 %] limit 5 %  n=212"
    )
    assert lines[-1].endswith("2.1.0 is RolledBack: observe failed: errors 21.4 %")


def test_a_program_gets_one_event_a_line(logged_in: Terminal) -> None:
    _readings(logged_in, _rolled_back(logged_in))

    result = logged_in.type("--json", "deploy", "watch", ID)

    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["event"] for each in events] == ["approval", "approval", *["step"] * 5, "status"]
    assert events[-2]["step"] == WATCHES
    assert events[-2]["verdict"]["value"] == 0.214
    assert events[-1] | {"at": ""} == {
        "at": "",
        "deploymentId": ID,
        "event": "status",
        "state": "RolledBack",
        "reason": "observe failed: errors 21.4 %",
    }
    assert json.loads(result.stderr)["code"] == "DEPLOYMENT_FAILED"


def test_one_that_was_rolled_back_exits_with_1_and_names_why(logged_in: Terminal) -> None:
    _readings(logged_in, _rolled_back(logged_in))

    result = logged_in.type("deploy", "watch", ID)

    assert result.exit_code == ExitCode.FAILED
    assert f"hotswap deploy why {ID}" in result.stderr


@pytest.mark.parametrize(
    "fields, helps",
    [
        ({"status": "PendingApproval"}, "hotswap deploy approve"),
        ({"status": "Paused"}, "hotswap deploy resume"),
        ({"hold": {"reason": "no request reached it", "by": "system"}}, "hotswap deploy why"),
    ],
)
def test_one_that_stands_still_exits_with_3_if_so_asked(
    logged_in: Terminal, fields: dict[str, Any], helps: str
) -> None:
    _readings(logged_in, deployment(logged_in.clock.now(), **fields))

    result = logged_in.type("deploy", "watch", ID, "--exit-when-held")

    assert result.exit_code == ExitCode.HELD
    assert helps in result.stderr


def test_one_that_stands_still_is_watched_on_by_default(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    held = deployment(now, hold={"reason": "no request reached it", "by": "system", "since": later(now, -5)})
    _readings(logged_in, held, deployment(now), _completed(logged_in))

    result = logged_in.type("deploy", "watch", ID)

    assert result.exit_code == 0
    assert "held by system: no request reached it" in result.stdout
    assert "goes on" in result.stdout


def test_a_watch_that_is_over_before_the_deployment_exits_with_6(logged_in: Terminal) -> None:
    logged_in.api.deployments[ID] = deployment(logged_in.clock.now(), status="Paused")

    result = logged_in.type("deploy", "watch", ID, "--timeout", "30s")

    assert result.exit_code == ExitCode.TIMED_OUT
    assert f"hotswap deploy watch {ID}" in result.stderr


def test_it_is_read_once_a_second_at_most_and_less_often_while_nothing_changes(logged_in: Terminal) -> None:
    logged_in.api.deployments[ID] = deployment(logged_in.clock.now(), status="Paused")

    logged_in.type("deploy", "watch", ID, "--timeout", "60s")

    pauses = logged_in.clock.slept_seconds
    assert min(pauses[:-1]) >= 1
    assert max(pauses) == 5
    assert len(logged_in.api.sent("GET", PATH)) < 20


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("connection refused"),
        httpx.ReadTimeout("no answer"),
        httpx.Response(500, json={"detail": "A bug.", "code": "INTERNAL_ERROR"}),
        httpx.Response(503, json={"detail": "The table is away.", "code": "SERVICE_UNAVAILABLE"}),
        httpx.Response(429, json={"detail": "Too many.", "code": "RATE_LIMIT_EXCEEDED"}),
    ],
)
def test_an_api_that_is_away_for_a_while_does_not_end_the_watch(
    logged_in: Terminal, trouble: httpx.Response | Exception
) -> None:
    _readings(logged_in, deployment(logged_in.clock.now()))
    for _ in range(6):
        logged_in.api.script("GET", PATH, trouble)
    _readings(logged_in, _completed(logged_in))

    result = logged_in.type("deploy", "watch", ID)

    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("Still trying.") <= 1
    assert "2.1.0 is Completed" in result.stdout


def test_a_deployment_that_is_not_there_ends_the_watch_at_once(logged_in: Terminal) -> None:
    result = logged_in.type("deploy", "watch", "dep_x")

    assert result.exit_code == ExitCode.FAILED
    assert len(logged_in.api.sent("GET", "/deployments/dep_x")) == 1


def test_a_retry_is_told_from_its_first_step_again(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    _readings(logged_in, deployment(now), deployment(now, attempt=2), _completed(logged_in) | {"attempt": 2})

    told = logged_in.type("deploy", "watch", ID).stdout

    assert told.count("step 2/7 warm Completed") == 2


def test_steps_that_the_end_left_out_are_not_told_as_skipped(logged_in: Terminal) -> None:
    ended = with_step(_rolled_back(logged_in), WATCHES + 1, status="Skipped")
    _readings(logged_in, ended)

    assert "Skipped" not in logged_in.type("deploy", "watch", ID).stdout


def _drawn(document: Document, clock: FakeClock, *, width: int = 110) -> str:
    out = Output(is_json=False)
    console = Console(force_terminal=True, width=width, theme=THEME, color_system=None)
    out.__dict__["errors"] = console
    with console.capture() as captured, DeploymentWatch(out, clock) as watch:
        watch.show(Deployment.of(document))
    return captured.get()


def test_a_terminal_shows_state_step_time_left_exposure_and_what_to_do_next() -> None:
    clock = FakeClock()
    seen = deployment(clock.now(), exposure={"tenants": 1, "requests": 1204, "failedRequests": 3}, maxRequests=5000)

    drawn = _drawn(seen, clock)

    assert f"⟳ {ID}  tax-engine 2.0.0 → 2.1.0  InProgress step 5/7  ETA 1 min 30 s" in drawn
    assert "Production · Canary · by dev · approved by raj, li" in drawn
    assert "10 % of tenants on 2.1.0   1 of 12 tenants met it   1,204 requests, 3 failed" in drawn
    assert "cap 5,000 requests" in drawn
    assert "├─✔ 4 shift   10 % of tenants  1/12" in drawn
    assert "├─⟳ 5 observe" in drawn
    assert "30 s left" in drawn
    assert f"next:  hotswap deploy pause|advance|promote|abort|rollback|why {ID}" in drawn


def test_a_countdown_goes_on_between_two_readings() -> None:
    clock = FakeClock()
    out = Output(is_json=False)
    out.__dict__["errors"] = console = Console(force_terminal=True, width=110, theme=THEME, color_system=None)

    with console.capture() as captured, DeploymentWatch(out, clock) as watch:
        watch.show(Deployment.of(deployment(clock.now())))
        clock.advance(12)

    assert "30 s left" in captured.get()
    assert "18 s left" in captured.get()


def test_what_holds_a_deployment_is_said_with_its_numbers_and_no_time_is_promised() -> None:
    clock = FakeClock()
    hold = {"reason": TOO_FEW["reason"], "by": "system", "since": later(clock.now(), -90)}

    drawn = _drawn(with_step(deployment(clock.now(), hold=hold), WATCHES, verdict=TOO_FEW), clock, width=140)

    assert "Holding step 5/7" in drawn
    assert "├─‖ 5 observe" in drawn
    assert "INCONCLUSIVE  12 of 50 requests that a pass needs" in drawn
    assert "held   12 of 50 requests that a pass needs (1 min ago)" in drawn
    assert "ETA" not in drawn


def test_who_is_still_to_agree_is_said_with_the_time_they_have() -> None:
    clock = FakeClock()
    asked = approval(clock.now(), "raj", status="Pending")

    drawn = _drawn(deployment(clock.now(), at=ASKS, status="PendingApproval", approvals=[asked]), clock)

    assert "1 OF 2  raj" in drawn
    assert "1 more with role Approver or Admin must agree by 2026-03-03 12:00 UTC, then reject" in drawn
    assert "hotswap deploy approve|reject|" in drawn


def test_an_api_that_is_away_is_said_below_the_last_reading() -> None:
    clock = FakeClock()
    out = Output(is_json=False)
    out.__dict__["errors"] = console = Console(force_terminal=True, width=110, theme=THEME, color_system=None)

    with console.capture() as captured, DeploymentWatch(out, clock) as watch:
        watch.show(Deployment.of(deployment(clock.now())))
        watch.miss("Nothing answers.")

    assert "Nothing answers. Still trying." in captured.get()


def test_a_view_fits_into_80_columns() -> None:
    clock = FakeClock()
    drawn = _drawn(with_step(deployment(clock.now()), WATCHES, verdict=FAILED), clock, width=80)

    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn).splitlines()
    assert max(len(line) for line in lines) <= 80
    assert ID in drawn
