"""Audit: what is remembered of each change, and with what it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """
    Who did what, to what, why, and what changed.

    Written in the transaction of the change it records, so neither exists without the other.
    *resource* is a path (``plugins/payment-processor-stripe``); secrets never get into *before* or *after*.
    """

    id: str
    at: str
    actor: str
    roles: tuple[str, ...]
    action: str
    resource: str
    trace_id: str
    tenant_id: str | None = None
    reason: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
