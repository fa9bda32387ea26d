"""The proof of a day's audit trail: its chain, its signatures, and that chain and records hold each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.audit_seals import Batch, Seal, digest_of, is_erased_as_it_should_be, link_of, origin_of

#: The stream seals a record within two minutes, the sweep what the stream has dropped within half an hour.
SEALED_WITHIN = timedelta(minutes=30)
#: So long after its seal a record may be missing where a day is listed: an index follows its table, never by much.
_LISTED_WITHIN = timedelta(minutes=1)


class Fault(StrEnum):
    """What can be wrong with a trail."""

    CHANGED = "changed"
    DROPPED = "dropped"
    REORDERED = "reordered"
    ADDED = "added"
    UNSIGNED = "unsigned"


class Finding(NamedTuple):
    """The first thing that is wrong: with which record, at which place of the chain (0: it has none), and how so."""

    fault: Fault
    sequence: int
    record_id: str
    detail: str


class Proof(NamedTuple):
    """
    What a day's chain proves; None as *finding*: all of it holds.

    *sealed* are in the chain, and of these *expired* have reached the end of their retention and *erased* have lost
    what is personal. *pending* were written within `SEALED_WITHIN` and have no seal yet, which is no fault. *late*
    were sealed later than that after the time they bear: the sealer stood still, or somebody dated them back.
    """

    day: str
    sealed: int
    pending: int
    expired: int
    erased: int
    late: int
    head: str
    finding: Finding | None


class _Sealed(NamedTuple):
    seal: Seal
    sealed_at: datetime


def prove_day(
    day: str,
    batches: Sequence[Batch],
    records: Iterable[AuditRecord],
    *,
    is_signed: Callable[[Batch], bool],
    erased_at: Callable[[str], str],
    now: datetime,
) -> Proof:
    """
    Prove a day.

    *records* are all of the day that are stored, in any order; they are looked at one by one and not kept.
    *is_signed* checks a batch's signature; *erased_at* says when a tenant was last erased (``""`` for never).
    """
    sealed, broken = _follow(day, batches, is_signed)
    ledger = _Ledger(sealed, erased_at, now)
    for record in records:
        ledger.compare(record)
    ledger.miss()
    findings = [finding for finding in (broken, *ledger.findings) if finding]
    # What has no place in the chain was added to a chain that holds, so it is named after what breaks the chain.
    first = min(findings, key=lambda one: (not one.sequence, one.sequence, one.record_id), default=None)
    head = batches[-1].head if batches and batches[-1].seals else ""
    return Proof(day, len(sealed), ledger.pending, ledger.expired, ledger.erased, ledger.late, head, first)


def _follow(
    day: str, batches: Sequence[Batch], is_signed: Callable[[Batch], bool]
) -> tuple[dict[str, _Sealed], Finding | None]:
    """Follow the links from the day's origin; give what they hold, and the first place where they do not."""
    sealed: dict[str, _Sealed] = {}
    previous, sequence = origin_of(day), 0
    for number, batch in enumerate(batches, 1):
        if (batch.day, batch.number, batch.previous) != (day, number, previous) or not batch.seals:
            why = f"batch {number} of the chain is missing, or is not the one that was written"
            return sealed, Finding(Fault.DROPPED, sequence + 1, "", why)
        at = datetime.fromisoformat(batch.sealed_at)
        for seal in batch.seals:
            sequence += 1
            finding = _misplaced(seal, sequence, batch) or _fault_of(seal, previous, sealed)
            if finding:
                return sealed, finding
            previous = seal.link
            # A record that reaches the sealer twice is sealed twice; the first seal counts, and both say the same.
            sealed.setdefault(seal.record_id, _Sealed(seal, at))
        if not is_signed(batch):
            first = batch.seals[0]
            why = f"batch {number} bears no signature of this stack's key"
            return sealed, Finding(Fault.UNSIGNED, first.sequence, first.record_id, why)
    return sealed, None


def _misplaced(seal: Seal, sequence: int, batch: Batch) -> Finding | None:
    """Say why a seal is not the one that belongs to this place, if it is not."""
    if seal.sequence == sequence:
        return None
    if seal.sequence < sequence:
        return Finding(Fault.ADDED, sequence, seal.record_id, f"there is a seal {seal.sequence} before it already")
    if any(other.sequence == sequence for other in batch.seals):
        return Finding(Fault.REORDERED, sequence, seal.record_id, f"its seal is {seal.sequence}, and stands too early")
    return Finding(Fault.DROPPED, sequence, "", f"seal {sequence} is missing before that of {seal.record_id}")


def _fault_of(seal: Seal, previous: str, sealed: dict[str, _Sealed]) -> Finding | None:
    """Say what is wrong with the seal that stands in its place."""
    sequence = seal.sequence
    if seal.link != link_of(previous, seal):
        return Finding(Fault.CHANGED, sequence, seal.record_id, "its seal is not linked to the one before it")
    known = sealed.get(seal.record_id)
    if known and (known.seal.digest, known.seal.expires_at) != (seal.digest, seal.expires_at):
        return Finding(
            Fault.CHANGED, known.seal.sequence, seal.record_id, "it was written again, saying something else"
        )
    return None


class _Ledger:
    """What is found while records are compared with their seals."""

    def __init__(self, sealed: dict[str, _Sealed], erased_at: Callable[[str], str], now: datetime) -> None:
        self.findings: list[Finding] = []
        self.pending = self.expired = self.erased = self.late = 0
        self._sealed = sealed
        self._unseen = dict(sealed)
        self._erased_at = erased_at
        self._now = now

    def compare(self, record: AuditRecord) -> None:
        """Compare one record with its seal."""
        known = self._sealed.get(record.id)
        if known is None:
            self._note_unsealed(record)
            return
        if self._unseen.pop(record.id, None) is None:
            self._note(Fault.ADDED, known.seal, "it is in the table twice")
        elif digest_of(record) != known.seal.digest:
            self._note(Fault.CHANGED, known.seal, "it does not say what was sealed")
        elif record.erased and not self._is_well_erased(record):
            self._note(Fault.CHANGED, known.seal, "it was emptied, and no later erasure of its tenant is on record")
        self.erased += bool(record.erased)
        self.late += known.sealed_at - datetime.fromisoformat(record.at) > SEALED_WITHIN

    def miss(self) -> None:
        """Note what has a seal and was not seen."""
        for known in self._unseen.values():
            if known.seal.expires_at and known.seal.expires_at <= self._now.timestamp():
                self.expired += 1
            elif self._now - known.sealed_at > _LISTED_WITHIN:
                self._note(Fault.DROPPED, known.seal, "it was sealed, and is not in the table")

    def _note_unsealed(self, record: AuditRecord) -> None:
        if self._now - datetime.fromisoformat(record.at) <= SEALED_WITHIN:
            self.pending += 1
            return
        minutes = SEALED_WITHIN.seconds // 60
        why = f"it has no seal after {minutes} minutes: it was added later, or the sealer stands still"
        self.findings.append(Finding(Fault.ADDED, 0, record.id, why))

    def _is_well_erased(self, record: AuditRecord) -> bool:
        # A tenant of the same name may have come later: what was done to it nobody has erased.
        return is_erased_as_it_should_be(record) and record.at <= self._erased_at(record.tenant_id or "")

    def _note(self, fault: Fault, seal: Seal, detail: str) -> None:
        self.findings.append(Finding(fault, seal.sequence, seal.record_id, detail))
