"""Plugins, versions and the right to publish, in memory."""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import ConflictError, NotFoundError, TransientError
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.plugins import Plugin, PluginFilter, PluginStatus
from chalicelib.domain.versions import Version, VersionStatus
from tests.fakes.tables import FakeTables, page_of, require_revision


@dataclass
class FakePlugins:
    """Registered plugins."""

    tables: FakeTables

    def add(self, plugin: Plugin, record: AuditRecord) -> None:
        with self.tables.transaction(record):
            known = self.tables.plugins.get(plugin.id)
            if known is not None and known.status is not PluginStatus.DELETED:
                raise ConflictError(f"The name {plugin.id} is taken.", fix="Choose another name.")
            self.tables.plugins[plugin.id] = plugin

    def get(self, plugin_id: str) -> Plugin:
        plugin = self.tables.plugins.get(plugin_id)
        if plugin is None or plugin.status is PluginStatus.DELETED:
            raise NotFoundError(f"There is no plugin {plugin_id!r}.", fix="Check the name, or register it.")
        return plugin

    def page(self, wanted: PluginFilter, request: PageRequest) -> Page[Plugin]:
        return page_of(
            ((key, item) for key, item in sorted(self.tables.plugins.items()) if wanted.admits(item)), request
        )

    def save(self, plugin: Plugin, record: AuditRecord) -> Plugin:
        with self.tables.transaction(record):
            known = self.tables.plugins.get(plugin.id)
            is_same_registration = known is not None and known.created_at == plugin.created_at
            require_revision(known if is_same_registration else None, plugin.revision)
            saved = replace(plugin, revision=plugin.revision + 1)
            self.tables.plugins[plugin.id] = saved
            return saved

    def remove(self, plugin: Plugin, record: AuditRecord) -> None:
        with self.tables.transaction(record):
            require_revision(self.tables.plugins.get(plugin.id), plugin.revision)
            if any(route.targets for route in self.tables.routes.values() if route.plugin_id == plugin.id):
                raise ConflictError(f"{plugin.id} serves somewhere.", fix="Deprecate it instead.")
            self.tables.plugins[plugin.id] = replace(plugin, revision=plugin.revision + 1)


@dataclass
class FakeVersions:
    """Versions; a deleted one stays as taken."""

    tables: FakeTables

    def add(self, version: Version, record: AuditRecord) -> None:
        with self.tables.transaction(record):
            key = version.plugin_id, version.version
            if key in self.tables.versions:
                raise ConflictError(f"Version {version.version} was used before.", fix="Publish the next number.")
            self.tables.versions[key] = version

    def get(self, plugin_id: str, version: str) -> Version:
        found = self.find(plugin_id, version)
        if found is None or found.status is VersionStatus.DELETED:
            raise NotFoundError(f"There is no version {version!r} of {plugin_id!r}.", fix="List its versions.")
        return found

    def find(self, plugin_id: str, version: str) -> Version | None:
        return self.tables.versions.get((plugin_id, version))

    def page(self, plugin_id: str, request: PageRequest) -> Page[Version]:
        listed = [
            (version.semver.sort_key, version)
            for version in self.tables.versions.values()
            if version.plugin_id == plugin_id and version.status is not VersionStatus.DELETED
        ]
        return page_of(sorted(listed, key=lambda entry: entry[0], reverse=True), request)

    def save(self, version: Version, record: AuditRecord) -> Version:
        with self.tables.transaction(record):
            key = version.plugin_id, version.version
            require_revision(self.tables.versions.get(key), version.revision)
            saved = replace(version, revision=version.revision + 1)
            self.tables.versions[key] = saved
            return saved


@dataclass
class FakePublishLeases:
    """The right to change a plugin's ``$LATEST``."""

    tables: FakeTables

    def acquire(self, plugin_id: str, holder: str, *, now: datetime, until: datetime) -> None:
        with self.tables.lock:
            known = self.tables.publish_leases.get(plugin_id)
            if known is not None and known[0] != holder and known[1] > now:
                raise TransientError(f"Another version of {plugin_id} is being published.")
            self.tables.publish_leases[plugin_id] = holder, until

    def release(self, plugin_id: str, holder: str) -> None:
        with self.tables.lock:
            known = self.tables.publish_leases.get(plugin_id)
            if known is not None and known[0] == holder:
                del self.tables.publish_leases[plugin_id]
