"""Which version answered a tenant last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable

    from chalicelib.domain.servings import Serving


class ServingNotes(Protocol):
    """What an invocation notes."""

    def note(self, tenant_id: str, serving: Serving, *, under: Hashable) -> None:
        """
        Write who answered, unless this process has already under the same circumstances; never raises.

        *under* is whatever a new version needs to change before it can answer: equal means nothing did.
        Of an installation that is gone nothing is noted.
        """


class ServingRepository(Protocol):
    """What invocations have noted; every method takes the tenant first."""

    def last(self, tenant_id: str, plugin_id: str, environment: str) -> Serving | None:
        """Return which version answered last; None when none ever did."""
