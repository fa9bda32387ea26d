"""Verdicts as people read them: the word, the value, where it surely lies, and what it was held against."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from hotswap.resources.verdicts import Verdict
from hotswap.views.times import duration

_STYLES = {"pass": "ok", "fail": "bad", "error": "bad"}
_OF_CANDIDATE = " of the candidate"


def outcome_text(verdict: Verdict) -> Text:
    """Show the word alone, in its colour."""
    return Text(verdict.outcome.upper(), style=_STYLES.get(verdict.outcome, "held"))


def verdict_text(verdict: Verdict | None, *, is_brief: bool = False) -> Text:
    """Show a verdict in a line: its numbers if it was measured, else its reason (brief: a pass needs none)."""
    if verdict is None:
        return Text()
    is_quiet = is_brief and verdict.outcome == "pass"
    told = "" if is_quiet else numbers(verdict) or verdict.reason

    return Text.assemble(outcome_text(verdict), "  " if told else "", told)


def signals_view(signals: Sequence[Verdict]) -> Table:
    """Draw what each rule said, a line each: what was asked, the value and where it surely lies, and the limit."""
    names_versions = len({signal.version for signal in signals}) > 1
    drawn = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="quiet")
    drawn.add_column()
    drawn.add_column("rule")
    drawn.add_column("n", justify="right")
    drawn.add_column("value", justify="right")
    drawn.add_column("surely in")
    drawn.add_column("limit", justify="right")
    if names_versions:
        drawn.add_column("version", style="version")
    for signal in signals:
        drawn.add_row(
            outcome_text(signal),
            signal.rule,
            f"{signal.n:,}" if signal.n else "-",
            measure(signal.value, signal.unit),
            interval(signal),
            measure(signal.threshold, signal.unit) if signal.threshold is not None else "-",
            *([signal.version] if names_versions else []),
        )

    return drawn


def numbers(verdict: Verdict) -> str:
    """Say what was measured, as ``error rate 12 % [9 %, 15 %] limit 5 %  n=212``; empty where there is no interval."""
    if verdict.value is None or interval(verdict) == "":
        return ""
    query = verdict.query.removesuffix(_OF_CANDIDATE)
    limit = f" limit {measure(verdict.threshold, verdict.unit)}" if verdict.threshold is not None else ""

    return f"{query} {measure(verdict.value, verdict.unit)} {interval(verdict)}{limit}  n={verdict.n:,}"


def interval(verdict: Verdict) -> str:
    """Say between what the value surely lies, as ``[9 %, 15 %]``; empty when that is not known."""
    if verdict.low is None and verdict.high is None:
        return ""
    low = "-∞" if verdict.low is None else measure(verdict.low, verdict.unit)
    high = "∞" if verdict.high is None else measure(verdict.high, verdict.unit)

    return f"[{low}, {high}]"


def measure(value: float | None, unit: str) -> str:
    """Say a number in its unit: a share in percent, times as a factor, milliseconds as a duration."""
    if value is None:
        return "-"
    if unit == "share":
        return f"{value * 100:.3g} %"
    if unit == "times":
        return f"{value:.3g}×"
    if unit == "ms":
        return duration(value)

    return f"{value:,.4g} {unit}".rstrip()
