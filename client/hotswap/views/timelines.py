"""The timeline of a deployment: what happened when, by whom, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hotswap.resources.decisions import Event

_WORD_BEGINS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_STYLES = {"FailStep": "bad", "RollBack": "bad", "Reject": "bad", "ExpireApproval": "bad", "Approve": "ok"}


def timeline_view(events: Sequence[Event], *, most: int | None = None) -> RenderableType:
    """List events, the oldest first; no more than the last *most* of them."""
    shown = events if most is None else events[-most:]
    left_out = len(events) - len(shown)
    drawn = Table.grid(padding=(0, 2, 0, 0))
    drawn.add_column(style="quiet", no_wrap=True)
    drawn.add_column(no_wrap=True)
    drawn.add_column(style="quiet", no_wrap=True)
    drawn.add_column(overflow="fold")
    for event in shown:
        at = f"{event.at:%H:%M:%S}" if event.at else ""
        drawn.add_row(at, Text(_said(event), style=_STYLES.get(event.action, "")), event.actor, _because(event))
    title = "  timeline" + (f" (the last {len(shown)} of {len(events)}; all with --timeline)" if left_out else "")

    return Group(Text(title, style="quiet"), Padding(drawn, (0, 0, 0, 4)))


def _said(event: Event) -> str:
    words = _WORD_BEGINS.sub(" ", event.action).capitalize()
    step = event.after.get("step")

    return f"{words} {step + 1}" if isinstance(step, int) and not isinstance(step, bool) else words


def _because(event: Event) -> str:
    told = event.reason or event.after.get("because") or event.after.get("hold") or event.after.get("kind") or ""

    return str(told)
