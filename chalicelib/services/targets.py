"""Targets: what a version serves with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.isolation import is_isolated
from chalicelib.domain.routes import Target

if TYPE_CHECKING:
    from chalicelib.domain.versions import Version


def target_of(version: Version) -> Target:
    """Name what a Ready version serves with."""
    operations = version.manifest.get("operations", {})
    return Target(
        version.version,
        version.alias,
        version.lambda_version or "",
        version.sha256,
        has_state=bool(version.manifest.get("stateSchema")),
        is_isolated=is_isolated(version.manifest),
        retryable=tuple(sorted(name for name, one in operations.items() if one.get("retryable"))),
    )
