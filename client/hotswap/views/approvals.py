"""Approvals and policies in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from hotswap.resources.reading import Document, time_of
from hotswap.views.tables import facts, listing
from hotswap.views.theme import status_text
from hotswap.views.times import ago


def approvals_view(found: Sequence[Document], now: datetime) -> RenderableType:
    """List approvals: what is asked, how many have agreed, how long is left."""
    rows = [
        (
            Text(one["deploymentId"], style="name"),
            f"{one['pluginId']} {one['version']}",
            one["environment"],
            status_text(one["status"]),
            _count(one),
            _left(one, now),
            one["requestedBy"],
        )
        for one in found
    ]
    columns = ("DEPLOYMENT", "WHAT", "WHERE", "STATUS", "AGREED>", "LEFT", "ASKED BY")
    return listing(columns, rows, nothing="Nothing waits for anybody here.", next_step="hotswap deploy list")


def approval_view(one: Document, now: datetime, *, title: str = "") -> RenderableType:
    """Show what is asked, and who has said what."""
    said = [
        ("approved by" if voice["decision"] == "approve" else "rejected by", _voice(voice, now))
        for voice in one["decisions"]
    ]
    pairs: list[tuple[str, RenderableType]] = [
        ("approval", one["approvalId"]),
        ("deployment", one["deploymentId"]),
        ("status", status_text(one["status"])),
        ("agreed", f"{_count(one)}, from {' or '.join(one['roles'])}"),
        ("left", _left(one, now)),
        ("asked by", f"{one['requestedBy']}, who may not decide"),
        *said,
        ("binding", one["binding"]),
    ]
    what = Text(f"{one['pluginId']} {one['version']} to {one['environment']}", style="name")
    head = [Text.assemble(("✔ ", "ok"), title)] if title else []
    return Group(*head, what, facts(pairs))


def policy_view(document: Document, *, title: str = "") -> RenderableType:
    """Show what an environment asks, and whether it is open."""
    rule = document["approvals"]
    asked = f"{rule['needed']} of {' or '.join(rule['roles'])} within {rule['timeout']}, else {rule['onExpiry']}"
    windows = [("window", _window(window)) for window in document["windows"]]
    freezes = [("frozen", f"{one['begins']} to {one['ends']} {one['reason']}".strip()) for one in document["freezes"]]
    opens = f", opens {document['opensAt']}" if document["opensAt"] else ""
    state = (
        Text("open", style="ok") if document["isOpen"] else Text(f"{document['closedBecause']}{opens}", style="held")
    )
    pairs: list[tuple[str, RenderableType]] = [
        ("now", state),
        ("approvals", asked if rule["needed"] else "none"),
        ("never by", ", ".join(rule["excluded"])),
        *windows,
        *freezes,
        ("stopped", document["stopTheLine"]),
        ("ladder", "only what was Completed in a lower environment" if document["ladder"] else "off"),
    ]
    head = [Text.assemble(("✔ ", "ok"), title)] if title else []
    return Group(*head, Text(document["environment"], style="name"), facts(pairs))


def _count(one: Document) -> str:
    return f"{one['agreed']} of {one['needed']}"


def _left(one: Document, now: datetime) -> str:
    expires_at = time_of(one, "expiresAt")
    if one["status"] != "Pending" or expires_at is None:
        return ""
    minutes = int((expires_at - now).total_seconds() // 60)
    hours = f"{minutes // 60} h " if minutes >= 60 else ""  # noqa: PLR2004 (of an hour)
    return f"{hours}{minutes % 60} min" if minutes > 0 else "none: it waits on"


def _voice(voice: Document, now: datetime) -> str:
    why = f": {voice['reason']}" if voice["reason"] else ""
    return f"{voice['by']} {ago(time_of(voice, 'at'), now)}{why}"


def _window(window: Document) -> str:
    return f"{' '.join(window['weekdays'])} {window['begins']} to {window['until']} {window['timeZone']}"
