"""Machine keys as the control plane keeps them, in the table ``credentials``."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.items import Item, Tables, document_of
from chalicelib.adapters.dynamodb.listings import read_page, start_of
from chalicelib.adapters.dynamodb.machine_keys import key_of
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import ConflictError, StaleRevisionError
from chalicelib.domain.machine_keys import MachineKey, key_not_found
from chalicelib.domain.pages import Page, PageRequest


class MachineKeyItem(Item):
    """A key; of its secrets only the digests."""

    id = UnicodeAttribute()
    name = UnicodeAttribute()
    actions = JSONAttribute()
    tenants = JSONAttribute(null=True)
    secrets = JSONAttribute()
    created_by = UnicodeAttribute()
    created_at = UnicodeAttribute()
    expires_at = UnicodeAttribute(null=True)
    rotated_at = UnicodeAttribute(null=True)
    revoked_at = UnicodeAttribute(null=True)
    revision = NumberAttribute()


class DynamoMachineKeys:
    """Keys."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        self._items = tables.bind(MachineKeyItem, "credentials")
        self._audit = audit

    def add(self, key: MachineKey, record: AuditRecord) -> None:
        """
        Store a new key.

        Raises:
            ConflictError: The id is taken.
        """
        is_new = MachineKeyItem.pk.does_not_exist()
        self._audit.write(record, Put(self._item(key), is_new, lambda: ConflictError(f"The id {key.id} is taken.")))

    @translated("DynamoDB")
    def get(self, key_id: str) -> MachineKey:
        """
        Return one key.

        Raises:
            NotFoundError: There is none.
        """
        try:
            return _key_of(self._items.get(*keys.machine_key(key_id), consistent_read=True))
        except self._items.DoesNotExist:
            raise key_not_found(key_id) from None

    @translated("DynamoDB")
    def page(self, request: PageRequest) -> Page[MachineKey]:
        """List all keys, ended ones too, the oldest first."""
        found = self._items.query(
            keys.MACHINE_KEYS, page_size=request.limit + 1, last_evaluated_key=start_of(request), consistent_read=True
        )
        return read_page(found, request, _key_of)

    def save(self, key: MachineKey, record: AuditRecord) -> MachineKey:
        """
        Write a changed key if nobody else did since it was read; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """
        saved = key._replace(revision=key.revision + 1)
        is_unchanged = MachineKeyItem.revision == key.revision
        self._audit.write(record, Put(self._item(saved), is_unchanged, lambda: _stale(key.id)))
        return saved

    def _item(self, key: MachineKey) -> MachineKeyItem:
        return self._items(*keys.machine_key(key.id), **document_of(key))


def _key_of(item: MachineKeyItem) -> MachineKey:
    return key_of({name: getattr(item, name) for name in MachineKey._fields})


def _stale(key_id: str) -> StaleRevisionError:
    return StaleRevisionError(
        f"Somebody else changed {key_id} in between.", fix="Look at it again, then repeat your change."
    )
