"""The audit trail, and every change written together with its record."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit_items import AuditItem
from chalicelib.adapters.dynamodb.audit_listings import listing_keys, read_records
from chalicelib.adapters.dynamodb.items import Item, Tables, values_of
from chalicelib.domain.audit import AuditFilter, AuditRecord
from chalicelib.domain.errors import ConflictError, TransientError
from chalicelib.domain.pages import Page, PageRequest

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.02
_REFUSED = "ConditionalCheckFailed"


class Put(NamedTuple):
    """An item to write, if *condition* holds where there is one; if not, *refuse* makes the error that says so."""

    item: Item
    condition: Condition | None = None
    refuse: Callable[[], Exception] = lambda: ConflictError("It is there already.")


class Delete(NamedTuple):
    """An item to remove, if *condition* holds where there is one; if not, *refuse* makes the error that says so."""

    item: Item
    condition: Condition | None = None
    refuse: Callable[[], Exception] = lambda: ConflictError("It was removed already.")


class Check(NamedTuple):
    """An item that must be as *condition* says for the other writes to happen; it is not written itself."""

    model: type[Item]
    key: keys.Key
    condition: Condition
    refuse: Callable[[], Exception]


class DynamoAuditTrail:
    """Writes records, alone or in the transaction of the change that they record."""

    def __init__(self, tables: Tables) -> None:
        self._items = tables.bind(AuditItem, "audit")
        self._tables = tables

    def append(self, record: AuditRecord) -> None:
        """Write one record."""
        self.write(record)

    def write(self, record: AuditRecord, *changes: Put | Delete, checks: Sequence[Check] = ()) -> None:
        """
        Write *changes* and *record* if all *checks* hold, all or nothing.

        Raises:
            Exception: What the first change, else the first check, whose condition does not hold makes.
            TransientError: Other transactions kept the same items busy, or the tables are unreachable.
        """
        parts = (*changes, self._put(record), *checks)
        for attempt in range(_ATTEMPTS):
            if self._try_write(parts):
                return
            time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
        raise TransientError("Others are writing the same at the moment.")

    @translated("DynamoDB")
    def read(self, resource: str) -> tuple[AuditRecord, ...]:
        """Return the records of *resource*, oldest first."""
        found = self._items.query(resource, consistent_read=True)
        return tuple(record_of_item(item) for item in found)

    @translated("DynamoDB")
    def page(self, wanted: AuditFilter, request: PageRequest) -> Page[AuditRecord]:
        """List the records that *wanted* admits, newest first; with neither actor, resource nor tenant, by day."""
        return read_records(self._items, wanted, request, record_of_item)

    @translated("DynamoDB")
    def _try_write(self, parts: Sequence[Put | Delete | Check]) -> bool:
        """Write once; False when another transaction on one of the items was faster and nothing is decided."""
        try:
            with TransactWrite(connection=self._tables.connection()) as transaction:
                for part in parts:
                    _add(part, transaction)
        except TransactWriteError as error:
            if code_of(error) != "TransactionCanceledException":
                raise
            # PynamoDB sends checks, then deletes, then puts, and the reasons come in the order of what was sent.
            sent = sorted(enumerate(parts), key=lambda numbered: _SENT.index(type(numbered[1])))
            codes = [reason.code if reason else "None" for reason in error.cancellation_reasons]
            refused = [number for (number, _), code in zip(sent, codes, strict=True) if code == _REFUSED]
            if refused:
                raise parts[min(refused)].refuse() from error
            return False
        return True

    def _put(self, record: AuditRecord) -> Put:
        pk, sk = keys.audit(record.resource, record.at, record.id)
        is_new = AuditItem.pk.does_not_exist()
        attributes: dict[str, Any] = {**asdict(record), **listing_keys(record)}
        item = self._items(pk, sk, **attributes)
        return Put(item, is_new, lambda: ConflictError(f"{record.id} is recorded already."))


_SENT: tuple[type, ...] = (Check, Delete, Put)


def _add(part: Put | Delete | Check, transaction: TransactWrite) -> None:
    if isinstance(part, Put):
        transaction.save(part.item, condition=part.condition)
    elif isinstance(part, Delete):
        transaction.delete(part.item, condition=part.condition)
    else:
        transaction.condition_check(part.model, *part.key, condition=part.condition)


def record_of_item(item: AuditItem) -> AuditRecord:
    """Read a record back."""
    values = values_of(item, AuditRecord)
    return AuditRecord(**{**values, "roles": tuple(values["roles"])})
