"""Look for disagreements between deployments, leases, executions, routes and aliases; nothing is changed here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.approvals import approval_id
from chalicelib.domain.diagnoses import Situation, examine, examine_alias, examine_lease, examine_route
from chalicelib.domain.errors import NotFoundError, TransientError
from chalicelib.domain.mirrors import mirror_of
from chalicelib.domain.plans import StepKind
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.domain.approvals import Approval
    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.diagnoses import Diagnosis, ExecutionState
    from chalicelib.domain.routes import Route
    from chalicelib.ports import Ports

#: So many aliases are compared when somebody asks: each is a call to Lambda, which takes 15 a second from everybody.
MOST_ALIASES = 100


class Examination(NamedTuple):
    """
    What was found, of how much that was looked at, and what could not be looked at, and why.

    *aliases_left* were not compared because there are too many; `mend_aliases` compares them in turn.
    """

    deployments: int
    routes: int
    aliases: int
    aliases_left: int
    diagnoses: tuple[Diagnosis, ...]
    unknown: tuple[tuple[str, str], ...]


def diagnose(ports: Ports, *, plugin_id: str | None = None) -> Examination:
    """
    Examine everything, or all of one plugin; what can't be asked is told, and holds up nothing else.

    Raises:
        TransientError: The tables themselves can't be read.
    """
    live = [one for one in ports.deployments.live() if plugin_id in (None, one.plugin_id)]
    routes = [one for one in ports.routes.everywhere() if plugin_id in (None, one.plugin_id)]
    asked = _Asked()
    for deployment in live:
        asked.ask(deployment.id, partial(examine_deployment, deployment.id, ports))
    for route in routes:
        name = f"{route.plugin_id}/{route.environment}"
        asked.ask(name, partial(examine_named, route, ports))
        asked.ask(f"lease of {name}", partial(examine_holder, route, ports))
    for route in routes[:MOST_ALIASES]:
        asked.ask(f"alias of {route.plugin_id}/{route.environment}", partial(_examine_alias, route, ports))
    compared = min(len(routes), MOST_ALIASES)
    left = len(routes) - compared
    return Examination(len(live), len(routes), compared, left, tuple(asked.found), tuple(asked.unknown))


def examine_deployment(deployment_id: str, ports: Ports) -> Diagnosis | None:
    """
    Examine one that was live when it was listed.

    The deployment is read first, so whatever is read after it and disagrees is younger. What disagrees without a
    look at its execution is found although Step Functions is away.

    Raises:
        TransientError: Nothing else disagrees, and Step Functions can't be asked.
    """
    deployment = ports.deployments.get(deployment_id)
    if deployment.status.is_final:
        return None
    seen = Situation(
        deployment,
        ports.deployments.lease(deployment.plugin_id, deployment.environment),
        ports.routes.get(deployment.plugin_id, deployment.environment),
        approval=current_approval(deployment, ports),
    )
    now = ports.clock.now()
    try:
        found = examine(seen._replace(execution=_execution(deployment, ports)), now)
    except TransientError:
        found = examine(seen, now)
        if found is None:
            raise
    # It may have moved on between our reads; then there is nothing to say of it until the next look.
    return found if found and ports.deployments.get(deployment_id).revision == deployment.revision else None


def _execution(deployment: Deployment, ports: Ports) -> ExecutionState | None:
    if deployment.is_queued:
        return None
    return ports.executions.state_of("deployment", deployment.execution_name)


def current_approval(deployment: Deployment, ports: Ports) -> Approval | None:
    """Return the approval that it waits for, if it waits for one."""
    step = deployment.plan.current
    if step is None or step.kind is not StepKind.APPROVE or deployment.is_queued:
        return None
    return ports.approvals.find(approval_id(deployment, step))


def examine_named(listed: Route, ports: Ports) -> Diagnosis | None:
    """Compare a listed route with the deployment that it names; the listing may lag, so it is read again."""
    if listed.deployment_id is None:
        return None
    route = ports.routes.get(listed.plugin_id, listed.environment)
    if route is None or route.deployment_id is None:
        return None
    named = _find(route.deployment_id, ports)
    found = examine_route(route, named)
    # A deployment ends in the same write in which its route stops naming it.
    return found if found and ports.routes.get(route.plugin_id, route.environment) == route else None


def examine_holder(route: Route, ports: Ports) -> Diagnosis | None:
    """Compare the lease of a route's place with the deployment that holds it."""
    lease = ports.deployments.lease(route.plugin_id, route.environment)
    now = rfc3339(ports.clock.now())
    if lease is None or lease.is_free(now):
        return None
    found = examine_lease(lease, _find(lease.holder, ports), now)
    return found if found and ports.deployments.lease(route.plugin_id, route.environment) == lease else None


def _examine_alias(listed: Route, ports: Ports) -> Diagnosis | None:
    """Read the alias before the route, as the sweep that mends does; a route that moves meanwhile is not judged."""
    shown = ports.mirrors.shown(listed.plugin_id, listed.environment)
    route = ports.routes.get(listed.plugin_id, listed.environment)
    if route is None or shown == mirror_of(route):
        return None
    return examine_alias(route, shown) if route.epoch == listed.epoch else None


def _find(deployment_id: str, ports: Ports) -> Deployment | None:
    try:
        return ports.deployments.get(deployment_id)
    except NotFoundError:
        return None


class _Asked:
    """Collects what is found, and what could not be asked."""

    def __init__(self) -> None:
        self.found: list[Diagnosis] = []
        self.unknown: list[tuple[str, str]] = []

    def ask(self, name: str, question: Callable[[], Diagnosis | None]) -> None:
        try:
            answer = question()
        except Exception as error:  # noqa: BLE001 - one that can't be examined is no reason to leave the others
            self.unknown.append((name, f"{type(error).__name__}: {error}"))
        else:
            if answer is not None:
                self.found.append(answer)
