"""Notes of the versions that have containers kept started, in the table ``registry``."""

from __future__ import annotations

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.items import Tables, document_of, values_of
from chalicelib.adapters.dynamodb.registry_items import StartedContainersItem
from chalicelib.domain.started_containers import StartedContainers


class DynamoStartedContainers:
    """Notes; all in one partition, for few versions have any."""

    def __init__(self, tables: Tables) -> None:
        self._items = tables.bind(StartedContainersItem, "registry")

    @translated("DynamoDB")
    def save(self, note: StartedContainers) -> None:
        """Write the note, whatever was there before."""
        self._items(*keys.started_containers(note.plugin_id, note.version), **document_of(note)).save()

    @translated("DynamoDB")
    def every(self) -> tuple[StartedContainers, ...]:
        """Return all notes, by plugin and version."""
        found = self._items.query(keys.STARTED_CONTAINERS, consistent_read=True)
        return tuple(StartedContainers(**values_of(item, StartedContainers)) for item in found)

    @translated("DynamoDB")
    def remove(self, note: StartedContainers) -> None:
        """Forget the version; nothing happens when it was forgotten before."""
        self._items(*keys.started_containers(note.plugin_id, note.version)).delete()
