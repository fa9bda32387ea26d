"""Errors and findings: what, where, and always how to fix it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hotswap.errors import ApiError, FieldProblem, HotSwapError


def error_view(error: HotSwapError) -> RenderableType:
    """Show an error: what happened, each thing that is wrong, then the fix."""
    parts: list[RenderableType] = [Text.assemble(("✗ ", "bad"), error.message)]
    if isinstance(error, ApiError):
        trace = f" · trace {error.trace_id}" if error.trace_id else ""
        parts.append(Text(f"  {error.status} {error.code}{trace}", style="quiet"))
    # A single problem that only repeats the message and its fix adds nothing.
    if any(problem.message not in error.message for problem in error.problems):
        parts.append(problems_view(error.problems, without_fix=error.fix))
    parts.append(_labelled("fix:", error.fix, indent=2))

    return Group(*parts)


def problems_view(problems: Sequence[FieldProblem], *, without_fix: str = "") -> RenderableType:
    """List problems as what, where and fix; a fix equal to *without_fix* is said elsewhere."""
    parts: list[RenderableType] = []
    for problem in problems:
        parts.append(_labelled("•", problem.message, indent=2, style="default"))
        if problem.field:
            parts.append(_labelled("where:", problem.field, indent=4, style="quiet"))
        if problem.fix and problem.fix != without_fix:
            parts.append(_labelled("fix:", problem.fix, indent=4))

    return Group(*parts)


def _labelled(label: str, text: str, *, indent: int, style: str = "fix") -> RenderableType:
    drawn = Table.grid(padding=(0, 1, 0, 0))
    drawn.add_column(style="quiet", no_wrap=True)
    drawn.add_column(style=style, overflow="fold")
    drawn.add_row(label, Text(text))

    return Padding(drawn, (0, 0, 0, indent))
