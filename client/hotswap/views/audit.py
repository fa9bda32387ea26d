"""Records of the audit trail in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from hotswap.resources.reading import Document, time_of
from hotswap.views.tables import listing
from hotswap.views.times import ago

#: More values than that are told by their names alone.
_TOLD = 3
_LONGEST_VALUE = 40


def records_view(found: Sequence[Document], now: datetime) -> RenderableType:
    """List records: when, who, what, to what, and what changed or why."""
    rows = [
        (
            Text(ago(time_of(one, "at"), now), style="quiet"),
            Text(one["actor"], style="name"),
            Text(one["action"], style="bad" if one["result"] == "refused" else ""),
            one["resource"],
            one["tenantId"] or "",
            _told(one),
        )
        for one in found
    ]
    columns = ("WHEN", "WHO", "DID", "TO", "TENANT", "WHAT CHANGED, AND WHY")
    return listing(columns, rows, nothing="Nothing is recorded that you may read here.", next_step="hotswap audit list")


def proofs_view(found: Sequence[Document]) -> RenderableType:
    """List days: whether the trail holds, how much was looked at, and the first thing that is wrong."""
    rows = [
        (
            Text(one["day"], style="name"),
            Text("✔ whole", style="ok") if one["verdict"] == "Whole" else Text("✗ broken", style="bad"),
            str(one["sealed"]),
            str(one["pending"]),
            _remarks(one),
        )
        for one in found
    ]
    columns = ("DAY", "TRAIL", "SEALED>", "NOT YET>", "WHAT IS WRONG, OR TO BE KNOWN")
    return listing(columns, rows, nothing="No day was asked for.", next_step="hotswap audit verify")


def _remarks(one: Document) -> Text:
    finding = one["finding"]
    if finding:
        named = finding["recordId"] or f"place {finding['sequence']}"
        return Text.assemble((named, "name"), f" {finding['fault']}: {finding['detail']}")
    counts = (
        (one["pending"], "not sealed yet, which takes up to 30 minutes"),
        (one["expired"], "kept long enough"),
        (one["erased"], "emptied by the erasure of their tenant"),
        (one["late"], "sealed late"),
    )
    return Text("; ".join(f"{count} {what}" for count, what in counts if count), style="quiet")


def _told(one: Document) -> Text:
    before, after = one["before"], one["after"]
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if len(changed) > _TOLD:
        parts = [", ".join(changed)]
    else:
        parts = [f"{name} {_moved(before, after, name)}" for name in changed]
    return Text.assemble("; ".join(parts), ("  " if parts and one["reason"] else ""), (one["reason"], "quiet"))


def _moved(before: dict[str, Any], after: dict[str, Any], name: str) -> str:
    if name not in before:
        return _short(after[name])
    return f"{_short(before[name])} → {_short(after.get(name, 'none'))}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
