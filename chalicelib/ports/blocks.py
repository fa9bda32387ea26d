"""Blocks of versions: written with every route at once, and finished where Lambda is concerned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.routes import Route
    from chalicelib.domain.versions import Version


@dataclass(frozen=True, slots=True)
class OpenBlock:
    """A block that stands in the tables, while aliases may still show the version; *at* is when it was written."""

    plugin_id: str
    version: str
    alias: str
    at: str


class BlockRepository(Protocol):
    """Blocks of versions."""

    def write(self, version: Version, routes: Sequence[Route], record: AuditRecord) -> Version:
        """
        Write a blocked version and the routes that it is taken out of, all or nothing; note that it is open.

        Conditions: nobody changed the version, and each route follows the stored one (``epoch`` one less, or none
        stored and epoch 1). So nobody who read an older route can bring the version back.

        Raises:
            StaleRevisionError: Somebody wrote the version or a route in between.
        """

    def opened(self) -> tuple[OpenBlock, ...]:
        """Return the blocks whose aliases may still have to follow."""

    def close(self, block: OpenBlock) -> None:
        """Say that every alias has followed; nothing happens when that was said before."""
