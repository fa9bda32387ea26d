"""Tenants: customers of the product."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from hotswap.resources.pages import walk
from hotswap.resources.reading import Document, text_of, time_of
from hotswap.resources.usage import PluginUsage
from hotswap.transport import Transport


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer of the product."""

    id: str
    name: str
    tier: str
    ring: str
    status: str
    created_at: datetime | None
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Tenant:
        """Read a tenant."""
        return cls(
            id=text_of(document, "id", "tenantId"),
            name=text_of(document, "name"),
            tier=text_of(document, "tier"),
            ring=text_of(document, "ring"),
            status=text_of(document, "status"),
            created_at=time_of(document, "createdAt"),
            raw=document,
        )


class Tenants:
    """Requests about tenants."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, tenant_id: str, *, name: str, validate_only: bool = False, **details: object) -> Tenant:
        """Add a tenant; *details* in the API's own spelling (``tier``, ``ring``)."""
        body = {"id": tenant_id, "name": name, **{key: value for key, value in details.items() if value}}

        return Tenant.of(self._transport.request("POST", "/tenants", body=body, validate_only=validate_only).document)

    def get(self, tenant_id: str) -> Tenant:
        """Read one tenant."""
        return Tenant.of(self._transport.request("GET", f"/tenants/{tenant_id}").document)

    def usage(self, tenant_id: str) -> Iterator[PluginUsage]:
        """Walk through what a tenant uses of each plugin."""
        return walk(self._transport, f"/tenants/{tenant_id}/usage", PluginUsage.of)

    def update(self, tenant_id: str, *, validate_only: bool = False, **changes: str | None) -> Tenant:
        """Change a tenant; *changes* in the API's own spelling, None changes nothing."""
        body = {name: value for name, value in changes.items() if value is not None}
        path = f"/tenants/{tenant_id}"

        return Tenant.of(self._transport.request("PATCH", path, body=body, validate_only=validate_only).document)

    def erase(self, tenant_id: str, *, validate_only: bool = False) -> Document:
        """Erase a tenant and everything of it, in as many requests as it takes; tell what went."""
        erased: Counter[str] = Counter()
        while True:
            path = f"/tenants/{tenant_id}"
            document = self._transport.request("DELETE", path, validate_only=validate_only).document
            erased.update(document.get("erased") or {})
            if document.get("status") != "Erasing":
                return {**document, "erased": dict(erased)}

    def export(self, tenant_id: str) -> Document:
        """Read everything that is kept of a tenant, all pages as one document."""
        path = f"/tenants/{tenant_id}/export"
        document = self._transport.request("GET", path).document
        items = [*(document.get("items") or ())]
        while document.get("nextCursor"):
            document = self._transport.request("GET", path, query={"cursor": document["nextCursor"]}).document
            items.extend(document.get("items") or ())

        return {"tenant": document.get("tenant"), "plugins": items}

    def list(
        self,
        *,
        tier: str | None = None,
        ring: str | None = None,
        status: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Tenant]:
        """Walk through the tenants."""
        filters = {"tier": tier, "ring": ring, "status": status}

        return walk(self._transport, "/tenants", Tenant.of, limit=limit, filters=filters)
