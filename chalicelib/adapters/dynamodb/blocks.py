"""Blocks of versions: the version in the table ``registry`` and its routes in ``routing``, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.items import Tables, document_of, values_of
from chalicelib.adapters.dynamodb.registry_items import OpenBlockItem, VersionItem
from chalicelib.adapters.dynamodb.routes import route_item
from chalicelib.adapters.dynamodb.routing_items import RouteItem
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import StaleRevisionError
from chalicelib.domain.routes import Route
from chalicelib.domain.versions import Version
from chalicelib.ports.blocks import OpenBlock


class DynamoBlocks:
    """Blocks; what is open stands beside the versions until its aliases have followed."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        self._versions = tables.bind(VersionItem, "registry")
        self._open = tables.bind(OpenBlockItem, "registry")
        self._routes = tables.bind(RouteItem, "routing")
        self._audit = audit

    def write(self, version: Version, routes: Sequence[Route], record: AuditRecord) -> Version:
        """
        Write a blocked version and the routes that it is taken out of, all or nothing; note that it is open.

            block                          step of a deployment
            ─────                          ────────────────────
                                           read route, epoch 3
            read routes, epoch 3
            write version and routes, epoch 4
                                           write route, epoch 4, candidate = blocked version
                                           if epoch is 3 → refused: it reads again and sees the block

        Raises:
            StaleRevisionError: Somebody wrote the version or a route in between.
        """
        saved = replace(version, revision=version.revision + 1)
        is_unchanged = VersionItem.revision == version.revision
        item = self._versions(*keys.version(version.plugin_id, version.version), **asdict(saved))
        opened = OpenBlock(version.plugin_id, version.version, version.alias, record.at)
        self._audit.write(
            record,
            Put(item, is_unchanged, lambda: _stale(f"version {version.version} of {version.plugin_id}")),
            Put(self._open(*keys.open_block(version.plugin_id, version.version), **document_of(opened))),
            *(self._put(route) for route in routes),
        )
        return saved

    @translated("DynamoDB")
    def opened(self) -> tuple[OpenBlock, ...]:
        """Return the blocks whose aliases may still have to follow."""
        found = self._open.query(keys.OPEN_BLOCKS, consistent_read=True)
        return tuple(OpenBlock(**values_of(item, OpenBlock)) for item in found)

    @translated("DynamoDB")
    def close(self, block: OpenBlock) -> None:
        """Say that every alias has followed; nothing happens when that was said before."""
        self._open(*keys.open_block(block.plugin_id, block.version)).delete()

    def _put(self, route: Route) -> Put:
        is_first = RouteItem.pk.does_not_exist()
        follows_what_was_read = RouteItem.epoch == route.epoch - 1
        condition = is_first if route.epoch == 1 else follows_what_was_read
        return Put(
            route_item(self._routes, route),
            condition,
            lambda: _stale(f"the route of {route.plugin_id} in {route.environment}"),
        )


def _stale(what: str) -> StaleRevisionError:
    return StaleRevisionError(f"Somebody else changed {what} in between.", fix="Repeat the request.")
