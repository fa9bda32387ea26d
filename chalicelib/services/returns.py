"""Return an environment, after its deployment has Completed, to a version that is retained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chalicelib.domain.deployments import DeploymentInProgressError
from chalicelib.domain.errors import ConflictError, TransientError
from chalicelib.domain.routes import VersionBlockedError
from chalicelib.domain.times import rfc3339
from chalicelib.services.leases import next_fence, released_lease
from chalicelib.services.targets import target_of

if TYPE_CHECKING:
    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.deployments import Deployment, Lease
    from chalicelib.domain.routes import Route, Target
    from chalicelib.ports import Ports


class NothingToReturnToError(ConflictError):
    """No version served before it, or the one asked for is not retained (409)."""


class HeldError(ConflictError):
    """A person rolled back there, and nothing automatic begins until somebody resumes that deployment (409)."""


class StateAheadError(ConflictError):
    """The version keeps its tenants' state in a form that the older one can't read (409)."""


def return_to(
    deployment: Deployment, to_version: str | None, record: AuditRecord, ports: Ports, *, is_automatic: bool = False
) -> Deployment:
    """
    Put an older version back in one write with a new fence; after a person did so, nothing automatic begins.

    *to_version* None means what served before the deployment. *is_automatic*: no person wished it, so it keeps to
    their hold, and holds nobody itself. The alias follows; if Lambda is away, the next minute's sweep mends it.

    Raises:
        DeploymentInProgressError: Another deployment is live there: abort or roll back that one (409).
        HeldError: It is automatic, and somebody rolled back by hand there (409).
        ConflictError: Another version serves by now (409).
        NothingToReturnToError: There is no such version to go back to (409).
        StateAheadError: State of tenants can't be read by the older version (409).
        VersionBlockedError: That version may never serve again (422).
    """
    lease = ports.deployments.lease(deployment.plugin_id, deployment.environment)
    now = ports.clock.now()
    _require_nobody_live(deployment, lease, rfc3339(now))
    if is_automatic:
        _require_no_hold(lease)
    route = ports.routes.get(deployment.plugin_id, deployment.environment)
    serving = _require_serving(deployment, route)
    target = _target(deployment, to_version, ports)
    _require_not_blocked(serving, target)
    _require_readable_state(deployment, serving, target, ports)
    fence = next_fence(lease)
    settled = serving.settle_on(target, fence=fence)
    undone = deployment.undo(
        f"rolled back by {record.actor} to {target.version}: {record.reason}", record.at, fence=fence
    )
    told = replace(record, after={**record.after, "status": undone.status, "stable": target.version})
    held = released_lease(undone, ports, held_by="" if is_automatic else deployment.id)
    returned = ports.deployments.take(undone, held, told, now=now, route=settled)
    _mirror(settled, ports)
    return returned


def _require_nobody_live(deployment: Deployment, lease: Lease | None, now: str) -> None:
    if lease is not None and not lease.is_free(now):
        raise DeploymentInProgressError(
            f"{lease.holder} is moving {deployment.plugin_id} in {deployment.environment}.",
            fix=f"Roll that one back: POST /deployments/{lease.holder}/rollback.",
        )


def _require_no_hold(lease: Lease | None) -> None:
    if lease is not None and lease.held_by:
        raise HeldError(
            f"{lease.held_by} was rolled back by hand, and nothing automatic begins until somebody resumes it.",
            fix=f"Roll it back yourself, or: POST /deployments/{lease.held_by}/resume.",
        )


def _require_serving(deployment: Deployment, route: Route | None) -> Route:
    serves = deployment.outcome_version or deployment.target.version
    if route is None or route.stable is None or route.stable.version != serves:
        current = route.stable.version if route and route.stable else "nothing"
        raise ConflictError(
            f"{serves} does not serve {deployment.environment} any more, {current} does.",
            fix="Roll back the deployment that brought it: GET /deployments?status=Completed lists them.",
        )
    return route


def _target(deployment: Deployment, to_version: str | None, ports: Ports) -> Target:
    if to_version is not None:
        version = ports.versions.get(deployment.plugin_id, to_version)
        version.require_ready()
        return target_of(version)
    good = deployment.last_known_good
    if good is None or good.stable is None:
        raise NothingToReturnToError(
            f"No version served {deployment.environment} before {deployment.target.version}.",
            fix='Name one: {"toVersion": "…"}.',
        )
    return good.stable


def _require_not_blocked(route: Route, target: Target) -> None:
    """Refuse what was blocked since: settled on it, the route would quietly stay where it is."""
    if target.version in route.blocked:
        raise VersionBlockedError(
            f"{target.version} served {route.environment} before, and is blocked.",
            fix='Name another one: {"toVersion": "…"}.',
        )


def _require_readable_state(deployment: Deployment, route: Route, target: Target, ports: Ports) -> None:
    """
    Refuse to go back across a change of the state's schema: code goes back in a second, state does not.

    Raises:
        StateAheadError: What serves writes a newer schema than *target* reads (409).
    """
    if route.stable is None or not (route.stable.has_state and target.has_state):
        return
    serving, older = (
        int(ports.versions.get(deployment.plugin_id, version).manifest.get("stateSchema") or 0)
        for version in (route.stable.version, target.version)
    )
    if older < serving:
        raise StateAheadError(
            f"{route.stable.version} writes state of schema {serving}, {target.version} reads {older}.",
            fix=f"Publish a version that reads schema {serving}, or go back to one that does: toVersion.",
        )


def _mirror(route: Route, ports: Ports) -> None:
    try:
        ports.functions.mirror(route)
    except TransientError:
        return
