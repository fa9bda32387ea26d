"""Versions of plugins, in the table ``registry``."""

from __future__ import annotations

from dataclasses import asdict, replace

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.items import Tables, values_of
from chalicelib.adapters.dynamodb.listings import read_page, start_of
from chalicelib.adapters.dynamodb.registry_items import VersionItem
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import ConflictError, NotFoundError, StaleRevisionError
from chalicelib.domain.findings import Finding
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.versions import InvalidSemVerError, Notice, Version, VersionStatus


class DynamoVersions:
    """Versions; an item is never removed, so a number is used once for ever."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        self._items = tables.bind(VersionItem, "registry")
        self._audit = audit

    def add(self, version: Version, record: AuditRecord) -> None:
        """
        Store a new version.

        Raises:
            ConflictError: The number was used before, be it by a version that is deleted now.
        """
        was_never_used = VersionItem.pk.does_not_exist()
        self._audit.write(
            record,
            Put(
                self._item(version),
                was_never_used,
                lambda: ConflictError(
                    f"Version {version.version} of {version.plugin_id} was used before.",
                    fix="A version never changes and is never reused: publish the next number.",
                ),
            ),
        )

    def get(self, plugin_id: str, version: str) -> Version:
        """
        Return one version, strongly consistent.

        Raises:
            NotFoundError: There is none, or it is deleted.
        """
        found = self.find(plugin_id, version)
        if found is None or found.status is VersionStatus.DELETED:
            raise NotFoundError(f"There is no version {version[:80]!r} of {plugin_id!r}.", fix="List its versions.")
        return found

    @translated("DynamoDB")
    def find(self, plugin_id: str, version: str) -> Version | None:
        """Return one version whatever its status, also a deleted one."""
        try:
            return _version_of(self._items.get(*keys.version(plugin_id, version), consistent_read=True))
        except (self._items.DoesNotExist, InvalidSemVerError):
            return None

    @translated("DynamoDB")
    def page(self, plugin_id: str, request: PageRequest) -> Page[Version]:
        """List the versions of a plugin by SemVer precedence, newest first, without deleted ones."""
        found = self._items.query(
            keys.versions(plugin_id),
            consistent_read=True,
            scan_index_forward=False,
            page_size=request.limit + 1,
            last_evaluated_key=start_of(request),
        )
        return read_page(
            found, request, _version_of, admits=lambda version: version.status is not VersionStatus.DELETED
        )

    def save(self, version: Version, record: AuditRecord) -> Version:
        """
        Write a changed version if nobody else did; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """
        saved = replace(version, revision=version.revision + 1)
        is_unchanged = VersionItem.revision == version.revision
        self._audit.write(
            record,
            Put(
                self._item(saved),
                is_unchanged,
                lambda: StaleRevisionError(
                    f"Somebody else changed version {version.version} of {version.plugin_id} in between.",
                    fix="Read it again, then repeat your change.",
                ),
            ),
        )
        return saved

    def _item(self, version: Version) -> VersionItem:
        return self._items(*keys.version(version.plugin_id, version.version), **asdict(version))


def _version_of(item: VersionItem) -> Version:
    values = values_of(item, Version)
    values["status"] = VersionStatus(values["status"])
    values["findings"] = tuple(Finding(**finding) for finding in values["findings"])
    for name in ("deprecated", "yanked", "blocked"):
        if name in values:
            values[name] = Notice(**values[name])
    return Version(**values)
