"""Plugins, in the table ``registry``."""

from __future__ import annotations

from dataclasses import asdict, replace

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit import Check, DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.items import Tables, values_of
from chalicelib.adapters.dynamodb.listings import read_page, start_of
from chalicelib.adapters.dynamodb.registry_items import PluginItem
from chalicelib.adapters.dynamodb.routing_items import RouteItem
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import ConflictError, NotFoundError, StaleRevisionError
from chalicelib.domain.ids import Environment
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.plugins import Deprecation, Plugin, PluginFilter, PluginStatus, PluginType


class DynamoPlugins:
    """Registered plugins."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        self._items = tables.bind(PluginItem, "registry")
        self._routes = tables.bind(RouteItem, "routing")
        self._audit = audit

    def add(self, plugin: Plugin, record: AuditRecord) -> None:
        """
        Store a new plugin, or one whose name was freed by deletion.

            first                          second
            ─────                          ──────
            GET x → not there
                                           GET x → not there
            PUT x (nobody has the name)
                                           PUT x → refused: the first one has it

        Raises:
            ConflictError: The name is taken.
        """
        is_unknown = PluginItem.pk.does_not_exist()
        is_freed = PluginItem.status == PluginStatus.DELETED.value
        self._audit.write(
            record,
            Put(
                self._item(plugin),
                is_unknown | is_freed,
                lambda: ConflictError(f"The name {plugin.id} is taken.", fix="Choose another name."),
            ),
        )

    @translated("DynamoDB")
    def get(self, plugin_id: str) -> Plugin:
        """
        Return one plugin.

        Raises:
            NotFoundError: It is not registered, or deleted.
        """
        try:
            plugin = _plugin_of(self._items.get(*keys.plugin(plugin_id), consistent_read=True))
        except self._items.DoesNotExist:
            plugin = None
        if plugin is None or plugin.status is PluginStatus.DELETED:
            raise NotFoundError(f"There is no plugin {plugin_id!r}.", fix="Check the name, or register it.")
        return plugin

    @translated("DynamoDB")
    def page(self, wanted: PluginFilter, request: PageRequest) -> Page[Plugin]:
        """
        List by name; filtered pages are full unless the end is reached.

        With a filter as much is read at once as DynamoDB gives: reading a few at a time, most of them left out, would
        take a request each.
        """
        found = self._items.query(
            keys.PLUGINS,
            consistent_read=True,
            page_size=request.limit + 1 if wanted.is_any else None,
            last_evaluated_key=start_of(request),
        )
        return read_page(found, request, _plugin_of, admits=wanted.admits)

    def save(self, plugin: Plugin, record: AuditRecord) -> Plugin:
        """
        Write a changed plugin if nobody else did since it was read; return it with its new revision.

        The name may have been freed and registered anew meanwhile, with a revision that has grown to the
        same number: *created_at* tells the two registrations apart.

        Raises:
            StaleRevisionError: Somebody did.
        """
        self._audit.write(record, self._put_next(plugin))
        return replace(plugin, revision=plugin.revision + 1)

    def remove(self, plugin: Plugin, record: AuditRecord) -> None:
        """
        Write the tombstone *plugin* if nobody changed it and none of its routes has a target.

            delete                         deployment
            ──────                         ──────────
            read routes → nobody served
                                           write route → a target, if the plugin is there
            write tombstone
            if no route has a target → refused

        Raises:
            StaleRevisionError: Somebody changed the plugin.
            ConflictError: It serves somewhere.
        """
        has_no_stable = RouteItem.stable.does_not_exist()
        has_no_candidate = RouteItem.candidate.does_not_exist()
        serves_nobody = [
            Check(
                self._routes,
                keys.route(plugin.id, environment),
                has_no_stable & has_no_candidate,
                lambda: ConflictError(f"{plugin.id} serves somewhere.", fix="Deprecate it instead."),
            )
            for environment in Environment
        ]
        self._audit.write(record, self._put_next(plugin), checks=serves_nobody)

    def _put_next(self, plugin: Plugin) -> Put:
        is_unchanged = PluginItem.revision == plugin.revision
        is_same_registration = PluginItem.created_at == plugin.created_at
        return Put(
            self._item(replace(plugin, revision=plugin.revision + 1)),
            is_unchanged & is_same_registration,
            lambda: StaleRevisionError(
                f"Somebody else changed {plugin.id} in between.", fix="Read it again, then repeat your change."
            ),
        )

    def _item(self, plugin: Plugin) -> PluginItem:
        return self._items(*keys.plugin(plugin.id), **{**asdict(plugin), "tags": list(plugin.tags)})


def _plugin_of(item: PluginItem) -> Plugin:
    values = values_of(item, Plugin)
    return Plugin(
        **{
            **values,
            "type": PluginType(values["type"]),
            "tags": tuple(values["tags"]),
            "status": PluginStatus(values["status"]),
            "deprecation": Deprecation(**values["deprecation"]) if "deprecation" in values else None,
        }
    )
