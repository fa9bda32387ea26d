"""Plugins: named extensions of the product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from hotswap.resources.pages import walk
from hotswap.resources.reading import Document, text_of, time_of
from hotswap.transport import Transport


@dataclass(frozen=True, slots=True)
class Plugin:
    """A named extension of the product."""

    id: str
    type: str
    status: str
    display_name: str
    description: str
    author: str
    documentation_url: str
    tags: tuple[str, ...]
    created_at: datetime | None
    deprecation: Document
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Plugin:
        """Read a plugin."""
        return cls(
            id=text_of(document, "id", "pluginId", "name"),
            type=text_of(document, "type"),
            status=text_of(document, "status"),
            display_name=text_of(document, "displayName"),
            description=text_of(document, "description"),
            author=text_of(document, "author"),
            documentation_url=text_of(document, "documentationUrl"),
            tags=tuple(str(tag) for tag in document.get("tags") or ()),
            created_at=time_of(document, "createdAt"),
            deprecation=document.get("deprecation") or {},
            raw=document,
        )


class Plugins:
    """Requests about plugins."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def register(self, name: str, plugin_type: str, *, validate_only: bool = False, **details: object) -> Plugin:
        """Register a plugin; *details* in the API's own spelling (``displayName``, ``tags``, …)."""
        body = {"name": name, "type": plugin_type, **{key: value for key, value in details.items() if value}}

        return Plugin.of(self._transport.request("POST", "/plugins", body=body, validate_only=validate_only).document)

    def get(self, plugin_id: str) -> Plugin:
        """Read one plugin."""
        return Plugin.of(self._transport.request("GET", f"/plugins/{plugin_id}").document)

    def list(
        self,
        *,
        plugin_type: str | None = None,
        status: str | None = None,
        tags: tuple[str, ...] = (),
        limit: int | None = None,
    ) -> Iterator[Plugin]:
        """Walk through the plugins that the filters admit; all *tags* must be there."""
        filters = {"type": plugin_type, "status": status, "tags": ",".join(tags) or None}

        return walk(self._transport, "/plugins", Plugin.of, limit=limit, filters=filters)

    def deprecate(
        self, plugin_id: str, *, reason: str, migration_guide: str = "", validate_only: bool = False
    ) -> Plugin:
        """Advise against a plugin; it goes on serving."""
        body = {"reason": reason, "migrationGuide": migration_guide}
        path = f"/plugins/{plugin_id}/deprecate"

        return Plugin.of(self._transport.request("POST", path, body=body, validate_only=validate_only).document)

    def delete(self, plugin_id: str, *, validate_only: bool = False) -> Document:
        """Delete a plugin that is neither deployed nor installed; its versions are never reused."""
        return self._transport.request("DELETE", f"/plugins/{plugin_id}", validate_only=validate_only).document
