"""The answer of a plugin."""

from __future__ import annotations

import json

from rich.console import Group, RenderableType
from rich.json import JSON
from rich.text import Text

from hotswap.resources.invocations import Invocation
from hotswap.views.times import duration


def invocation_view(invocation: Invocation) -> RenderableType:
    """Show what came back, which version gave it, and why that one."""
    served = Text.assemble(
        ("✔ ", "ok"),
        "served by ",
        (invocation.version, "version"),
        (f" · {invocation.reason} · {duration(invocation.duration_ms)}", "quiet"),
    )
    trace = Text(f"  trace {invocation.trace_id}", style="quiet") if invocation.trace_id else Text("", end="")

    return Group(served, trace, JSON(json.dumps(invocation.result, ensure_ascii=False)))
