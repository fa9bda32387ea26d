"""Why a version serves a tenant, in five lines."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from hotswap.resources.effective import Effective
from hotswap.views.times import ago

_SHOWN_DIGEST = 12


def effective_view(found: Effective, now: datetime) -> RenderableType:
    """Show who serves and by which rule, then what is configured, what answered last, and the build."""
    return Group(
        _verdict(found),
        _line("because", found.why or f"the rule {found.reason} matched"),
        _line("configured", _configured(found)),
        _line("last served", _last(found, now)),
        _line("build", _build(found)),
    )


def _verdict(found: Effective) -> Text:
    place = f" {found.tenant_id} in {found.environment}"
    rule = (f" · {found.reason}", "quiet")
    if not found.resolved:
        return Text.assemble(("✖ ", "bad"), f"nothing of {found.plugin_id} serves", place, rule)
    return Text.assemble(("✔ ", "ok"), f"{found.plugin_id} ", (found.resolved, "version"), " serves", place, rule)


def _configured(found: Effective) -> str:
    candidate = f" · {found.candidate} at {found.candidate_percentage:g} %" if found.candidate else ""
    pinned = f" · tenant pinned to {found.pinned}" if found.pinned else " · tenant not pinned"
    return f"{found.configured or 'nothing'}{candidate}{pinned}"


def _last(found: Effective, now: datetime) -> Text | str:
    if not found.last_served:
        return "nothing yet"
    return Text.assemble(found.last_served, f" · {found.last_reason} · ", ago(found.last_at, now))


def _build(found: Effective) -> str:
    digest = f"sha256:{found.digest[:_SHOWN_DIGEST]}…" if found.digest else "none"
    return f"{digest} · bucket {found.bucket}" if found.bucket is not None else digest


def _line(label: str, content: Text | str) -> Text:
    return Text.assemble((f"  {label:<12}", "quiet"), content)
