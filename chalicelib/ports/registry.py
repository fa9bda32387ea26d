"""The registry: plugins, their versions, and the right to publish one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.pages import Page, PageRequest
    from chalicelib.domain.plugins import Plugin, PluginFilter
    from chalicelib.domain.versions import Version


class PluginRepository(Protocol):
    """Registered plugins."""

    def add(self, plugin: Plugin, record: AuditRecord) -> None:
        """
        Store a new plugin, or one whose name was freed by deletion.

        Raises:
            ConflictError: The name is taken.
        """

    def get(self, plugin_id: str) -> Plugin:
        """
        Return one plugin.

        Raises:
            NotFoundError: It is not registered, or deleted.
        """

    def page(self, wanted: PluginFilter, request: PageRequest) -> Page[Plugin]:
        """List by name; filtered pages are full unless the end is reached."""

    def save(self, plugin: Plugin, record: AuditRecord) -> Plugin:
        """
        Write a changed plugin if nobody else did since it was read; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """

    def remove(self, plugin: Plugin, record: AuditRecord) -> None:
        """
        Write the tombstone *plugin* if nobody changed it and none of its routes has a target.

        One transaction with condition checks on the routes of all environments: a deployment that commits
        a route checks in turn that the plugin is there, so of the two exactly one wins.

        Raises:
            StaleRevisionError: Somebody changed the plugin.
            ConflictError: It serves somewhere.
        """


class VersionRepository(Protocol):
    """Versions of plugins. None is ever removed: a deleted one stays as taken."""

    def add(self, version: Version, record: AuditRecord) -> None:
        """
        Store a new version.

        Raises:
            ConflictError: The number was used before.
        """

    def get(self, plugin_id: str, version: str) -> Version:
        """
        Return one version, strongly consistent.

        Raises:
            NotFoundError: There is none, or it is deleted.
        """

    def find(self, plugin_id: str, version: str) -> Version | None:
        """Return one version whatever its status, also a deleted one."""

    def page(self, plugin_id: str, request: PageRequest) -> Page[Version]:
        """List the versions of a plugin by SemVer precedence, newest first, without deleted ones."""

    def save(self, version: Version, record: AuditRecord) -> Version:
        """
        Write a changed version if nobody else did; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """


class PublishLeaseRepository(Protocol):
    """The right to change a plugin's ``$LATEST``, which its versions share."""

    def acquire(self, plugin_id: str, holder: str, *, now: datetime, until: datetime) -> None:
        """
        Take or renew the lease.

        Raises:
            TransientError: Another holder has it and it has not expired; a retry will get it.
        """

    def release(self, plugin_id: str, holder: str) -> None:
        """Give it back; nothing happens when *holder* does not have it."""
