"""Keys that machines call with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from hotswap.resources.reading import Document, text_of, time_of
from hotswap.views.tables import facts, listing
from hotswap.views.theme import status_text
from hotswap.views.times import ago


def keys_view(keys: Sequence[Document], now: datetime) -> RenderableType:
    """List keys."""
    rows = [
        (
            Text(text_of(key, "id"), style="name"),
            text_of(key, "name"),
            status_text(text_of(key, "status")),
            ", ".join(key.get("actions") or ()),
            _tenants_of(key),
            ago(time_of(key, "createdAt"), now),
        )
        for key in keys
    ]

    return listing(
        ("KEY", "NAME", "STATUS", "MAY", "TENANTS", "CREATED"),
        rows,
        nothing="There are no keys yet.",
        next_step="hotswap key create 'shop backend' --tenant acme",
    )


def key_view(key: Document, *, title: str) -> RenderableType:
    """Show one key after a change to it."""
    head = Text.assemble(("✔ ", "ok"), f"{title} ", (text_of(key, "id"), "name"), f" ({text_of(key, 'name')})")
    body = facts(
        [
            ("may", ", ".join(key.get("actions") or ())),
            ("tenants", _tenants_of(key)),
            ("status", status_text(text_of(key, "status"))),
            ("until", text_of(key, "expiresAt")),
            ("overlap", text_of(key, "overlapsUntil")),
        ]
    )

    return Group(head, body)


def _tenants_of(key: Document) -> str:
    tenants = key.get("tenants")

    return "all" if tenants is None else ", ".join(tenants)
