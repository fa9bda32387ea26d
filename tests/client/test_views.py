"""Times, sizes and lines as people read them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from hotswap.output import Output
from hotswap.progress import SilentProgress
from hotswap.resources.deployments import Deployment
from hotswap.resources.reading import time_of
from hotswap.views.deployments import head_view
from hotswap.views.stages import StageLines
from hotswap.views.theme import THEME, marked
from hotswap.views.times import ago, duration, lasted, size
from tests.client.fake_clock import FakeClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "seconds, text",
    [(3, "just now"), (42, "42 s ago"), (185, "3 min ago"), (7300, "2 h ago"), (90_000, "1 d ago")],
)
def test_says_how_long_ago_in_the_unit_that_fits(seconds: int, text: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_the_head_of_a_deployment_tells_that_what_it_left_fails_more_than_before() -> None:
    at = (NOW - timedelta(hours=2)).isoformat()
    document = {"deploymentId": "dep_01", "status": "Completed", "environment": "QA", "createdAt": at}

    sound, regressed = (Deployment.of({**document, **more}) for more in ({}, {"regressedAt": at}))

    assert "regressed" not in head_view(sound, NOW).plain
    assert "regressed 2 h ago" in head_view(regressed, NOW).plain


def test_says_the_date_of_what_was_long_ago() -> None:
    assert ago(NOW - timedelta(days=40), NOW) == "2026-01-20"
    assert ago(None, NOW) == "-"


@pytest.mark.parametrize(
    "milliseconds, text", [(None, "-"), (0.2, "<1 ms"), (38.2, "38 ms"), (4210, "4.2 s"), (125_000, "2 min 5 s")]
)
def test_says_durations_in_the_unit_that_fits(milliseconds: float | None, text: str) -> None:
    assert duration(milliseconds) == text


def test_what_has_not_ended_has_not_lasted() -> None:
    assert lasted(NOW, None) == ""
    assert lasted(NOW, NOW + timedelta(seconds=2)) == "2.0 s"


@pytest.mark.parametrize("count, text", [(12, "12 B"), (1900, "2 kB"), (1_900_000, "1.9 MB")])
def test_says_sizes_in_the_unit_that_fits(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize("text", ["", "yesterday", "2026-03-01T12:00:00"])
def test_a_time_that_cannot_be_placed_is_none(text: str) -> None:
    assert time_of({"at": text}, "at") is None


def test_values_in_a_line_are_never_read_as_markup() -> None:
    assert marked("[name]{value}[/]", value="[/bad] x").plain == "[/bad] x"


def test_a_stage_turns_on_a_terminal_and_leaves_a_line() -> None:
    target = io.StringIO()
    clock = FakeClock()
    lines = StageLines(Console(file=target, force_terminal=True, width=60, theme=THEME), clock)

    lines.begin("upload", "1.9 MB")
    lines.update("50 %")
    clock.advance(2)
    lines.fail("refused")

    assert "✗" in target.getvalue()
    assert "2.0 s" in target.getvalue()


def test_silent_progress_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = SilentProgress()

    progress.begin("upload")
    progress.update("half")
    progress.fail("no")
    progress.end("yes")

    assert capsys.readouterr() == ("", "")


def test_piped_lines_end_where_their_text_ends(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(is_json=False, width=40)

    out.say("short    ")

    assert capsys.readouterr().out == "short\n"
    assert not out.is_live


def test_programs_get_no_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    Output(is_json=True).say("for people")

    assert capsys.readouterr().out == ""
