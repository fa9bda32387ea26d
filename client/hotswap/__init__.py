"""The HotSwap command line and its typed Python client."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotswap.client import HotSwapClient
    from hotswap.errors import ApiError, HotSwapError

__all__ = ["ApiError", "HotSwapClient", "HotSwapError"]

_HOMES = {
    "ApiError": "hotswap.errors",
    "HotSwapClient": "hotswap.client",
    "HotSwapError": "hotswap.errors",
}


def __getattr__(name: str) -> object:
    """Import the public classes when they are asked for: `hotswap --help` needs none of them."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)

    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
