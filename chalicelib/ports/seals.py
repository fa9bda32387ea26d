"""Where the seals of the audit trail are kept, and the key that signs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.domain.audit_seals import Batch


class SealRepository(Protocol):
    """Batches of seals, which nobody can change or remove: by day, numbered from 1."""

    def head(self, day: str) -> Batch | None:
        """Return the last batch of a day; None: it has none."""

    def add(self, batch: Batch) -> None:
        """
        Keep a batch.

        Raises:
            SealTakenError: Another one of its day has this number; this one is not kept.
        """

    def batches(self, day: str) -> tuple[Batch, ...]:
        """Return all batches of a day in the order of their numbers, each as it was first kept."""


class SealKey(Protocol):
    """Signs what is sealed; nobody can read the key."""

    def sign(self, text: bytes) -> bytes:
        """Sign *text*."""

    def is_signed(self, text: bytes, signature: bytes) -> bool:
        """Tell whether *signature* is this key's, of *text*."""
