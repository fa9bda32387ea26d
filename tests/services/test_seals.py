"""Sealing: whoever dies, races or is told twice, each record is sealed; a proof tells what was done to the trail."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.audit_proofs import Fault, Proof
from chalicelib.domain.audit_seals import Batch, next_batch
from chalicelib.domain.errors import TransientError, ValidationError
from chalicelib.domain.times import rfc3339
from chalicelib.services.seals import MAX_BATCH, VerifyAudit, seal_records, sweep_audit, verify_audit
from tests.fakes import FakeWorld

DAY = "2026-11-22"
MINUTE = 60.0


def written(world: FakeWorld, count: int, *, ago: timedelta = timedelta(), name: str = "") -> list[AuditRecord]:
    """Let things be recorded; give the records as they are kept."""
    at = rfc3339(world.clock.now() - ago)
    for number in range(count):
        made = AuditRecord(f"aud_{name}{at}{number:04}", at, "ana", ("Admin",), "Act", f"plugins/{number}", "trace")
        world.ports.audit.append(made)
    return world.tables.records[-count:]


def proven(world: FakeWorld, day: str = DAY) -> Proof:
    return verify_audit(VerifyAudit(day), world.ports)


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


def test_what_is_recorded_is_pending_until_it_is_sealed_and_proven_then(world: FakeWorld) -> None:
    records = written(world, 3)
    before = proven(world)

    assert seal_records(records, world.ports) == 3

    after = proven(world)
    assert (before.sealed, before.pending, before.finding) == (0, 3, None)
    assert (after.sealed, after.pending, after.finding) == (3, 0, None)


def test_what_has_no_seal_after_half_an_hour_is_named(world: FakeWorld) -> None:
    (record,) = written(world, 1)
    world.clock.advance(seconds=31 * MINUTE)

    finding = proven(world).finding

    assert finding is not None
    assert (finding.fault, finding.record_id) == (Fault.ADDED, record.id)


def test_a_record_that_is_delivered_twice_is_sealed_once(world: FakeWorld) -> None:
    """A sealer that dies after its batch was kept has told nobody, so the stream brings the same again."""
    records = written(world, 3)

    assert seal_records(records, world.ports) == 3
    assert seal_records(records, world.ports) == 0
    assert proven(world).sealed == 3


def test_a_record_that_two_seal_is_no_fault(world: FakeWorld) -> None:
    records = written(world, 2)
    seal_records(records[:1], world.ports)
    seal_records(records[1:], world.ports)

    assert seal_records(records[:1], world.ports) == 1

    assert (proven(world).sealed, proven(world).finding) == (2, None)


def test_a_sealer_that_was_too_slow_goes_on_after_the_batch_of_the_faster_one(world: FakeWorld) -> None:
    one, two = written(world, 2)
    rival = next_batch(DAY, None, [one], rfc3339(world.clock.now()))
    world.seals.rivals = [rival._replace(signature=world.seal_key.sign(rival.signed_text))]

    seal_records([two], world.ports)

    assert [batch.number for batch in world.seals.batches(DAY)] == [1, 2]
    assert (proven(world).sealed, proven(world).finding) == (2, None)


def test_a_sealer_that_is_always_too_slow_says_so(world: FakeWorld) -> None:
    records = written(world, 1)
    rivals: list[Batch] = []
    for _ in range(11):
        rivals.append(next_batch(DAY, rivals[-1] if rivals else None, records, rfc3339(world.clock.now())))
    world.seals.rivals = [rival._replace(seals=(rival.seals[0]._replace(record_id="aud_x"),)) for rival in rivals]

    with pytest.raises(TransientError):
        seal_records(records, world.ports)


def test_nothing_is_kept_that_could_not_be_signed(world: FakeWorld) -> None:
    records = written(world, 1)
    world.seal_key.is_down = True

    with pytest.raises(TransientError):
        seal_records(records, world.ports)

    assert world.seals.kept == {}


def test_records_of_two_days_go_into_two_chains(world: FakeWorld) -> None:
    records = written(world, 2) + written(world, 2, ago=timedelta(hours=16))

    assert seal_records(records, world.ports) == 4

    assert (proven(world).sealed, proven(world, "2026-11-21").sealed) == (2, 2)
    assert proven(world).head != proven(world, "2026-11-21").head


def test_many_records_are_sealed_in_batches(world: FakeWorld) -> None:
    seal_records(written(world, MAX_BATCH + 1), world.ports)

    assert [len(batch.seals) for batch in world.seals.batches(DAY)] == [MAX_BATCH, 1]
    assert proven(world).finding is None


def test_a_record_that_somebody_adds_to_the_past_is_not_sealed_and_named(world: FakeWorld) -> None:
    """Whoever may put could write a record of last week; the stream would bring it like any other."""
    (record,) = written(world, 1, ago=timedelta(days=3))

    assert seal_records([record], world.ports) == 0
    assert sweep_audit(world.ports) == 0

    finding = proven(world, "2026-11-19").finding
    assert finding is not None
    assert (finding.fault, finding.record_id) == (Fault.ADDED, record.id)


def test_the_sweep_seals_what_the_stream_dropped_and_leaves_it_what_is_younger(world: FakeWorld) -> None:
    lost, told = written(world, 1, ago=timedelta(minutes=6), name="a"), written(world, 1, ago=timedelta(minutes=6))
    seal_records(told, world.ports)
    written(world, 1, ago=timedelta(minutes=4), name="b")

    assert sweep_audit(world.ports) == 1
    assert sweep_audit(world.ports) == 0

    sealed = {seal.record_id for batch in world.seals.batches(DAY) for seal in batch.seals}
    assert sealed == {lost[0].id, told[0].id}
    assert proven(world).pending == 1


def test_the_sweep_looks_at_yesterday_too(world: FakeWorld) -> None:
    written(world, 1, ago=timedelta(hours=20))

    assert sweep_audit(world.ports) == 1
    assert proven(world, "2026-11-21").sealed == 1


def test_a_record_that_is_written_over_is_named_although_whoever_puts_may_do_so(world: FakeWorld) -> None:
    records = written(world, 3)
    seal_records(records, world.ports)
    world.tables.records[1] = replace(records[1], actor="somebody else")

    finding = proven(world).finding

    assert finding is not None
    assert (finding.fault, finding.sequence, finding.record_id) == (Fault.CHANGED, 2, records[1].id)


def test_a_record_that_is_removed_and_written_again_is_named(world: FakeWorld) -> None:
    """The stream brings it as new: its second seal says something else than its first."""
    records = written(world, 3)
    seal_records(records, world.ports)
    again = world.tables.records[0] = replace(records[0], actor="somebody else")
    world.clock.advance(seconds=MINUTE)
    seal_records(written(world, 1), world.ports)

    seal_records([again], world.ports)

    finding = proven(world).finding
    assert finding is not None
    assert (finding.fault, finding.record_id) == (Fault.CHANGED, again.id)


def test_a_day_that_has_not_begun_is_not_proven(world: FakeWorld) -> None:
    with pytest.raises(ValidationError) as refused:
        proven(world, "2026-11-23")
    assert refused.value.fix
    world.clock.advance(seconds=(datetime(2026, 11, 23) - datetime(2026, 11, 22, 15)).total_seconds())  # noqa: DTZ001
    assert proven(world, "2026-11-23").finding is None
