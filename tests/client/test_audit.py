"""The audit trail from the command line: a table for people, files that are whole or not there."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hotswap.errors import ExitCode
from tests.client.conftest import Terminal

RECORD: dict[str, Any] = {
    "id": "aud_1",
    "at": "2026-11-22T12:00:00.000Z",
    "actor": "ana",
    "roles": ["Developer"],
    "action": "UpdateTenant",
    "resource": "tenants/acme",
    "tenantId": "acme",
    "result": "done",
    "reason": "they asked",
    "before": {"ring": "general", "tier": "free"},
    "after": {"ring": "beta", "tier": "free"},
    "ip": "203.0.113.7",
    "userAgent": "curl",
    "traceId": "t",
}


@pytest.fixture
def admin(terminal: Terminal) -> Terminal:
    terminal.log_in("admin")
    return terminal


def script(admin: Terminal, path: str, *answers: httpx.Response) -> None:
    for answer in answers:
        admin.api.script("GET", path, answer)


def test_a_record_tells_who_did_what_and_what_changed(admin: Terminal) -> None:
    refused = {**RECORD, "actor": "eve", "action": "DenyRequest", "result": "refused", "before": {}, "after": {}}
    script(admin, "/audit", httpx.Response(200, json={"items": [RECORD, refused], "nextCursor": None}))

    result = admin.type("audit", "list", "--tenant", "acme", "--from", "2026-11-01")

    assert result.exit_code == ExitCode.OK
    head, first, second = result.stdout.splitlines()
    assert head.split()[:5] == ["WHEN", "WHO", "DID", "TO", "TENANT"]
    assert "ana" in first
    assert first.endswith("ring general → beta  they asked")
    assert "DenyRequest" in second
    sent = dict(admin.api.requests[-1].url.params)
    assert (sent["tenant"], sent["from"], "actor" in sent) == ("acme", "2026-11-01", False)


def test_programs_get_every_field(admin: Terminal) -> None:
    script(admin, "/audit", httpx.Response(200, json={"items": [RECORD], "nextCursor": None}))

    result = admin.type("--json", "audit", "list")

    assert json.loads(result.stdout) == {"items": [RECORD]}


def test_an_empty_trail_says_so(admin: Terminal) -> None:
    script(admin, "/audit", httpx.Response(200, json={"items": [], "nextCursor": None}))

    assert "Nothing is recorded" in admin.type("audit", "list").stdout


def parts() -> list[httpx.Response]:
    return [
        httpx.Response(200, text="id,actor\r\naud_2,ana\r\n", headers={"X-Next-Cursor": "c1"}),
        httpx.Response(200, text="aud_1,bob\r\n"),
    ]


def test_a_file_is_made_of_all_parts(admin: Terminal) -> None:
    script(admin, "/audit/export", *parts())
    target = admin.folder / "trail.csv"

    result = admin.type("audit", "export", "--format", "csv", "--output", str(target))

    assert result.exit_code == ExitCode.OK
    assert target.read_bytes() == b"id,actor\r\naud_2,ana\r\naud_1,bob\r\n"
    assert admin.api.requests[-1].url.params["cursor"] == "c1"
    assert [path.name for path in admin.folder.glob("trail*")] == ["trail.csv"]


def test_without_a_file_it_goes_to_standard_output(admin: Terminal) -> None:
    script(admin, "/audit/export", httpx.Response(200, text='{"id":"aud_1"}\n'))

    assert admin.type("audit", "export").stdout == '{"id":"aud_1"}\n'


def test_an_export_that_breaks_off_leaves_the_file_of_before(admin: Terminal) -> None:
    problem = {"code": "FORBIDDEN", "detail": "No more.", "status": 403}
    script(admin, "/audit/export", parts()[0], httpx.Response(403, json=problem))
    target = admin.folder / "trail.csv"
    target.write_text("before")

    result = admin.type("audit", "export", "--format", "csv", "--output", str(target))

    assert result.exit_code == ExitCode.NOT_ALLOWED
    assert target.read_text() == "before"
    assert [path.name for path in admin.folder.glob("trail*")] == ["trail.csv"]


PROOF: dict[str, Any] = {
    "day": "2026-11-22",
    "verdict": "Whole",
    "sealed": 1200,
    "pending": 0,
    "expired": 0,
    "erased": 0,
    "late": 0,
    "head": "ab" * 32,
    "finding": None,
}
BROKEN = {
    **PROOF,
    "day": "2026-11-21",
    "verdict": "Broken",
    "finding": {"fault": "changed", "sequence": 4, "recordId": "aud_4", "detail": "it does not say what was sealed"},
}


def test_each_day_of_the_trail_is_proven(admin: Terminal) -> None:
    script(admin, "/audit/verify", httpx.Response(200, json=PROOF), httpx.Response(200, json={**PROOF, "pending": 3}))

    result = admin.type("audit", "verify", "--from", "2026-11-21", "--to", "2026-11-22")

    assert result.exit_code == ExitCode.OK
    assert [request.url.params["day"] for request in admin.api.requests[-2:]] == ["2026-11-21", "2026-11-22"]
    _, first, second = result.stdout.splitlines()
    assert first.split() == ["2026-11-22", "✔", "whole", "1200", "0"]
    assert second.endswith("3 not sealed yet, which takes up to 30 minutes")


def test_today_is_proven_when_no_day_is_named(admin: Terminal) -> None:
    script(admin, "/audit/verify", httpx.Response(200, json=PROOF))

    result = admin.type("--json", "audit", "verify")

    assert json.loads(result.stdout) == {"items": [PROOF]}
    today = admin.clock.now().date().isoformat()
    assert admin.api.requests[-1].url.params["day"] == today


def test_a_broken_trail_fails_and_names_the_first_bad_record(admin: Terminal) -> None:
    script(admin, "/audit/verify", httpx.Response(200, json=BROKEN))

    result = admin.type("audit", "verify", "--to", "2026-11-21")

    assert result.exit_code == ExitCode.FAILED
    assert "aud_4 changed: it does not say what was sealed" in result.stdout
    assert "2026-11-21 is broken" in result.stderr
    assert "fix:" in result.stderr


def test_days_in_the_wrong_order_are_refused(admin: Terminal) -> None:
    result = admin.type("audit", "verify", "--from", "2026-11-22", "--to", "2026-11-21")

    assert result.exit_code == ExitCode.USAGE
