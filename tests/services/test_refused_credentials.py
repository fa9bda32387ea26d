"""Refused tokens and keys on record: each reason and address once a minute, the others counted, all of it bounded."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import pytest

from chalicelib.domain.audit import AuditRecord, Result
from chalicelib.domain.credentials import MAX_PATH, Refusal, RefusedVisit
from chalicelib.domain.errors import ConflictError, TransientError
from chalicelib.services.refused_credentials import MAX_RECORDS, MAX_SOURCES, RefusedCredentials
from tests.fakes.clock import FakeClock, FakeIds

VISIT = RefusedVisit(Refusal.EXPIRED, "/v1/me", "trace", "203.0.113.7", "curl/8")


@dataclass
class Trail:
    """The trail; while *error* is set, each write fails with it."""

    records: list[AuditRecord] = field(default_factory=list)
    error: Exception | None = None
    attempts: int = 0

    def append(self, record: AuditRecord) -> None:
        self.attempts += 1
        if self.error is not None:
            raise self.error
        self.records.append(record)

    @property
    def told(self) -> list[tuple[str, dict[str, object]]]:
        return [(record.reason, dict(record.after)) for record in self.records]


@pytest.fixture
def trail() -> Trail:
    return Trail()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def refused(trail: Trail, clock: FakeClock) -> RefusedCredentials:
    return RefusedCredentials(trail, FakeIds(), clock)


def test_a_refusal_is_nobodys_and_says_why_and_where_from(trail: Trail, refused: RefusedCredentials) -> None:
    refused.record(VISIT._replace(claimed="key_1"))

    (record,) = trail.records
    assert (record.action, record.result, record.actor) == ("RefuseCredential", Result.REFUSED, "unknown")
    assert (record.roles, record.tenant_id, record.resource) == ((), None, "v1/me")
    assert (record.reason, record.ip, record.user_agent) == ("expired", "203.0.113.7", "curl/8")
    assert (record.trace_id, record.after) == ("trace", {"claimed": "key_1"})


def test_each_reason_and_address_is_recorded_once_a_minute_and_the_next_tells_how_many_were_not(
    trail: Trail, refused: RefusedCredentials, clock: FakeClock
) -> None:
    for reason in Refusal:
        for _ in range(3):
            refused.record(VISIT._replace(reason=reason))
    refused.record(VISIT._replace(ip="203.0.113.8"))
    assert trail.told == [*((reason, {}) for reason in Refusal), ("expired", {})]

    clock.advance(seconds=59)
    refused.record(VISIT)
    assert len(trail.records) == len(Refusal) + 1
    clock.advance(seconds=1)
    refused.record(VISIT)
    assert trail.told[-1] == ("expired", {"leftOut": 3})
    clock.advance(seconds=60)
    refused.record(VISIT)
    assert trail.told[-1] == ("expired", {})


def test_many_addresses_fill_neither_the_trail_nor_the_memory(
    trail: Trail, refused: RefusedCredentials, clock: FakeClock
) -> None:
    for number in range(5 * MAX_RECORDS):
        refused.record(VISIT._replace(ip=f"2001:db8::{number:x}"))
    assert len(trail.records) == MAX_RECORDS
    clock.advance(seconds=60)
    refused.record(VISIT)
    assert trail.told[-1] == ("expired", {"leftOutOfOthers": 4 * MAX_RECORDS})

    for minute in range(2 * MAX_SOURCES // MAX_RECORDS):
        clock.advance(seconds=60)
        for number in range(MAX_RECORDS):
            refused.record(VISIT._replace(ip=f"2001:db8:{minute:x}::{number:x}"))
    assert len(refused._seen) == MAX_SOURCES


def test_what_is_forgotten_of_an_address_is_still_counted(
    trail: Trail, refused: RefusedCredentials, clock: FakeClock
) -> None:
    refused.record(VISIT)
    refused.record(VISIT)
    for number in range(MAX_SOURCES + 1):
        clock.advance(seconds=2)
        refused.record(VISIT._replace(ip=f"2001:db8::{number:x}"))

    assert [after for _, after in trail.told if after] == [{"leftOutOfOthers": 1}]


@pytest.mark.parametrize("error", [TransientError("away"), RuntimeError("a bug")])
def test_a_table_that_is_away_changes_nothing_for_who_is_refused_and_costs_few_attempts(
    trail: Trail,
    refused: RefusedCredentials,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    trail.error = error
    with caplog.at_level(logging.WARNING):
        for _ in range(10):
            refused.record(VISIT)

    assert trail.attempts == 1
    assert "a refused credential is not on record" in caplog.text
    trail.error = None
    clock.advance(seconds=60)
    refused.record(VISIT)
    assert trail.told == [("expired", {"leftOut": 10})]


def test_a_record_whose_answer_got_lost_is_there(trail: Trail, refused: RefusedCredentials, clock: FakeClock) -> None:
    trail.error = ConflictError("recorded already")
    refused.record(VISIT)
    trail.error = None
    clock.advance(seconds=60)
    refused.record(VISIT)

    assert trail.told == [("expired", {})]


def test_a_strangers_texts_are_cut_and_hold_no_line(trail: Trail, refused: RefusedCredentials) -> None:
    refused.record(VISIT._replace(path="/v1/\n" + "x" * 5_000, user_agent="a\r\nb\ud800" + "y" * 5_000, ip="z" * 99))

    (record,) = trail.records
    assert record.resource.startswith("v1/?x")
    assert len(record.resource) == MAX_PATH
    assert record.user_agent.startswith("a??b?y")
    assert (len(record.user_agent), len(record.ip)) == (200, 45)


def test_a_path_of_nothing_still_has_a_place(trail: Trail, refused: RefusedCredentials) -> None:
    refused.record(VISIT._replace(path=""))

    assert trail.records[0].resource == "/"
