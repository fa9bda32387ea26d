"""Seal the audit trail, and prove it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.audit_proofs import Proof, prove_day
from chalicelib.domain.audit_seals import ERASURES, SealTakenError, day_of, next_batch
from chalicelib.domain.errors import FieldError, TransientError, ValidationError
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from chalicelib.domain.audit import AuditRecord
    from chalicelib.ports import Ports

#: A stream keeps what it could not deliver for a day. What says to be older than that is not sealed any more: a
#: record that somebody adds to the past is found when that day is proven.
SEALED_WITHIN = timedelta(days=1)
#: The stream gathers records for a minute; what is younger is its business and not the sweep's.
GRACE = timedelta(minutes=5)
#: A batch is one object, and one answer of S3.
MAX_BATCH = 1_000
#: Two sealers at once are usual (a shard of the stream each), ten are not.
_ATTEMPTS = 10


class VerifyAudit(NamedTuple):
    """Ask for the proof of a day (``2026-11-22``, UTC)."""

    day: str


def seal_records(records: Iterable[AuditRecord], ports: Ports) -> int:
    """
    Seal records in the chains of their days; return how many.

    A sealer that died after its batch was kept gets the same records again, and finds them in the last batch. What
    it finds no more is sealed once more, which a proof allows: both seals say the same.

    Raises:
        TransientError: A port is unreachable, or too many seal at once: deliver them again.
    """
    now = ports.clock.now()
    earliest = rfc3339(now - SEALED_WITHIN)
    timely = sorted((each for each in records if each.at >= earliest), key=lambda each: (each.at, each.id))
    sealed = 0
    for day, of_day in groupby(timely, key=day_of):
        listed = list(of_day)
        for start in range(0, len(listed), MAX_BATCH):
            sealed += _seal(day, listed[start : start + MAX_BATCH], ports)
    return sealed


def sweep_audit(ports: Ports) -> int:
    """
    Seal what the stream has dropped; return how many records that were.

    Safe to run at any time and twice at once: what both find is sealed twice, and says the same.
    """
    now = ports.clock.now()
    since, until = now - SEALED_WITHIN, now - GRACE
    missed: list[AuditRecord] = []
    for day in _days(since.date(), until.date()):
        sealed = {seal.record_id for batch in ports.seals.batches(day) for seal in batch.seals}
        found = ports.audit.of_day(day)
        missed += [each for each in found if rfc3339(since) <= each.at < rfc3339(until) and each.id not in sealed]
    return seal_records(missed, ports)


def verify_audit(command: VerifyAudit, ports: Ports) -> Proof:
    """
    Prove a day of the trail: chain, signatures, and that all that was sealed is there as it was.

    Raises:
        ValidationError: The day has not begun yet (400).
    """
    now = ports.clock.now()
    if command.day > now.date().isoformat():
        fix = "Ask for a day that has begun, by UTC."
        raise ValidationError("That day has not begun.", fix=fix, errors=(FieldError("/day", "in the future", fix),))

    @cache
    def erased_at(tenant_id: str) -> str:
        found = ports.audit.read(f"tenants/{tenant_id}")
        return max((each.at for each in found if each.action in ERASURES), default="")

    # The seals first: whatever is in them was in the table before.
    batches = ports.seals.batches(command.day)
    return prove_day(
        command.day,
        batches,
        ports.audit.of_day(command.day),
        is_signed=lambda batch: ports.seal_key.is_signed(batch.signed_text, batch.signature),
        erased_at=erased_at,
        now=now,
    )


def _seal(day: str, records: Sequence[AuditRecord], ports: Ports) -> int:
    """
    Write the next batch of a day.

        one sealer                     another
        ──────────                     ───────
        reads the head: 7              reads the head: 7
        writes 8 if there is none
                                       writes 8 if there is none → taken
                                       reads the head: 8, writes 9
    """
    for _ in range(_ATTEMPTS):
        head = ports.seals.head(day)
        known = {seal.record_id for seal in head.seals} if head else set()
        fresh = [each for each in records if each.id not in known]
        if not fresh:
            return 0
        batch = next_batch(day, head, fresh, rfc3339(ports.clock.now()))
        signature = ports.seal_key.sign(batch.signed_text)
        try:
            ports.seals.add(batch._replace(signature=signature))
        except SealTakenError:
            continue
        return len(fresh)
    raise TransientError(f"Too many seal {day} at once.")


def _days(first: date, last: date) -> list[str]:
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
