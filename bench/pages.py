"""The page that people read later: docs/benchmarks.md, written by the run that it shows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.machine import PROJECT_DIRECTORY
from bench.reports import Measure, Report, Verdict

PAGE = PROJECT_DIRECTORY / "docs" / "benchmarks.md"
_MARKS = {Verdict.MET: "✓ met", Verdict.NOT_MET: "✗ **not met**", Verdict.NO_AIM: ""}
_INTRODUCTION = """\
# Benchmarks

<!-- Written by `make bench ARGS="--slow --record"`. Do not edit: measure again. -->

Every figure on this page was printed by one run of `python -m bench` on one machine. Absolute times
belong to that machine; ratios travel, because both sides took turns on the same core in the same
run, and only turns in which a fixed loop ran at the machine's usual speed count. "95 %" are the bounds of the
ratio in a bootstrap of its samples.
"""


def write_page(reports: Sequence[Report], facts: Mapping[str, str], path: Path = PAGE) -> None:
    """Replace the page by what this run found."""
    told = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
    sections = [_section(report) for report in reports]
    path.write_text("\n".join([_INTRODUCTION, f"| this run | |\n|---|---|\n{told}\n", *sections]))


def _section(report: Report) -> str:
    lines = [f"## {report.title}\n", f"`make bench ARGS={report.name}`: {report.method}\n"]
    if report.problem:
        lines.append(f"Not measured: {report.problem}\n")
    if report.measures:
        lines.append("| what | ours | against | result | aim | | n | 95 % |\n|---|---|---|---|---|---|---|---|")
        lines.append("\n".join(_row(measure) for measure in report.measures) + "\n")
    lines += [f"- {note}" for note in report.notes]
    return "\n".join(lines) + ("\n" if report.notes else "")


def _row(measure: Measure) -> str:
    cells = [
        measure.what,
        measure.ours,
        measure.peer,
        measure.result_text,
        measure.aim_text,
        _MARKS[measure.verdict],
        str(measure.n),
        measure.spread_text,
    ]
    return f"| {' | '.join(cells)} |"
