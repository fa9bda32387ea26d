"""`deploy verdicts`: what was judged when, and what followed, page after page."""

from __future__ import annotations

import json

import httpx

from tests.client.conftest import Terminal
from tests.client.live_deployments import FAILED, ID, PASSED, TOO_FEW, Document

PATH = f"/deployments/{ID}/verdicts"


def given(second: int, verdict: Document, consequence: str = "none", **more: object) -> Document:
    at = f"2026-03-01T12:00:{second:02d}.000Z"
    step = {"attempt": 1, "stepIndex": 4, "stepKind": "observe"}
    return {"at": at, **step, "consequence": consequence, "verdict": verdict, **more}


def page(items: list[Document], cursor: str | None = None) -> httpx.Response:
    return httpx.Response(200, json={"items": items, "nextCursor": cursor, "hasMore": cursor is not None})


def test_each_look_is_a_line_with_what_was_seen_and_what_followed(logged_in: Terminal) -> None:
    rolled_back, passed, few = given(30, FAILED, "rollback"), given(20, PASSED), given(10, TOO_FEW, attempt=2)
    logged_in.api.script("GET", PATH, page([rolled_back, passed], "more"))
    logged_in.api.script("GET", PATH, page([few]))

    result = logged_in.type("deploy", "verdicts", ID, "--all")

    assert result.exit_code == 0, result.stderr
    header, *lines = (line.split() for line in result.stdout.splitlines())
    assert header == ["at", "(UTC)", "step", "verdict", "seen", "then"]
    assert lines[0][:5] == ["2026-03-01", "12:00:30", "5", "observe", "FAIL"]
    assert "21.4 % [15.1 %, 29 %] limit 5 % n=212" in " ".join(lines[0])
    assert lines[0][-2:] == ["rolled", "back"]
    assert "PASS" in lines[1]
    assert lines[1][-1] == "n=8,410"
    assert "(attempt 2) INCONCLUSIVE 12 of 50 requests that a pass needs" in " ".join(lines[2])


def test_programs_get_them_as_the_api_tells_them(logged_in: Terminal) -> None:
    one = given(30, FAILED, "rollback")
    logged_in.api.script("GET", PATH, page([one]))

    result = logged_in.type("--json", "deploy", "verdicts", ID)

    assert json.loads(result.stdout) == {"items": [one]}


def test_nothing_yet_is_said_in_words(logged_in: Terminal) -> None:
    logged_in.api.script("GET", PATH, page([]))

    assert "No verdict was given yet." in logged_in.type("deploy", "verdicts", ID).stdout
