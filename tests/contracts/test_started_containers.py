"""Contract of the notes of versions that have containers kept started."""

from dataclasses import replace

from chalicelib.domain.started_containers import StartedContainers
from chalicelib.ports import Ports
from tests.contracts.things import NOW

FIRST = StartedContainers("stripe-gateway", "1.0.0", "v1-0-0", 2)
SECOND = replace(FIRST, version="1.1.0", alias="v1-1-0", is_started=False, unneeded_since=NOW)


def test_notes_come_back_as_they_were_written_last_and_go_when_they_are_removed(ports: Ports) -> None:
    notes = ports.started_containers
    for note in (SECOND, FIRST, replace(FIRST, unneeded_since=NOW), FIRST):
        notes.save(note)

    assert notes.every() == (FIRST, SECOND)

    for _ in range(2):
        notes.remove(SECOND)
    assert notes.every() == (FIRST,)
