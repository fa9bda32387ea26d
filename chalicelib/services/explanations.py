"""Explain which version serves a tenant, and what it was served by last."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import require_tenant
from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.explanations import explain
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.explanations import Explanation
    from chalicelib.domain.ids import Environment
    from chalicelib.domain.installations import Installation
    from chalicelib.domain.routes import Route
    from chalicelib.domain.servings import Serving
    from chalicelib.ports import Ports


class ExplainServing(NamedTuple):
    """Ask which version of a plugin serves a tenant, and why."""

    caller: Caller
    tenant_id: str
    plugin_id: str
    environment: Environment


class Effective(NamedTuple):
    """The decision for one tenant with its grounds: the route, the installation, and who answered last."""

    tenant_id: str
    plugin_id: str
    environment: Environment
    explanation: Explanation
    route: Route | None
    installation: Installation | None
    last_serving: Serving | None


def explain_serving(command: ExplainServing, ports: Ports) -> Effective:
    """
    Decide as an invocation would at this moment, and tell all that led to it.

    Reads the tables, not a router's cache: routers follow within two seconds.

    Raises:
        NotFoundError: There is no such tenant (for this caller) or plugin (404).
    """
    require_tenant(command.caller, command.tenant_id)
    tenant = ports.tenants.get(command.tenant_id)
    ports.plugins.get(command.plugin_id)
    route = ports.routes.get(command.plugin_id, command.environment)
    installation = _find(command, ports)
    return Effective(
        tenant_id=command.tenant_id,
        plugin_id=command.plugin_id,
        environment=command.environment,
        explanation=explain(route, tenant, installation, now=rfc3339(ports.clock.now())),
        route=route,
        installation=installation,
        last_serving=ports.servings.last(command.tenant_id, command.plugin_id, command.environment),
    )


def _find(command: ExplainServing, ports: Ports) -> Installation | None:
    try:
        return ports.installations.get(command.tenant_id, command.plugin_id)
    except NotFoundError:
        return None
