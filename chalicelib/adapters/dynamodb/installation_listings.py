"""What is asked of the installations of all tenants, by index; the table ``tenants`` is never scanned."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.documents import pin_of
from chalicelib.adapters.dynamodb.items import LISTED_KEYS, Tables
from chalicelib.adapters.dynamodb.tenant_items import InstallationItem, PinItem, TenantItem
from chalicelib.domain.installations import Enabled

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

#: What DynamoDB reads in one BatchGetItem.
_BATCH = 100


class DynamoInstallationListings:
    """Counts and listings across tenants."""

    def __init__(self, tables: Tables) -> None:
        self._items = tables.bind(InstallationItem, "tenants")
        self._pins = tables.bind(PinItem, "tenants")
        self._tenants = tables.bind(TenantItem, "tenants")

    @translated("DynamoDB")
    def pinned(self, plugin_id: str, version: str, *, now: str) -> int:
        """Count the tenants that a pin holds on a version at *now*; a new one may be missing for a moment."""
        index = PinItem.listing.Meta.index_name
        return self._pins.count(keys.pinned(plugin_id, version), filter_condition=_holds(now), index_name=index)

    def pinned_tenants(self, plugin_id: str, version: str, *, now: str) -> Iterator[str]:
        """Go through the tenants that a pin holds on a version at *now*, by id; a new one may be missing."""
        index = PinItem.listing.Meta.index_name
        with translated("DynamoDB"):
            found = self._pins.query(keys.pinned(plugin_id, version), filter_condition=_holds(now), index_name=index)
            yield from (str(item.gsi1sk) for item in found)

    @translated("DynamoDB")
    def count_enabled(self, plugin_id: str) -> int:
        """Count the tenants that have the plugin enabled; a new one may be missing for a moment (index)."""
        return self._items.count(keys.installed(plugin_id), index_name=InstallationItem.listing.Meta.index_name)

    def enabled_tenants(self, plugin_id: str) -> Iterator[Enabled]:
        """
        Go through the tenants that have the plugin enabled, by id.

        The index names the tenants with their pins, and a batch of them is then read at once: the ring is kept in one
        place, so that changing it is one write however much the tenant has installed.
        """
        index = InstallationItem.listing.Meta.index_name
        with translated("DynamoDB"):
            found = self._items.query(
                keys.installed(plugin_id), index_name=index, attributes_to_get=[*LISTED_KEYS, "pin"]
            )
            pins = ((str(item.gsi1sk), pin_of(item.pin)) for item in found)
            while batch := list(islice(pins, _BATCH)):
                rings = self._rings_of([tenant_id for tenant_id, _ in batch])
                # A tenant that went in between is in the index for a moment more.
                yield from (Enabled(each, rings[each], pin) for each, pin in batch if each in rings)

    @translated("DynamoDB")
    def is_installed_anywhere(self, plugin_id: str) -> bool:
        """Tell whether any tenant has an enabled installation of the plugin; only such are in the index."""
        index = InstallationItem.listing.Meta.index_name
        return any(self._items.query(keys.installed(plugin_id), index_name=index, limit=1))

    def _rings_of(self, tenant_ids: list[str]) -> dict[str, str]:
        wanted = [keys.tenant(tenant_id) for tenant_id in tenant_ids]
        found = self._tenants.batch_get(wanted, consistent_read=True, attributes_to_get=["pk", "sk", "id", "ring"])
        return {item.id: item.ring for item in found}


def _holds(now: str) -> Condition:
    never_ends = PinItem.expires_at.does_not_exist()
    holds: Condition = never_ends | (PinItem.expires_at > now)
    return holds
