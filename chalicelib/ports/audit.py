"""The audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.domain.audit import AuditFilter, AuditRecord
    from chalicelib.domain.pages import Page, PageRequest


class AuditTrail(Protocol):
    """Records of what changed nothing but must be remembered (denials, logins, failures), and reading of all."""

    def append(self, record: AuditRecord) -> None:
        """Write one record."""

    def page(self, wanted: AuditFilter, request: PageRequest) -> Page[AuditRecord]:
        """List the records that *wanted* admits, newest first; with neither actor, resource nor tenant, by day."""
