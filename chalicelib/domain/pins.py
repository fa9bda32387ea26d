"""Pins: a tenant held on one version of a plugin, with a reason, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from chalicelib.domain.routes import Target


class Pin(NamedTuple):
    """
    One tenant's hold on *target* in *environment*; the tenant does not move until it ends.

    *author* and *pinned_at* say who did it and when; *expires_at* (RFC 3339, None: never) when it ends by itself.
    *deployment_id* names the deployment whose candidate harmed the tenant, where the guard of single tenants made it.
    """

    environment: str
    target: Target
    reason: str
    author: str
    pinned_at: str
    expires_at: str | None = None
    deployment_id: str | None = None

    def holds(self, environment: str, now: str) -> bool:
        """Tell whether it holds in *environment* at *now* (RFC 3339)."""
        return self.environment == environment and (self.expires_at is None or now < self.expires_at)
