"""Usage: what a tenant uses of its quotas, by plugin."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hotswap.resources.reading import Document, text_of, time_of


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota: its limit, what is used of it, and when the count begins anew if it is counted by the minute."""

    limit: int
    used: float
    reset_at: datetime | None

    @classmethod
    def of(cls, document: Any) -> Quota:  # noqa: ANN401 - a part of a document of the API
        """Read a quota."""
        part: Document = document if isinstance(document, dict) else {}
        return cls(limit=int(part.get("limit", 0)), used=part.get("used", 0), reset_at=time_of(part, "resetAt"))


@dataclass(frozen=True, slots=True)
class PluginUsage:
    """What a tenant uses of one plugin."""

    plugin_id: str
    requests: Quota
    concurrent: Quota
    seconds: Quota
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> PluginUsage:
        """Read the use of one plugin."""
        return cls(
            plugin_id=text_of(document, "pluginId"),
            requests=Quota.of(document.get("requestsPerMinute")),
            concurrent=Quota.of(document.get("concurrentExecutions")),
            seconds=Quota.of(document.get("executionSecondsPerMinute")),
            raw=document,
        )
