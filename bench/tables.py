"""Reports on a terminal: a table a case, the verdict where the eye falls, the method in one quiet line."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bench.reports import Measure, Report, Verdict

_STYLES = {Verdict.MET: "green", Verdict.NOT_MET: "bold red", Verdict.NO_AIM: "bright_black"}
_MARKS = {Verdict.MET: "✓ met", Verdict.NOT_MET: "✗ not met", Verdict.NO_AIM: ""}


def show_facts(console: Console, facts: Mapping[str, str]) -> None:
    """Say where and of what the figures are."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bright_black", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts.items():
        grid.add_row(name, value)
    console.print(Padding(grid, (1, 0, 0, 2)))


def show_report(console: Console, report: Report) -> None:
    """Print one case."""
    console.print()
    console.print(Text.assemble("  ", (report.title, "bold"), "  ", (report.name, "bright_black")))
    console.print(Padding(Text(report.method, style="bright_black"), (0, 0, 0, 2)))
    if report.problem:
        console.print(Padding(f"[bold red]not measured[/]  {escape(report.problem)}", (1, 0, 0, 2)))
    if report.measures:
        console.print(Padding(_table(report.measures), (1, 0, 0, 2)))
    for note in report.notes:
        console.print(Padding(Text(note, style="bright_black"), (0, 0, 0, 2)))


def show_verdicts(console: Console, reports: Sequence[Report]) -> None:
    """End with what it all comes to."""
    measures = [measure for report in reports for measure in report.measures if measure.verdict]
    met = sum(measure.verdict is Verdict.MET for measure in measures)
    unmeasured = sum(bool(report.problem) for report in reports)
    line = Text("\n  ")
    line.append(f"{met} of {len(measures)} aims met", style="green" if met == len(measures) else "bold red")
    if unmeasured:
        line.append(f", {unmeasured} of {len(reports)} cases not measured", style="bold red")
    console.print(line, end="\n\n")


def _table(measures: Sequence[Measure]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bright_black")
    table.add_column("what", overflow="fold")
    for title in ("ours", "against", "result", "aim"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("n", justify="right", style="bright_black")
    table.add_column("95 %", style="bright_black", no_wrap=True)
    for measure in measures:
        style = _STYLES[measure.verdict]
        table.add_row(
            measure.what,
            measure.ours,
            measure.peer,
            Text(measure.result_text, style=f"bold {style}" if measure.verdict else ""),
            measure.aim_text,
            Text(_MARKS[measure.verdict], style=style),
            str(measure.n),
            measure.spread_text,
        )
    return table
