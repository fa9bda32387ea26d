"""What is in effect: which version serves a tenant, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hotswap.resources.reading import Document, number_of, text_of, time_of
from hotswap.transport import Transport


@dataclass(frozen=True, slots=True)
class Effective:
    """Which version serves a tenant, by which rule, and what stands behind it; empty is none."""

    plugin_id: str
    tenant_id: str
    environment: str
    configured: str
    candidate: str
    candidate_percentage: float
    pinned: str
    resolved: str
    digest: str
    bucket: int | None
    reason: str
    why: str
    last_served: str
    last_reason: str
    last_at: datetime | None
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Effective:
        """Read the answer of an effective."""
        bucket, last = number_of(document, "bucket"), document.get("lastServed") or {}
        matched: Document = next((rule for rule in document.get("rules") or () if rule.get("matched")), {})
        return cls(
            plugin_id=text_of(document, "pluginId"),
            tenant_id=text_of(document, "tenantId"),
            environment=text_of(document, "environment"),
            configured=text_of(document, "configuredVersion"),
            candidate=text_of(document, "candidateVersion"),
            candidate_percentage=number_of(document, "candidatePercentage") or 0,
            pinned=text_of(document, "pinnedVersion"),
            resolved=text_of(document, "resolvedVersion"),
            digest=text_of(document, "digest"),
            bucket=None if bucket is None else int(bucket),
            reason=text_of(document, "reason"),
            why=text_of(matched, "why"),
            last_served=text_of(last, "version"),
            last_reason=text_of(last, "reason"),
            last_at=time_of(last, "at"),
            raw=document,
        )


class Effectives:
    """Requests that ask who serves."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def show(self, tenant_id: str, plugin_id: str, *, environment: str | None = None) -> Effective:
        """Ask which version serves a tenant; the environment is Production when none is named."""
        path = f"/tenants/{tenant_id}/plugins/{plugin_id}/effective"

        return Effective.of(self._transport.request("GET", path, query={"environment": environment}).document)
