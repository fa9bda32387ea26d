"""Retention: each kind of record has its time, and a setting replaces it."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.audit import AuditRecord, result_of
from chalicelib.domain.retention import RETENTION_DAYS, RecordKind, expiry_of, kind_of

AT = "2026-11-22T15:00:00.000Z"
KINDS = {
    "UpdateTenant": RecordKind.CHANGES,
    "DenyRequest": RecordKind.REFUSALS,
    "RefuseCredential": RecordKind.REFUSALS,
    "LogIn": RecordKind.LOGINS,
    "RefuseLogin": RecordKind.LOGINS,
    "ReadSecrets": RecordKind.READS,
}


def a_record(action: str) -> AuditRecord:
    return AuditRecord("aud_1", AT, "ana", (), action, "tenants/acme", "trace", result=result_of(action).value)


@pytest.mark.parametrize("action", KINDS)
def test_each_kind_of_record_has_its_time(action: str) -> None:
    record = a_record(action)
    ends = datetime.fromtimestamp(expiry_of(record, {}), UTC)

    assert kind_of(record) is KINDS[action]
    assert (ends - datetime.fromisoformat(AT)).days == RETENTION_DAYS[KINDS[action]]


def test_a_setting_replaces_the_time_of_its_kind_only() -> None:
    days = {"logins": 30}

    assert expiry_of(a_record("LogIn"), days) == int(datetime(2026, 12, 22, 15, tzinfo=UTC).timestamp())
    assert expiry_of(a_record("DenyRequest"), days) == expiry_of(a_record("DenyRequest"), {})


def test_no_days_are_for_ever() -> None:
    assert expiry_of(a_record("LogIn"), {"logins": 0}) == 0
