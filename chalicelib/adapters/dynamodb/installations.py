"""Installations, in the table ``tenants``; the tenant is part of every key."""

from __future__ import annotations

from dataclasses import asdict, replace

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.documents import installation_of
from chalicelib.adapters.dynamodb.items import Tables, values_of
from chalicelib.adapters.dynamodb.listings import read_page, start_of
from chalicelib.adapters.dynamodb.tenant_items import InstallationItem
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import NotFoundError, StaleRevisionError
from chalicelib.domain.installations import Installation
from chalicelib.domain.pages import Page, PageRequest


class DynamoInstallations:
    """Installations."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        self._items = tables.bind(InstallationItem, "tenants")
        self._audit = audit

    @translated("DynamoDB")
    def get(self, tenant_id: str, plugin_id: str) -> Installation:
        """
        Return one installation.

        Raises:
            NotFoundError: The tenant has not installed the plugin.
        """
        try:
            item = self._items.get(*keys.installation(tenant_id, plugin_id), consistent_read=True)
        except self._items.DoesNotExist:
            raise NotFoundError(f"{plugin_id!r} is not installed.", fix="Enable it for the tenant first.") from None
        return _installation_of(item)

    def put(self, tenant_id: str, installation: Installation, record: AuditRecord) -> Installation:
        """
        Write an installation (revision 0: a new one) if nobody else did; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
            ValueError: It is another tenant's: a bug of ours, stopped at the last door.
        """
        if installation.tenant_id != tenant_id:
            raise ValueError("the installation belongs to another tenant")
        saved = replace(installation, revision=installation.revision + 1)
        is_new = InstallationItem.pk.does_not_exist()
        is_unchanged = InstallationItem.revision == installation.revision
        self._audit.write(
            record,
            Put(
                self._item(saved),
                is_unchanged if installation.revision else is_new,
                lambda: StaleRevisionError(
                    f"Somebody else changed the installation of {installation.plugin_id} in between.",
                    fix="Read it again, then repeat your change.",
                ),
            ),
        )
        return saved

    @translated("DynamoDB")
    def page(self, tenant_id: str, request: PageRequest) -> Page[Installation]:
        """List what a tenant has installed, by plugin."""
        _, prefix = keys.installation(tenant_id, "")
        found = self._items.query(
            keys.of_tenant(tenant_id),
            InstallationItem.sk.startswith(prefix),
            consistent_read=True,
            page_size=request.limit + 1,
            last_evaluated_key=start_of(request),
        )
        return read_page(found, request, _installation_of)

    @translated("DynamoDB")
    def is_installed_anywhere(self, plugin_id: str) -> bool:
        """Tell whether any tenant has an enabled installation of the plugin; only such are in the index."""
        index = InstallationItem.listing.Meta.index_name
        return any(self._items.query(keys.installed(plugin_id), index_name=index, limit=1))

    def _item(self, installation: Installation) -> InstallationItem:
        listing = keys.installed(installation.plugin_id) if installation.is_enabled else None
        return self._items(
            *keys.installation(installation.tenant_id, installation.plugin_id),
            gsi1pk=listing,
            gsi1sk=installation.tenant_id if listing else None,
            **asdict(installation),
        )


def _installation_of(item: InstallationItem) -> Installation:
    return installation_of(values_of(item, Installation))
