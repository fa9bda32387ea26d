"""`deploy why`: five lines, whatever decided."""

from __future__ import annotations

import json
from datetime import datetime

import httpx
import pytest

from tests.client.conftest import Terminal
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
    event,
    later,
    with_step,
)


def _ask(terminal: Terminal, document: Document, *events: Document) -> list[str]:
    terminal.api.script("GET", f"/deployments/{ID}", httpx.Response(200, json=document))
    terminal.api.events = list(events)
    result = terminal.type("deploy", "why", ID)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 5
    assert [line.split()[0] for line in lines[1:]] == ["asked", "seen", "rule", "by"]
    return [line.strip() for line in lines]


def test_a_breach_is_told_with_query_window_count_value_interval_threshold_rule_and_actor(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    ended = deployment(
        now, status="RolledBack", statusReason="observe failed: errors 21.4 % of 212", endedAt=later(now, -5)
    )
    breach = with_step(ended, WATCHES, status="Failed", verdict=FAILED)

    lines = _ask(logged_in, breach, event(now, "FailStep", "system"), event(now, "RollBack", "system"))

    assert lines == [
        f"✗ {ID}  tax-engine 2.1.0 in Production is RolledBack: observe failed: errors 21.4 % of 212",
        "asked  error rate of the candidate over 10 s  n=212",
        "seen   FAIL  21.4 %, surely in [15.1 %, 29 %]; threshold 5 %",
        "rule   error limit at step 5 observe",
        "by     system at 2026-03-01 11:59:55 UTC, just now",
    ]


def test_a_completed_one_tells_what_it_passed(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    done = deployment(now, at=7, status="Completed", endedAt=later(now, 0))

    lines = _ask(logged_in, with_step(done, 6, verdict=PASSED), event(now, "CompleteDeployment", "system"))

    assert lines[0].startswith(f"✔ {ID}  tax-engine 2.1.0 in Production is Completed: errors 0.1 %")
    assert lines[2] == "seen   PASS  0.1 %, surely in [0.04 %, 0.22 %]; threshold 5 %"


def test_one_that_a_person_rolled_back_tells_who(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    back = deployment(now, status="RolledBack", statusReason="rollback by ada: wrong fees", endedAt=later(now, 0))
    cut = {"outcome": "inconclusive", "reason": "rollback by ada: wrong fees"}

    lines = _ask(logged_in, with_step(back, WATCHES, status="Failed", verdict=cut), event(now, "RollBack", "ada"))

    assert "rollback by ada: wrong fees" in lines[0]
    assert lines[4].startswith("by     ada at ")


def test_a_rejected_one_tells_who_said_no(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    no = {"by": "li", "decision": "reject", "reason": "wait for Monday", "at": later(now, -20)}
    asked = approval(now, "raj", status="Rejected")
    asked["decisions"].append(no)

    lines = _ask(logged_in, deployment(now, at=ASKS, status="Rejected", statusReason="rejected", approvals=[asked]))

    assert lines[0].endswith("is Rejected: li said no: wait for Monday")
    assert lines[2] == "seen   1 of 2 agreed (raj)"
    assert lines[4] == "by     li at 2026-03-01 11:59:40 UTC, 20 s ago"


def test_one_that_nobody_answered_tells_that_time_ran_out(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    asked = approval(now, status="Expired")

    lines = _ask(
        logged_in, deployment(now, at=ASKS, status="Rejected", statusReason="approval timed out", approvals=[asked])
    )

    assert lines[0].endswith("is Rejected: approval timed out")
    assert lines[3] == "rule   2 must agree, not dev; nobody in time: reject"


def test_one_that_waits_for_people_tells_whom_and_how_long(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    asked = approval(now, "raj", status="Pending")

    lines = _ask(logged_in, deployment(now, at=ASKS, status="PendingApproval", approvals=[asked]))

    assert lines[0].endswith("is PendingApproval: 1 of 2 agreed: raj")
    assert lines[1] == "asked  may 2.1.0 move in Production? of Approver or Admin, by 2026-03-03 12:00 UTC"


def test_one_that_a_verdict_holds_tells_its_numbers(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    held = deployment(now, hold={"reason": TOO_FEW["reason"], "by": "system", "since": later(now, -30)})

    lines = _ask(logged_in, with_step(held, WATCHES, verdict=TOO_FEW))

    assert lines[0].endswith("is Holding: 12 of 50 requests that a pass needs")
    assert lines[1] == "asked  requests of the candidate  n=12"
    assert lines[2] == "seen   INCONCLUSIVE  12 requests; threshold 50 requests"
    assert lines[3] == "rule   minimum requests at step 5 observe"


def test_one_that_a_window_holds_tells_when_it_looks_again(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    hold = {"reason": "Production is frozen", "by": "system", "since": later(now, -30), "until": later(now, 3600)}

    lines = _ask(logged_in, deployment(now, at=3, hold=hold))

    assert lines[0].endswith("is Holding: Production is frozen")
    assert lines[3] == "rule   step 4 shift holds: looks again at 13:00:00 UTC"


def test_a_paused_one_tells_who_paused_it(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    hold = {"reason": "the vendor has an outage", "by": "ada", "since": later(now, -30)}

    lines = _ask(logged_in, deployment(now, status="Paused", hold=hold))

    assert lines[0].endswith("is Paused: the vendor has an outage")
    assert lines[4].startswith("by     ada at ")


def test_a_queued_one_tells_who_is_before_it(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    first = "dep_01JD9X4Q2M8W6Z3T7R5N1B0AAA"
    logged_in.api.deployments[first] = {**deployment(now), "deploymentId": first}
    queued = deployment(now, at=ASKS, status="Pending", isQueued=True, approvals=[])
    logged_in.api.deployments[ID] = queued

    lines = _ask(logged_in, queued)

    assert lines[0].endswith(f"is Queued: {first} before it")
    assert lines[2] == "seen   1 before it; nothing of it has begun"


@pytest.mark.parametrize("at", [1, 3])
def test_one_that_goes_on_tells_where_it_is(logged_in: Terminal, at: int) -> None:
    lines = _ask(logged_in, deployment(logged_in.clock.now(), at=at))

    assert f"is InProgress: step {at + 1} " in lines[0]


def _with_signals(now: datetime) -> dict[str, object]:
    ended = deployment(now, status="RolledBack", statusReason="observe failed", endedAt=later(now, -5))
    return with_step(ended, WATCHES, status="Failed", verdict={**FAILED, "signals": [FAILED, TOO_FEW]})


def test_asked_for_the_signals_it_tells_what_every_rule_said(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    logged_in.api.script("GET", f"/deployments/{ID}", httpx.Response(200, json=_with_signals(now)))
    logged_in.api.events = [event(now, "RollBack", "system")]

    lines = [" ".join(each.split()) for each in logged_in.type("deploy", "why", ID, "--signals").stdout.splitlines()]

    assert lines[6:] == [
        "rule n value surely in limit",
        "FAIL error limit 212 21.4 % [15.1 %, 29 %] 5 %",
        "INCONCLUSIVE minimum requests 12 12 requests 50 requests",
    ]


def test_programs_get_every_signal(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    logged_in.api.script("GET", f"/deployments/{ID}", httpx.Response(200, json=_with_signals(now)))

    told = json.loads(logged_in.type("--json", "deploy", "why", ID).stdout)

    assert [(each["rule"], each["outcome"], each["n"]) for each in told["signals"]] == [
        ("error limit", "fail", 212),
        ("minimum requests", "inconclusive", 12),
    ]


def test_programs_get_the_same_as_fields(logged_in: Terminal) -> None:
    now = logged_in.clock.now()
    ended = deployment(now, status="RolledBack", statusReason="observe failed", endedAt=later(now, -5))
    breach = with_step(ended, WATCHES, status="Failed", verdict=FAILED)
    logged_in.api.script("GET", f"/deployments/{ID}", httpx.Response(200, json=breach))
    logged_in.api.events = [event(now, "RollBack", "system")]

    told = json.loads(logged_in.type("--json", "deploy", "why", ID).stdout)

    assert (told["query"], told["window"], told["n"]) == ("error rate of the candidate", "10 s", 212)
    assert (told["value"], told["low"], told["high"], told["threshold"]) == (0.214, 0.151, 0.29, 0.05)
    assert (told["rule"], told["actor"]) == ("error limit at step 5 observe", "system")
