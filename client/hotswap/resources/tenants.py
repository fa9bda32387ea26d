"""Tenants: customers of the product."""

from __future__ import annotations

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

    def list(self, *, ring: str | None = None, limit: int | None = None) -> Iterator[Tenant]:
        """Walk through the tenants."""
        return walk(self._transport, "/tenants", Tenant.of, limit=limit, filters={"ring": ring})
