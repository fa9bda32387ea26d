"""Notes of the versions that have containers kept started, in memory."""

from dataclasses import dataclass

from chalicelib.domain.started_containers import StartedContainers
from tests.fakes.tables import FakeTables


@dataclass
class FakeStartedContainers:
    """Notes by plugin and version."""

    tables: FakeTables

    def save(self, note: StartedContainers) -> None:
        self.tables.started_containers[note.plugin_id, note.version] = note

    def every(self) -> tuple[StartedContainers, ...]:
        return tuple(note for _, note in sorted(self.tables.started_containers.items()))

    def remove(self, note: StartedContainers) -> None:
        self.tables.started_containers.pop((note.plugin_id, note.version), None)
