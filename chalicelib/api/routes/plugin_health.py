"""How the versions of a plugin fare, by what tenants got of them and by a check."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.resources.plugin_health import (
    HealthCheckBody,
    MetricsQuery,
    PluginChecksResource,
    PluginHealthResource,
    PluginMetricsResource,
    VersionCheckResource,
    VersionHealthResource,
    VersionMetricsResource,
)
from chalicelib.domain.authorization import Caller
from chalicelib.ports import Ports
from chalicelib.services import plugin_health
from chalicelib.services.plugin_health import CheckHealth

blueprint = ApiBlueprint(__name__)


@blueprint.route("/plugins/{plugin_id}/health")
@endpoint(blueprint)
def show_plugin_health(plugin_id: str, ports: Ports) -> Ok[PluginHealthResource]:
    """
    Tell how each version fares that may serve, in each environment, by the last 15 minutes.

    Raises:
        NotFoundError: There is no such plugin (404).
    """
    items = [VersionHealthResource.of(one) for one in plugin_health.show_health(plugin_id, ports)]

    return Ok(PluginHealthResource(plugin_id=plugin_id, items=items))


@blueprint.route("/plugins/{plugin_id}/metrics")
@endpoint(blueprint, query=MetricsQuery)
def show_plugin_metrics(plugin_id: str, query: MetricsQuery, ports: Ports) -> Ok[PluginMetricsResource]:
    """
    Count requests, failures and latency in a window, by environment and version.

    Raises:
        NotFoundError: There is no such plugin (404).
    """
    items = [VersionMetricsResource.of(one) for one in plugin_health.show_metrics(plugin_id, query.seconds, ports)]

    return Ok(PluginMetricsResource(plugin_id=plugin_id, window=query.window, items=items))


@blueprint.route("/plugins/{plugin_id}/health-check", methods=["POST"])
@endpoint(blueprint, body=HealthCheckBody)
def check_plugin_health(
    plugin_id: str, body: HealthCheckBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[PluginChecksResource]:
    """
    Make the health check of each version that may serve, now; it moves nobody, and a dry run calls nothing.

    Raises:
        NotFoundError: There is no such plugin (404).
    """
    command = CheckHealth(caller, plugin_id, body.environment, validate_only=validate_only)
    made = plugin_health.check_health(command, ports)

    return Ok(PluginChecksResource(plugin_id=plugin_id, items=[VersionCheckResource.of(one) for one in made]))
