"""Servings: which version answered a tenant last, and when that became so."""

from __future__ import annotations

from typing import NamedTuple


class Serving(NamedTuple):
    """
    The version that answered a tenant's call, and by which rule.

    *at* (RFC 3339) is the first time that a container saw it answer under the route and the installation of then;
    a repeat of the same is not written again.
    """

    plugin_id: str
    environment: str
    version: str
    reason: str
    at: str
