"""The audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.audit import AuditFilter, AuditRecord
    from chalicelib.domain.pages import Page, PageRequest


class AuditTrail(Protocol):
    """Records of what changed nothing but must be remembered (denials, logins, failures), and reading of all."""

    def append(self, record: AuditRecord) -> None:
        """Write one record."""

    def page(self, wanted: AuditFilter, request: PageRequest) -> Page[AuditRecord]:
        """List the records that *wanted* admits, newest first; with neither actor, resource nor tenant, by day."""

    def read(self, resource: str) -> tuple[AuditRecord, ...]:
        """Return the records of *resource*, oldest first."""

    def of_day(self, day: str) -> Iterator[AuditRecord]:
        """Go through all records of a day (``2026-11-22``); what was written a moment ago may be missing."""

    def of_tenant(self, tenant_id: str) -> Iterator[AuditRecord]:
        """Go through all records about a tenant; what was written a moment ago may be missing."""

    def empty(self, emptied: AuditRecord) -> None:
        """
        Put a record that an erasure has emptied (`audit_seals.erased`) in its own place; twice is the same.

        Raises:
            NotFoundError: There is no such record, or retention has ended.
        """
