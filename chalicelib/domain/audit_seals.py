"""
Seals of the audit trail: each record in a chain of its day, so that no record can be changed, lost or added unseen.

A *seal* links one record to the one before it, so the last link speaks for all; a *batch* is what is signed and
stored at once, and its number is its place. A seal holds digests and no record: what a tenant's erasure takes from
a record leaves the chain as it was (`digest_of`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import NamedTuple

from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.authorization import Role
from chalicelib.domain.errors import ConflictError

#: What is left of a record, and proven, whatever is erased.
_LASTING = ("id", "at", "roles", "action", "resource", "trace_id", "tenant_id", "result", "expires_at")
#: What may name people or tell of them.
_FREE = ("reason", "before", "after")
_WHO = ("actor", "on_behalf_of", "ip", "user_agent")
#: What an erasure itself leaves on record: it tells of nobody of the tenant's, and proves what was emptied before.
ERASURES = frozenset({"BeginErasure", "EraseTenant"})
#: Names of people whose tenant was erased begin so.
PSEUDONYM = "erased-"


class SealTakenError(ConflictError):
    """Another sealer was faster: its batch has the number that ours would have had."""


class Seal(NamedTuple):
    """
    One record in the chain: its place, its id, the digest of all it says, and the link to all before it.

    *expires_at* is when retention ends (seconds of the epoch, 0 for never): from then on the record may be missing.
    """

    sequence: int
    record_id: str
    digest: str
    expires_at: int
    link: str


class Batch(NamedTuple):
    """Some seals in a row, and the signature of the last link; *previous* is the link before the first."""

    day: str
    number: int
    previous: str
    sealed_at: str
    seals: tuple[Seal, ...]
    signature: bytes = b""

    @property
    def head(self) -> str:
        """The link that speaks for this batch and all before it."""
        return self.seals[-1].link

    @property
    def signed_text(self) -> bytes:
        """What the signature is of: the head, how far it reaches, and when it was made."""
        return f"hotswap#{self.day}#{self.number}#{self.seals[-1].sequence}#{self.sealed_at}#{self.head}".encode()


def day_of(record: AuditRecord) -> str:
    """Name the day whose chain *record* belongs to."""
    return record.at[:10]


def origin_of(day: str) -> str:
    """Name what the first seal of a day is linked to: one day's chain never passes for another's."""
    return sha256(f"hotswap audit {day}".encode()).hexdigest()


def next_batch(day: str, head: Batch | None, records: Iterable[AuditRecord], sealed_at: str) -> Batch:
    """Seal *records* after *head*, the last batch of their day; None: they are its first. It is not signed yet."""
    number, previous, sequence = (head.number, head.head, head.seals[-1].sequence) if head else (0, origin_of(day), 0)
    return Batch(day, number + 1, previous, sealed_at, tuple(_seals(records, previous, sequence)))


def link_of(previous: str, seal: Seal) -> str:
    """Link a seal to the one before it."""
    said = f"{previous}#{seal.sequence}#{seal.record_id}#{seal.digest}#{seal.expires_at}"
    return sha256(said.encode()).hexdigest()


def digest_of(record: AuditRecord) -> str:
    """Digest all that *record* says, in two halves: one of them is the same before and after an erasure."""
    personal = record.erased or _digest((*_personal_of(record), "salt"), record)
    return sha256(f"{_digest(_proven_of(record), record)}#{personal}".encode()).hexdigest()


def is_of_tenants_people(record: AuditRecord) -> bool:
    """Tell whether who did it belongs to the tenant, and not to those who run the product."""
    return Role.TENANT_OWNER in record.roles and Role.ADMIN not in record.roles


def erased(record: AuditRecord, pseudonym: str) -> AuditRecord:
    """
    Take from *record*, which is about a tenant, what tells of people; its seal holds as before.

    Free texts and values go. Of the tenant's own people name, address and browser go too: *pseudonym* stands for
    them. Who runs the product stays accountable for what it did to the tenant.
    """
    if record.erased:
        return record
    gone = replace(
        record,
        erased=_digest((*_personal_of(record), "salt"), record),
        salt="",
        reason="",
        before={},
        after={},
    )
    if is_of_tenants_people(record):
        gone = replace(gone, actor=f"{PSEUDONYM}{pseudonym}", on_behalf_of="", ip="", user_agent="")
    return gone


def is_erased_as_it_should_be(record: AuditRecord) -> bool:
    """Tell whether nothing stands where an erasure left nothing: no digest proves what does."""
    names = [name for name in _personal_of(record) if name != "actor"]
    is_named_so = record.actor.startswith(PSEUDONYM) or not is_of_tenants_people(record)
    return is_named_so and bool(record.tenant_id) and not any(getattr(record, name) for name in (*names, "salt"))


def _personal_of(record: AuditRecord) -> tuple[str, ...]:
    return (*_FREE, *_WHO) if is_of_tenants_people(record) else _FREE


def _proven_of(record: AuditRecord) -> tuple[str, ...]:
    return _LASTING if is_of_tenants_people(record) else (*_LASTING, *_WHO)


def _digest(names: tuple[str, ...], record: AuditRecord) -> str:
    """Digest some fields; what is empty is left out, so that a field more changes no old digest."""
    said = {name: value for name in names if (value := getattr(record, name)) not in ("", None, {}, (), 0)}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def _seals(records: Iterable[AuditRecord], previous: str, sequence: int) -> Iterator[Seal]:
    for number, record in enumerate(records, sequence + 1):
        seal = Seal(number, record.id, digest_of(record), record.expires_at, "")
        previous = link_of(previous, seal)
        yield seal._replace(link=previous)
