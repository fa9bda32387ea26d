"""The smallest plugin: what its start costs is what HotSwap's runtime costs."""

from typing import Any

from hotswap_plugin import PluginContext


def handle(_operation: str, data: dict[str, Any], _context: PluginContext) -> dict[str, Any]:
    """Answer with what came in."""
    return data
