"""Retention: how long what kind of record is kept, before the table forgets it by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.audit import AuditRecord, Result


class RecordKind(StrEnum):
    """Kinds of records that are kept for a time of their own."""

    CHANGES = "changes"
    REFUSALS = "refusals"
    LOGINS = "logins"
    READS = "reads"


#: Days, where the settings say nothing else: what an auditor asks for, and no longer what only names people.
RETENTION_DAYS: Mapping[RecordKind, int] = {
    RecordKind.CHANGES: 2_557,
    RecordKind.REFUSALS: 400,
    RecordKind.LOGINS: 400,
    RecordKind.READS: 400,
}

_LOGINS = frozenset({"LogIn", "RefuseLogin"})
_READS = frozenset({"ReadSecrets"})


def kind_of(record: AuditRecord) -> RecordKind:
    """Tell what kind of record it is: a login, successful or not, before anything else that was refused."""
    if record.action in _LOGINS:
        return RecordKind.LOGINS
    if record.action in _READS:
        return RecordKind.READS
    return RecordKind.REFUSALS if record.result == Result.REFUSED else RecordKind.CHANGES


def expiry_of(record: AuditRecord, days: Mapping[str, int]) -> int:
    """
    Say when *record* is forgotten, in seconds of the epoch; *days* replace the defaults, by kind.

    0 days is for ever, and so is the answer 0.
    """
    kind = kind_of(record)
    kept = days.get(kind, RETENTION_DAYS[kind])
    if not kept:
        return 0
    return int((datetime.fromisoformat(record.at) + timedelta(days=kept)).timestamp())
