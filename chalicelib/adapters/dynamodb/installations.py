"""Installations, in the table ``tenants``; the tenant is part of every key."""

from __future__ import annotations

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit import Check, Delete, DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.documents import installation_of
from chalicelib.adapters.dynamodb.installation_listings import DynamoInstallationListings
from chalicelib.adapters.dynamodb.items import Tables, document_of, values_of
from chalicelib.adapters.dynamodb.listings import read_page, start_of
from chalicelib.adapters.dynamodb.tenant_items import (
    ConfigRevisionItem,
    InstallationItem,
    StateItem,
    TenantItem,
)
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.authorization import tenant_not_found
from chalicelib.domain.errors import NotFoundError, StaleRevisionError
from chalicelib.domain.ids import Environment
from chalicelib.domain.installations import KEPT_REVISIONS, ConfigRevision, Installation
from chalicelib.domain.pages import Page, PageRequest


class DynamoInstallations(DynamoInstallationListings):
    """Installations."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        super().__init__(tables)
        self._revisions = tables.bind(ConfigRevisionItem, "tenants")
        self._states = tables.bind(StateItem, "tenants")
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

    def put(
        self,
        tenant_id: str,
        installation: Installation,
        record: AuditRecord,
        *,
        history: ConfigRevision | None = None,
    ) -> Installation:
        """
        Write an installation (revision 0: a new one) if nobody else did; return it with its new revision.

        *history* is the new configuration for its history, of which the newest `KEPT_REVISIONS` are kept. The
        entry of its pin, and that the tenant is there and stays, are part of the same transaction.

        Raises:
            StaleRevisionError: Somebody did.
            NotFoundError: There is no such tenant, or its erasure has begun.
            ValueError: It is another tenant's: a bug of ours, stopped at the last door.
        """
        _require_own(tenant_id, installation)
        saved = installation._replace(revision=installation.next_revision)
        is_new = InstallationItem.pk.does_not_exist()
        is_unchanged = InstallationItem.revision == installation.revision
        self._audit.write(
            record,
            Put(
                self._item(saved),
                is_unchanged if installation.revision else is_new,
                lambda: _stale(installation.plugin_id),
            ),
            self._pin(installation),
            *(self._history(installation, history) if history else ()),
            checks=[self._tenant_stays(tenant_id)],
        )
        return saved

    def remove(self, tenant_id: str, installation: Installation, record: AuditRecord) -> None:
        """
        Erase an installation with its config, history, secrets, pin and state, if nobody else changed it.

        The history goes first, outside the transaction that is the end of the rest: if we die in between, the
        installation is still there, and a repeat finds it.

        Raises:
            StaleRevisionError: Somebody did; part of the history may be gone, and a repeat takes the rest.
            ValueError: It is another tenant's: a bug of ours, stopped at the last door.
        """
        _require_own(tenant_id, installation)
        plugin_id = installation.plugin_id
        self._forget_history(tenant_id, plugin_id)
        is_unchanged = InstallationItem.revision == installation.revision
        notes = (keys.serving(tenant_id, plugin_id, environment) for environment in Environment)
        self._audit.write(
            record,
            Delete(self._items(*keys.installation(tenant_id, plugin_id)), is_unchanged, lambda: _stale(plugin_id)),
            Delete(self._pins(*keys.pin(tenant_id, plugin_id))),
            Delete(self._states(*keys.state(tenant_id, plugin_id))),
            *(Delete(self._states(*note)) for note in notes),
        )

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
    def revisions(self, tenant_id: str, plugin_id: str, request: PageRequest) -> Page[ConfigRevision]:
        """List the configurations that an installation has had, newest first."""
        found = self._revisions.query(
            keys.of_tenant(tenant_id),
            ConfigRevisionItem.sk.startswith(keys.config_revisions(plugin_id)),
            consistent_read=True,
            scan_index_forward=False,
            page_size=request.limit + 1,
            last_evaluated_key=start_of(request),
        )
        return read_page(found, request, _revision_of)

    @translated("DynamoDB")
    def revision(self, tenant_id: str, plugin_id: str, number: int) -> ConfigRevision:
        """
        Return one configuration of the past.

        Raises:
            NotFoundError: It never was, or is not kept any more.
        """
        try:
            item = self._revisions.get(*keys.config_revision(tenant_id, plugin_id, number), consistent_read=True)
        except self._revisions.DoesNotExist:
            raise NotFoundError(
                f"There is no revision {number} of the config of {plugin_id!r}.",
                fix=f"The newest {KEPT_REVISIONS} are kept: GET …/config/revisions lists them.",
            ) from None
        return _revision_of(item)

    def _pin(self, installation: Installation) -> Put | Delete:
        """Let the entry in the listing of pins say what the installation says."""
        pin = installation.pin
        key = keys.pin(installation.tenant_id, installation.plugin_id)
        if pin is None:
            return Delete(self._pins(*key))
        listing = keys.pinned(installation.plugin_id, pin.target.version)
        item = self._pins(*key, gsi1pk=listing, gsi1sk=installation.tenant_id, expires_at=pin.expires_at)
        return Put(item)

    def _history(self, installation: Installation, revision: ConfigRevision) -> tuple[Put | Delete, ...]:
        """Add a revision, and let the one go that is too old now."""

        def key(number: int) -> keys.Key:
            return keys.config_revision(installation.tenant_id, installation.plugin_id, number)

        kept = self._revisions(*key(revision.number), **document_of(revision))
        added = Put(kept, ConfigRevisionItem.pk.does_not_exist(), lambda: _stale(installation.plugin_id))
        too_old = revision.number - KEPT_REVISIONS
        return (added, Delete(self._revisions(*key(too_old)))) if too_old > 0 else (added,)

    @translated("DynamoDB")
    def _forget_history(self, tenant_id: str, plugin_id: str) -> None:
        mine = ConfigRevisionItem.sk.startswith(keys.config_revisions(plugin_id))
        found = self._states.query(
            keys.of_tenant(tenant_id), mine, consistent_read=True, attributes_to_get=["pk", "sk"]
        )
        with self._states.batch_write() as batch:
            for item in found:
                batch.delete(item)

    def _tenant_stays(self, tenant_id: str) -> Check:
        is_there = TenantItem.pk.exists()
        is_not_being_erased = TenantItem.erasing_since.does_not_exist()
        return Check(
            self._tenants,
            keys.tenant(tenant_id),
            is_there & is_not_being_erased,
            lambda: tenant_not_found(tenant_id),
        )

    def _item(self, installation: Installation) -> InstallationItem:
        listing = keys.installed(installation.plugin_id) if installation.is_enabled else None
        return self._items(
            *keys.installation(installation.tenant_id, installation.plugin_id),
            gsi1pk=listing,
            gsi1sk=installation.tenant_id if listing else None,
            **document_of(installation),
        )


def _require_own(tenant_id: str, installation: Installation) -> None:
    if installation.tenant_id != tenant_id:
        raise ValueError("the installation belongs to another tenant")


def _stale(plugin_id: str) -> StaleRevisionError:
    return StaleRevisionError(
        f"Somebody else changed the installation of {plugin_id} in between.",
        fix="Read it again, then repeat your change.",
    )


def _revision_of(item: ConfigRevisionItem) -> ConfigRevision:
    return ConfigRevision(**values_of(item, ConfigRevision))


def _installation_of(item: InstallationItem) -> Installation:
    return installation_of(values_of(item, Installation))
