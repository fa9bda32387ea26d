"""Tables without frames, lists of facts, and what to say when there is nothing to list."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


def table(columns: Sequence[str], rows: Sequence[Sequence[RenderableType]]) -> Table:
    """Align *rows* under *columns*; a column whose name ends in ``>`` is set to the right."""
    drawn = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="quiet")
    for column in columns:
        title = column.rstrip(">")
        drawn.add_column(title, justify="right" if column.endswith(">") else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*row)

    return drawn


def listing(
    columns: Sequence[str], rows: Sequence[Sequence[RenderableType]], *, nothing: str, next_step: str
) -> RenderableType:
    """Show a table, or *nothing* and the *next_step* that would change that."""
    if rows:
        return table(columns, rows)

    return Group(Text(nothing), Text.assemble(("next: ", "quiet"), (next_step, "fix")))


def facts(pairs: Sequence[tuple[str, RenderableType]]) -> RenderableType:
    """List names and values, one a line; pairs with an empty value are left out."""
    drawn = Table.grid(padding=(0, 2, 0, 0))
    drawn.add_column(style="quiet", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in pairs:
        if value not in ("", None):
            drawn.add_row(name, value)

    return Padding(drawn, (0, 0, 0, 2))
