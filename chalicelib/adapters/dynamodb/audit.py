"""The audit trail, and every change written together with its record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit_items import AuditItem
from chalicelib.adapters.dynamodb.audit_listings import read_records
from chalicelib.adapters.dynamodb.audit_streams import IMAGE_ATTRIBUTES, kept_for, listing_keys, record_of_image
from chalicelib.adapters.dynamodb.items import Item, Tables, values_of
from chalicelib.domain.audit import AuditFilter, AuditRecord
from chalicelib.domain.errors import ConflictError, NotFoundError, TransientError
from chalicelib.domain.pages import Page, PageRequest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from pynamodb.expressions.condition import Condition

_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.02
_REFUSED = "ConditionalCheckFailed"
#: What is read of a whole day: records, but not where they are listed. Some of the names are words of DynamoDB's own.
_NAMED = {f"#{name}": name for name in IMAGE_ATTRIBUTES}


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
    """
    Writes records, alone or in the transaction of the change that they record; *days* is their retention.

    *bulk* reads whole days; it need read no other answers than those of queries.
    """

    def __init__(
        self, tables: Tables, days: Mapping[str, int] | None = None, bulk: Callable[[], DynamoDBClient] | None = None
    ) -> None:
        self._items = tables.bind(AuditItem, "audit")
        self._tables = tables
        self._days = days or {}
        self._bulk = bulk or tables.client

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

    def of_day(self, day: str) -> Iterator[AuditRecord]:
        """Go through the records of a day, at the pace of DynamoDB's own client: a day may have 100,000."""
        return self._listed("gsi1", keys.audit_day(day))

    def of_tenant(self, tenant_id: str) -> Iterator[AuditRecord]:
        """Go through the records about a tenant."""
        return self._listed("gsi3", keys.audit_tenant(tenant_id))

    @translated("DynamoDB")
    def empty(self, emptied: AuditRecord) -> None:
        """Write *emptied* where its record is, unless retention has taken that already."""
        is_there = AuditItem.pk.exists()
        try:
            self._item(emptied).save(condition=is_there)
        except PutError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            raise NotFoundError(f"There is no audit record {emptied.id}.", fix="It was kept long enough.") from error

    def _listed(self, index: str, partition: str) -> Iterator[AuditRecord]:
        with translated("DynamoDB"):
            pages = self._bulk().get_paginator("query")
            for page in pages.paginate(
                TableName=self._tables.name("audit"),
                IndexName=index,
                KeyConditionExpression=f"{index}pk = :partition",
                ExpressionAttributeValues={":partition": {"S": partition}},
                ProjectionExpression=", ".join(_NAMED),
                ExpressionAttributeNames=_NAMED,
            ):
                yield from map(record_of_image, page["Items"])

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
        is_new = AuditItem.pk.does_not_exist()
        kept = kept_for(record, self._days)
        return Put(self._item(kept), is_new, lambda: ConflictError(f"{record.id} is recorded already."))

    def _item(self, record: AuditRecord) -> AuditItem:
        pk, sk = keys.audit(record.resource, record.at, record.id)
        attributes: dict[str, Any] = {**asdict(record), **listing_keys(record)}
        # A time of 0 would be long past.
        attributes["expires_at"] = record.expires_at or None
        return self._items(pk, sk, **attributes)


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
    numbers = {"expires_at": int(values.get("expires_at", 0))}
    return AuditRecord(**{**values, **numbers, "roles": tuple(values["roles"])})
