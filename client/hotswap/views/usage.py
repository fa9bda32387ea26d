"""What a tenant uses of its quotas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from hotswap.resources.usage import PluginUsage, Quota
from hotswap.views.tables import listing


def usage_view(usages: Sequence[PluginUsage], now: datetime, *, tenant_id: str) -> RenderableType:
    """List the use of each plugin, and when the counts of this minute begin anew."""
    rows = [
        (
            Text(each.plugin_id, style="name"),
            _share(each.requests),
            _share(each.concurrent),
            _share(each.seconds),
            _until(each.requests, now),
        )
        for each in usages
    ]

    return listing(
        ("PLUGIN", "REQUESTS>", "AT ONCE>", "SECONDS>", "RESETS>"),
        rows,
        nothing="It has no plugins yet.",
        next_step=f"hotswap install PLUGIN --tenant {tenant_id}",
    )


def _share(quota: Quota) -> Text:
    """Write use and limit; what is used up stands out."""
    return Text(f"{quota.used:,.10g} / {quota.limit:,}", style="bad" if quota.used >= quota.limit else "")


def _until(quota: Quota, now: datetime) -> str:
    return "-" if quota.reset_at is None else f"in {max(0, round((quota.reset_at - now).total_seconds()))} s"
