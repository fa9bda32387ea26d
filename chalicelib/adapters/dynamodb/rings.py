"""The list of rings, in the table ``tenants``."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.items import Tables
from chalicelib.adapters.dynamodb.tenant_items import RingsItem
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import StaleRevisionError
from chalicelib.domain.rings import Rings


class DynamoRings:
    """The list of rings."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        self._items = tables.bind(RingsItem, "tenants")
        self._audit = audit

    @translated("DynamoDB")
    def get(self) -> Rings:
        """Return the rings; those of the product while nobody has changed them."""
        try:
            item = self._items.get(*keys.rings(), consistent_read=True)
        except self._items.DoesNotExist:
            return Rings()
        return Rings(tuple(item.names), item.updated_at, int(item.revision))

    def save(self, rings: Rings, record: AuditRecord) -> Rings:
        """
        Write the rings if nobody else did since they were read; return them with their new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """
        saved = replace(rings, revision=rings.revision + 1)
        item = self._items(*keys.rings(), names=list(saved.names), updated_at=saved.updated_at, revision=saved.revision)
        is_new = RingsItem.pk.does_not_exist()
        is_unchanged = RingsItem.revision == rings.revision
        self._audit.write(record, Put(item, is_unchanged if rings.revision else is_new, _stale))
        return saved


def _stale() -> StaleRevisionError:
    return StaleRevisionError("Somebody else changed the rings in between.", fix="GET /rings again, then repeat.")
