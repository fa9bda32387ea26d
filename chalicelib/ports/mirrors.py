"""The aliases of environments, as they are and as they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.domain.mirrors import Mirror
    from chalicelib.domain.routes import Route


class AliasMirrors(Protocol):
    """Finds what aliases show, and puts it right."""

    def shown(self, plugin_id: str, environment: str) -> Mirror | None:
        """Return what the alias of an environment shows; None when there is none."""

    def mend(self, route: Route, shown: Mirror | None) -> None:
        """
        Make the alias show *route* if it still is as it was *shown*, whatever epoch it claims.

        Raises:
            TransientError: Somebody moved it since, or Lambda throttles.
        """
