"""Tenants, installations, plugin state and the audit trail, in memory."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import ConflictError, NotFoundError, StaleRevisionError
from chalicelib.domain.installations import Installation
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.routes import Route
from chalicelib.domain.tenants import Tenant
from tests.fakes.tables import FakeTables, page_of


@dataclass
class FakeTenants:
    """Tenants."""

    tables: FakeTables

    def add(self, tenant: Tenant, record: AuditRecord) -> None:
        with self.tables.transaction(record):
            if tenant.id in self.tables.tenants:
                raise ConflictError(f"The tenant id {tenant.id} is taken.", fix="Choose another id.")
            self.tables.tenants[tenant.id] = tenant

    def get(self, tenant_id: str) -> Tenant:
        tenant = self.tables.tenants.get(tenant_id)
        if tenant is None:
            raise NotFoundError(f"There is no tenant {tenant_id!r}.", fix="Check the id.")
        return tenant

    def page(self, request: PageRequest) -> Page[Tenant]:
        return page_of(sorted(self.tables.tenants.items()), request)


@dataclass
class FakeInstallations:
    """Installations."""

    tables: FakeTables

    def get(self, tenant_id: str, plugin_id: str) -> Installation:
        installation = self.tables.installations.get((tenant_id, plugin_id))
        if installation is None:
            raise NotFoundError(f"{plugin_id!r} is not installed.", fix="Enable it first.")
        return installation

    def put(self, tenant_id: str, installation: Installation, record: AuditRecord) -> Installation:
        if installation.tenant_id != tenant_id:
            raise ValueError("the installation belongs to another tenant")
        with self.tables.transaction(record):
            key = tenant_id, installation.plugin_id
            known = self.tables.installations.get(key)
            if (known.revision if known else 0) != installation.revision:
                raise StaleRevisionError("Somebody else changed it in between.")
            saved = replace(installation, revision=installation.revision + 1)
            self.tables.installations[key] = saved
            return saved

    def page(self, tenant_id: str, request: PageRequest) -> Page[Installation]:
        listed = sorted((plugin, item) for (tenant, plugin), item in self._all() if tenant == tenant_id)
        return page_of(listed, request)

    def is_installed_anywhere(self, plugin_id: str) -> bool:
        return any(plugin == plugin_id and item.is_enabled for (_, plugin), item in self._all())

    def _all(self) -> list[tuple[tuple[str, str], Installation]]:
        return list(self.tables.installations.items())


@dataclass
class FakeAuditTrail:
    """Records without a change."""

    tables: FakeTables

    def append(self, record: AuditRecord) -> None:
        with self.tables.transaction(record):
            pass


@dataclass
class FakeServingReads:
    """What an invocation reads, never stale."""

    tables: FakeTables

    def route(self, plugin_id: str, environment: str) -> Route | None:
        return self.tables.routes.get((plugin_id, environment))

    def tenant(self, tenant_id: str) -> Tenant | None:
        return self.tables.tenants.get(tenant_id)

    def installation(self, tenant_id: str, plugin_id: str) -> Installation | None:
        return self.tables.installations.get((tenant_id, plugin_id))


@dataclass
class FakeStates:
    """What plugins keep per tenant."""

    tables: FakeTables

    def load(self, tenant_id: str, plugin_id: str) -> tuple[dict[str, Any], int]:
        return self.tables.states.get((tenant_id, plugin_id), ({}, 0))

    def store(self, tenant_id: str, plugin_id: str, state: Mapping[str, Any], *, revision: int) -> None:
        with self.tables.lock:
            if self.load(tenant_id, plugin_id)[1] != revision:
                raise StaleRevisionError("Another call changed the state in between.")
            self.tables.states[tenant_id, plugin_id] = json.loads(json.dumps(state)), revision + 1
