"""Routes, in the table ``routing``: read here, written with the deployment that moves them."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.documents import route_of
from chalicelib.adapters.dynamodb.items import Tables, document_of, values_of
from chalicelib.adapters.dynamodb.routing_items import RouteItem
from chalicelib.domain.ids import Environment
from chalicelib.domain.routes import Route


def route_item(items: type[RouteItem], route: Route) -> RouteItem:
    """Write a route as *items* of its table hold it, for a write that others belong to."""
    return items(
        *keys.route(route.plugin_id, route.environment),
        gsi1pk=keys.ALL_ROUTES,
        gsi1sk=f"{route.plugin_id}#{route.environment}",
        **document_of(route),
    )


class DynamoRoutes:
    """Routes."""

    def __init__(self, tables: Tables) -> None:
        self._items = tables.bind(RouteItem, "routing")

    @translated("DynamoDB")
    def get(self, plugin_id: str, environment: str) -> Route | None:
        """Return the route, strongly consistent; None before the first deployment."""
        try:
            item = self._items.get(*keys.route(plugin_id, environment), consistent_read=True)
        except self._items.DoesNotExist:
            return None
        return route_of(values_of(item, Route))

    def everywhere(self) -> Iterator[Route]:
        """Go through all routes by plugin; the listing may lag behind by a moment."""
        with translated("DynamoDB"):
            for item in self._items.listing.query(keys.ALL_ROUTES):
                yield route_of(values_of(item, Route))

    @translated("DynamoDB")
    def of_plugin(self, plugin_id: str) -> tuple[Route, ...]:
        """Return the routes of a plugin in all environments, in the order of the ladder."""
        found = self._items.query(keys.routes(plugin_id), consistent_read=True)
        routes = (route_of(values_of(item, Route)) for item in found)
        ladder = list(Environment)
        return tuple(sorted(routes, key=lambda route: ladder.index(Environment(route.environment))))
