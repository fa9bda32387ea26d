"""Blocks of versions, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import StaleRevisionError
from chalicelib.domain.routes import Route
from chalicelib.domain.versions import Version
from chalicelib.ports import OpenBlock
from tests.fakes.tables import FakeTables, require_revision


@dataclass
class FakeBlocks:
    """Blocks; version and routes are written together or not at all."""

    tables: FakeTables

    def write(self, version: Version, routes: Sequence[Route], record: AuditRecord) -> Version:
        with self.tables.transaction(record):
            key = version.plugin_id, version.version
            require_revision(self.tables.versions.get(key), version.revision)
            for route in routes:
                known = self.tables.routes.get((route.plugin_id, route.environment))
                if (known.epoch if known else 0) != route.epoch - 1:
                    raise StaleRevisionError("Somebody else wrote the route in between.", fix="Repeat the request.")
            saved = replace(version, revision=version.revision + 1)
            self.tables.versions[key] = saved
            self.tables.open_blocks[key] = OpenBlock(*key, version.alias, record.at)
            for route in routes:
                self.tables.routes[route.plugin_id, route.environment] = route
            return saved

    def opened(self) -> tuple[OpenBlock, ...]:
        return tuple(block for _, block in sorted(self.tables.open_blocks.items()))

    def close(self, block: OpenBlock) -> None:
        self.tables.open_blocks.pop((block.plugin_id, block.version), None)
