"""Populations: the tenants that have a plugin enabled now, placed in the buckets of its route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.populations import Population, salt_of
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from chalicelib.domain.routes import Route
    from chalicelib.ports import Ports


def population_of(plugin_id: str, environment: str, route: Route | None, ports: Ports) -> Population:
    """Place the tenants that have the plugin enabled in the buckets of the route, or of the one that will be."""
    now = rfc3339(ports.clock.now())
    return Population.of(
        (
            (each.tenant_id, each.ring, each.pin is not None and each.pin.holds(environment, now))
            for each in ports.installations.enabled_tenants(plugin_id)
        ),
        plugin_id=plugin_id,
        salt=route.salt if route else salt_of(plugin_id, environment),
        rings=ports.rings.get().names,
    )
