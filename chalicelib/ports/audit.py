"""The audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.domain.audit import AuditRecord


class AuditTrail(Protocol):
    """Records of what changed nothing but must be remembered: denials, logins, failures."""

    def append(self, record: AuditRecord) -> None:
        """Write one record."""
