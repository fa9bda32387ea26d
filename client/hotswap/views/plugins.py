"""Plugins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from hotswap.resources.plugins import Plugin
from hotswap.resources.versions import Version
from hotswap.views.tables import facts, listing
from hotswap.views.theme import status_text
from hotswap.views.times import ago
from hotswap.views.versions import versions_view


def plugins_view(plugins: Sequence[Plugin], now: datetime, *, is_filtered: bool) -> RenderableType:
    """List plugins."""
    rows = [
        (
            Text(plugin.id, style="name"),
            plugin.type,
            status_text(plugin.status),
            ", ".join(plugin.tags) or "-",
            ago(plugin.created_at, now),
        )
        for plugin in plugins
    ]
    nothing = "No plugin matches." if is_filtered else "There are no plugins yet."
    next_step = "hotswap plugin list" if is_filtered else "hotswap plugin init my-plugin"

    return listing(("PLUGIN", "TYPE", "STATUS", "TAGS", "REGISTERED"), rows, nothing=nothing, next_step=next_step)


def plugin_view(plugin: Plugin, versions: Sequence[Version], now: datetime) -> RenderableType:
    """Show one plugin, then its versions."""
    return Group(
        facts(
            [
                ("plugin", Text(plugin.id, style="name")),
                ("name", plugin.display_name if plugin.display_name != plugin.id else ""),
                ("type", plugin.type),
                ("status", status_text(plugin.status)),
                ("why", str(plugin.deprecation.get("reason") or "")),
                ("instead", str(plugin.deprecation.get("migrationGuide") or "")),
                ("about", plugin.description),
                ("author", plugin.author),
                ("docs", plugin.documentation_url),
                ("tags", ", ".join(plugin.tags)),
                ("registered", ago(plugin.created_at, now)),
            ]
        ),
        Text(),
        versions_view(versions, plugin.id, now),
    )
