"""Machine keys, in memory."""

from dataclasses import dataclass

from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import ConflictError
from chalicelib.domain.machine_keys import MachineKey, key_not_found
from chalicelib.domain.pages import Page, PageRequest
from tests.fakes.tables import FakeTables, page_of, require_revision


@dataclass
class FakeMachineKeys:
    """Keys; `find` makes it what the authorizer asks as well."""

    tables: FakeTables

    def add(self, key: MachineKey, record: AuditRecord) -> None:
        with self.tables.transaction(record):
            if key.id in self.tables.machine_keys:
                raise ConflictError(f"The id {key.id} is taken.")
            self.tables.machine_keys[key.id] = key

    def get(self, key_id: str) -> MachineKey:
        key = self.find(key_id)
        if key is None:
            raise key_not_found(key_id)
        return key

    def find(self, key_id: str) -> MachineKey | None:
        return self.tables.machine_keys.get(key_id)

    def page(self, request: PageRequest) -> Page[MachineKey]:
        return page_of(sorted(self.tables.machine_keys.items()), request)

    def save(self, key: MachineKey, record: AuditRecord) -> MachineKey:
        with self.tables.transaction(record):
            require_revision(self.tables.machine_keys.get(key.id), key.revision)
            saved = key._replace(revision=key.revision + 1)
            self.tables.machine_keys[key.id] = saved
            return saved
