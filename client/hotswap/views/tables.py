"""Tables without frames, lists of facts, and what to say when there is nothing to list."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

#: An id of ours, ``dep_`` and a ULID.
_LONGEST_NAME = 30


def table(columns: Sequence[str], rows: Sequence[Sequence[RenderableType]]) -> Table:
    """Align *rows* under *columns*; a column whose name ends in ``>`` is set to the right."""
    drawn = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="quiet")
    # The first column names what the row is about; cut off, nobody could type it.
    is_short = max((cell_len(str(row[0])) for row in rows), default=0) <= _LONGEST_NAME
    for position, column in enumerate(columns):
        drawn.add_column(
            column.rstrip(">"),
            justify="right" if column.endswith(">") else "left",
            overflow="fold",
            no_wrap=position == 0 and is_short,
        )
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
