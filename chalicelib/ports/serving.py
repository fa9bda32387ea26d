"""What an invocation reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.domain.installations import Installation
    from chalicelib.domain.routes import Route
    from chalicelib.domain.tenants import Tenant


class ServingReads(Protocol):
    """What an invocation reads, cached: fresh for a second, stale for 15 minutes when the table is away."""

    def route(self, plugin_id: str, environment: str) -> Route | None:
        """Return the route, at most one second old while the table answers."""

    def tenant(self, tenant_id: str) -> Tenant | None:
        """Return the tenant, at most one second old while the table answers."""

    def installation(self, tenant_id: str, plugin_id: str) -> Installation | None:
        """Return the tenant's installation, at most one second old while the table answers."""
