"""What an invocation reads, and the bundle of all that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.domain.installations import Installation
    from chalicelib.domain.routes import Route
    from chalicelib.domain.tenants import Tenant
    from chalicelib.ports.clock import Clock, IdSource
    from chalicelib.ports.functions import VersionCaller
    from chalicelib.ports.identity import SecretBox
    from chalicelib.ports.tenants import StateRepository


class ServingReads(Protocol):
    """What an invocation reads, cached: fresh for a second, stale for 15 minutes when the table is away."""

    def route(self, plugin_id: str, environment: str) -> Route | None:
        """Return the route, at most one second old while the table answers."""

    def tenant(self, tenant_id: str) -> Tenant | None:
        """Return the tenant, at most one second old while the table answers."""

    def installation(self, tenant_id: str, plugin_id: str) -> Installation | None:
        """Return the tenant's installation, at most one second old while the table answers."""


@dataclass(frozen=True, slots=True)
class ServingPorts:
    """Everything that an invocation needs of the outside; nothing heavy is imported for it."""

    clock: Clock
    ids: IdSource
    reads: ServingReads
    states: StateRepository
    functions: VersionCaller
    secrets: SecretBox
