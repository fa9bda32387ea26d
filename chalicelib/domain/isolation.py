"""Isolation: whether a container of a plugin serves all tenants in turn, or one tenant only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.domain.errors import ConflictError
from chalicelib.domain.findings import Finding

SHARED: Final = "shared"
PER_TENANT: Final = "per_tenant"


class IsolationFixedError(ConflictError):
    """The function of the plugin was made with another isolation, which Lambda never changes (409)."""

    def __init__(self, plugin_id: str, *, is_isolated: bool) -> None:
        self.made_with = PER_TENANT if is_isolated else SHARED
        super().__init__(
            f"The function of {plugin_id} was made with {self.made_with} isolation, and that can't be changed.",
            fix=f'Write "isolation": "{self.made_with}", or register another plugin for the other kind.',
        )


def is_isolated(manifest: Mapping[str, Any]) -> bool:
    """Tell whether the manifest of a version, as a document, asks for containers that serve one tenant each."""
    return bool(manifest.get("isolation", SHARED) == PER_TENANT)


def finding_of(error: IsolationFixedError) -> Finding:
    """Say it to the author of a version that asks for the other kind."""
    return Finding("MANIFEST_ISOLATION_FIXED", "plugin.json#/isolation", error.detail, error.fix)
