"""Tenants, installations, plugin state and the audit trail, in memory."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.audit import AuditFilter, AuditRecord
from chalicelib.domain.audit_seals import day_of
from chalicelib.domain.errors import ConflictError, NotFoundError, StaleRevisionError
from chalicelib.domain.installations import KEPT_REVISIONS, ConfigRevision, Enabled, Installation, UninstalledError
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.rings import Rings
from chalicelib.domain.routes import Route
from chalicelib.domain.tenants import Erased, Tenant, TenantFilter
from tests.fakes.tables import FakeTables, page_of, require_revision


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

    def page(self, wanted: TenantFilter, request: PageRequest) -> Page[Tenant]:
        listed = sorted(self.tables.tenants.items())
        return page_of([(key, tenant) for key, tenant in listed if wanted.admits(tenant)], request)

    def count_in_ring(self, ring: str) -> int:
        return sum(tenant.ring == ring for tenant in self.tables.tenants.values())

    def save(self, tenant: Tenant, record: AuditRecord) -> Tenant:
        with self.tables.transaction(record):
            require_revision(self.tables.tenants.get(tenant.id), tenant.revision)
            saved = tenant._replace(revision=tenant.revision + 1)
            self.tables.tenants[tenant.id] = saved
            return saved

    def erase(self, tenant_id: str, *, limit: int) -> Erased:
        kept: dict[str, dict[Any, Any]] = {
            "installations": self.tables.installations,
            "configRevisions": self.tables.revisions,
            "states": self.tables.states,
        }
        with self.tables.lock:
            found = [(kind, key) for kind, items in kept.items() for key in items if key[0] == tenant_id]
            counts = Counter(kind for kind, _ in found[:limit])
            for kind, key in found[:limit]:
                gone = kept[kind].pop(key)
                if isinstance(gone, Installation):
                    counts["secrets"] += len(gone.sealed_secrets)
                    counts["pins"] += gone.pin is not None
            return Erased({kind: count for kind, count in sorted(counts.items()) if count}, len(found) <= limit)

    def remove(self, tenant: Tenant, record: AuditRecord) -> None:
        with self.tables.transaction(record):
            known = self.tables.tenants.get(tenant.id)
            if known is None or known.erasing_since is None:
                raise StaleRevisionError("Somebody else changed it in between.")
            del self.tables.tenants[tenant.id]


@dataclass
class FakeRings:
    """The list of rings."""

    tables: FakeTables

    def get(self) -> Rings:
        return self.tables.rings

    def save(self, rings: Rings, record: AuditRecord) -> Rings:
        with self.tables.transaction(record):
            require_revision(self.tables.rings, rings.revision)
            self.tables.rings = replace(rings, revision=rings.revision + 1)
            return self.tables.rings


@dataclass
class FakeInstallations:
    """Installations."""

    tables: FakeTables

    def get(self, tenant_id: str, plugin_id: str) -> Installation:
        installation = self.tables.installations.get((tenant_id, plugin_id))
        if installation is None:
            raise NotFoundError(f"{plugin_id!r} is not installed.", fix="Enable it first.")
        return installation

    def put(
        self,
        tenant_id: str,
        installation: Installation,
        record: AuditRecord,
        *,
        history: ConfigRevision | None = None,
    ) -> Installation:
        if installation.tenant_id != tenant_id:
            raise ValueError("the installation belongs to another tenant")
        with self.tables.transaction(record):
            key = tenant_id, installation.plugin_id
            known = self.tables.installations.get(key)
            if (known.revision if known else 0) != installation.revision:
                raise StaleRevisionError("Somebody else changed it in between.")
            tenant = self.tables.tenants.get(tenant_id)
            if tenant is None or tenant.erasing_since is not None:
                raise NotFoundError(f"There is no tenant {tenant_id!r}.", fix="Check the id.")
            saved = installation._replace(revision=installation.next_revision)
            self.tables.installations[key] = saved
            if history is not None:
                self.tables.revisions[(*key, history.number)] = history
                self.tables.revisions.pop((*key, history.number - KEPT_REVISIONS), None)
            return saved

    def remove(self, tenant_id: str, installation: Installation, record: AuditRecord) -> None:
        if installation.tenant_id != tenant_id:
            raise ValueError("the installation belongs to another tenant")
        key = tenant_id, installation.plugin_id
        with self.tables.lock:
            for numbered in [each for each in self.tables.revisions if each[:2] == key]:
                del self.tables.revisions[numbered]
        with self.tables.transaction(record):
            require_revision(self.tables.installations.get(key), installation.revision)
            del self.tables.installations[key]
            self.tables.states.pop(key, None)

    def revisions(self, tenant_id: str, plugin_id: str, request: PageRequest) -> Page[ConfigRevision]:
        kept = sorted(
            ((key[2], each) for key, each in self.tables.revisions.items() if key[:2] == (tenant_id, plugin_id)),
            key=lambda numbered: numbered[0],
        )
        return page_of([(str(number), each) for number, each in reversed(kept)], request)

    def revision(self, tenant_id: str, plugin_id: str, number: int) -> ConfigRevision:
        found = self.tables.revisions.get((tenant_id, plugin_id, number))
        if found is None:
            raise NotFoundError(f"There is no revision {number} of the config of {plugin_id!r}.", fix="List them.")
        return found

    def pinned(self, plugin_id: str, version: str, *, now: str) -> int:
        return len(list(self.pinned_tenants(plugin_id, version, now=now)))

    def pinned_tenants(self, plugin_id: str, version: str, *, now: str) -> Iterator[str]:
        pins = [(tenant, item.pin) for (tenant, plugin), item in self._all() if plugin == plugin_id]
        held = (
            tenant
            for tenant, pin in pins
            if pin is not None and pin.target.version == version and pin.holds(pin.environment, now)
        )
        yield from sorted(held)

    def page(self, tenant_id: str, request: PageRequest) -> Page[Installation]:
        listed = sorted((plugin, item) for (tenant, plugin), item in self._all() if tenant == tenant_id)
        return page_of(listed, request)

    def count_enabled(self, plugin_id: str) -> int:
        return sum(plugin == plugin_id and item.is_enabled for (_, plugin), item in self._all())

    def enabled_tenants(self, plugin_id: str) -> Iterator[Enabled]:
        enabled = sorted((key[0], item) for key, item in self._all() if key[1] == plugin_id and item.is_enabled)
        known = ((tenant_id, item.pin) for tenant_id, item in enabled if tenant_id in self.tables.tenants)
        return (Enabled(tenant_id, self.tables.tenants[tenant_id].ring, pin) for tenant_id, pin in known)

    def is_installed_anywhere(self, plugin_id: str) -> bool:
        return any(plugin == plugin_id and item.is_enabled for (_, plugin), item in self._all())

    def _all(self) -> list[tuple[tuple[str, str], Installation]]:
        return list(self.tables.installations.items())


@dataclass
class FakeAuditTrail:
    """Records without a change, and reading of all."""

    tables: FakeTables

    def append(self, record: AuditRecord) -> None:
        with self.tables.transaction(record):
            pass

    def page(self, wanted: AuditFilter, request: PageRequest) -> Page[AuditRecord]:
        found = sorted(filter(wanted.admits, self.tables.records), key=lambda each: (each.at, each.id), reverse=True)
        return page_of([(each.id, each) for each in found], request)

    def read(self, resource: str) -> tuple[AuditRecord, ...]:
        return tuple(each for each in self.tables.records if each.resource == resource)

    def of_day(self, day: str) -> Iterator[AuditRecord]:
        return iter([each for each in self.tables.records if day_of(each) == day])

    def of_tenant(self, tenant_id: str) -> Iterator[AuditRecord]:
        return iter([each for each in self.tables.records if each.tenant_id == tenant_id])

    def empty(self, emptied: AuditRecord) -> None:
        with self.tables.lock:
            ids = [each.id for each in self.tables.records]
            if emptied.id not in ids:
                raise NotFoundError(f"There is no audit record {emptied.id}.", fix="It was kept long enough.")
            self.tables.records[ids.index(emptied.id)] = emptied


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

    def store(
        self, tenant_id: str, plugin_id: str, state: Mapping[str, Any], *, revision: int, installed_at: str
    ) -> None:
        with self.tables.lock:
            installation = self.tables.installations.get((tenant_id, plugin_id))
            if installation is None or installation.created_at != installed_at:
                raise UninstalledError(plugin_id)
            if self.load(tenant_id, plugin_id)[1] != revision:
                raise StaleRevisionError("Another call changed the state in between.")
            self.tables.states[tenant_id, plugin_id] = json.loads(json.dumps(state)), revision + 1
