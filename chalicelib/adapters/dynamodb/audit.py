"""The audit trail, and every change written together with its record."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pynamodb.exceptions import CancellationReason, TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit_items import AuditItem
from chalicelib.adapters.dynamodb.items import Item, Tables, values_of
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import ConflictError, TransientError

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Put:
    """An item to write if *condition* holds; if not, *refuse* makes the error that says so."""

    item: Item
    condition: Condition
    refuse: Callable[[], Exception]


@dataclass(frozen=True, slots=True)
class Check:
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

    def write(self, record: AuditRecord, *changes: Put, checks: Sequence[Check] = ()) -> None:
        """
        Write *changes* and *record* if all *checks* hold, all or nothing.

        Raises:
            Exception: What the first change, else the first check, whose condition does not hold makes.
            TransientError: Other transactions kept the same items busy, or the tables are unreachable.
        """
        puts = (*changes, self._put(record))
        for attempt in range(_ATTEMPTS):
            if self._try_write(puts, checks):
                return
            time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
        raise TransientError("Others are writing the same at the moment.")

    @translated("DynamoDB")
    def read(self, resource: str) -> tuple[AuditRecord, ...]:
        """Return the records of *resource*, oldest first."""
        found = self._items.query(resource, consistent_read=True)
        return tuple(_record_of(item) for item in found)

    @translated("DynamoDB")
    def _try_write(self, puts: Sequence[Put], checks: Sequence[Check]) -> bool:
        """Write once; False when another transaction on one of the items was faster and nothing is decided."""
        try:
            with TransactWrite(connection=self._tables.connection()) as transaction:
                for check in checks:
                    transaction.condition_check(check.model, *check.key, condition=check.condition)
                for put in puts:
                    transaction.save(put.item, condition=put.condition)
        except TransactWriteError as error:
            if code_of(error) != "TransactionCanceledException":
                raise
            # PynamoDB sends checks before puts, and the reasons come in the order of what was sent.
            reasons = error.cancellation_reasons
            refused = [
                *_refused(puts, reasons[len(checks) :]),
                *_refused(checks, reasons[: len(checks)]),
            ]
            if refused:
                raise refused[0].refuse() from error
            return False
        return True

    def _put(self, record: AuditRecord) -> Put:
        pk, sk = keys.audit(record.resource, record.at, record.id)
        is_new = AuditItem.pk.does_not_exist()
        item = self._items(pk, sk, **asdict(record))
        return Put(item, is_new, lambda: ConflictError(f"{record.id} is recorded already."))


def _refused(parts: Sequence[Put | Check], reasons: list[CancellationReason | None]) -> list[Put | Check]:
    codes = [reason.code if reason else "None" for reason in reasons]
    return [part for part, code in zip(parts, codes, strict=True) if code == "ConditionalCheckFailed"]


def _record_of(item: AuditItem) -> AuditRecord:
    values = values_of(item, AuditRecord)
    return AuditRecord(**{**values, "roles": tuple(values["roles"])})
