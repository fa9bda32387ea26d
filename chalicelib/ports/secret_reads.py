"""Reads of tenants' secrets, on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.secret_reads import SecretsRead


class SecretReadRecorder(Protocol):
    """Puts reads on record in the way of an invocation, so it never fails."""

    def meanwhile(self, read: SecretsRead | None) -> AbstractContextManager[None]:
        """
        Record *read* while the context waits for a plugin, unless a record stands for it; never raises by itself.

        What could not be written before is tried again, also where nothing was read (None).
        """


class RecordAppender(Protocol):
    """The trail, as far as an invocation may write it."""

    def append(self, record: AuditRecord) -> None:
        """
        Write one record.

        Raises:
            ConflictError: It is recorded already.
            TransientError: The table does not answer.
        """
