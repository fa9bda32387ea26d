"""Seals of the audit trail, and the key that signs them, in memory."""

from dataclasses import dataclass, field
from hashlib import sha256

from chalicelib.domain.audit_seals import Batch, SealTakenError
from chalicelib.domain.errors import TransientError


@dataclass
class FakeSeals:
    """Batches by day and number; *rivals* are written by others, each right before the next one of ours."""

    kept: dict[tuple[str, int], Batch] = field(default_factory=dict)
    rivals: list[Batch] = field(default_factory=list)

    def head(self, day: str) -> Batch | None:
        batches = self.batches(day)
        return batches[-1] if batches else None

    def add(self, batch: Batch) -> None:
        if self.rivals:
            rival = self.rivals.pop(0)
            self.kept[rival.day, rival.number] = rival
        if (batch.day, batch.number) in self.kept:
            raise SealTakenError(f"Another sealer wrote batch {batch.number} of {batch.day}.")
        self.kept[batch.day, batch.number] = batch

    def batches(self, day: str) -> tuple[Batch, ...]:
        return tuple(batch for (of_day, _), batch in sorted(self.kept.items()) if of_day == day)


@dataclass
class FakeSealKey:
    """Signs with what everybody knows."""

    is_down: bool = False

    def sign(self, text: bytes) -> bytes:
        if self.is_down:
            raise TransientError("KMS does not answer at the moment.")
        return sha256(b"key of the fake seals" + text).digest()

    def is_signed(self, text: bytes, signature: bytes) -> bool:
        return signature == self.sign(text)
