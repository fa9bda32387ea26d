"""Notes of the versions that have containers kept started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.domain.started_containers import StartedContainers


class StartedContainersRepository(Protocol):
    """A note per version whose manifest asks for started containers, until the version can't serve any more."""

    def save(self, note: StartedContainers) -> None:
        """Write the note, whatever was there before: each sweep finds out anew what is so."""

    def every(self) -> tuple[StartedContainers, ...]:
        """Return all notes, by plugin and version."""

    def remove(self, note: StartedContainers) -> None:
        """Forget the version; nothing happens when it was forgotten before."""
