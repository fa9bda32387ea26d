"""Convergence: heal what disagrees because somebody died, by the clock or as soon as an execution ends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import SYSTEM
from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.diagnoses import Cure, Diagnosis, cause_of_end, ends_as
from chalicelib.domain.mirrors import due
from chalicelib.services import rollbacks, turns
from chalicelib.services.diagnoses import current_approval, examine_deployment, examine_holder, examine_named
from chalicelib.services.leases import released_lease
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.diagnoses import ExecutionState
    from chalicelib.domain.routes import Target
    from chalicelib.ports import Ports


class Convergence(NamedTuple):
    """What a sweep healed, by the ids of the deployments, and what it could not, and why."""

    rolled_back: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


def converge(ports: Ports) -> Convergence:
    """
    Examine all that is live, and the routes and leases of this minute's turn, and heal what disagrees.

    Needs Step Functions only to judge executions, and CloudWatch for nothing. One that can't be healed holds up no
    other: it is told, and tried again with the next sweep.
    """
    healing = _Healing(ports)
    for deployment in ports.deployments.live():
        healing.heal(deployment.id, partial(examine_deployment, deployment.id, ports))
    minute = int(ports.clock.now().timestamp() // 60)
    for route in due(tuple(ports.routes.everywhere()), minute):
        name = f"{route.plugin_id}/{route.environment}"
        healing.heal(name, partial(examine_named, route, ports))
        healing.heal(name, partial(examine_holder, route, ports))
    done = {field: tuple(healing.done[cure]) for cure, field in _TOLD.items()}
    return Convergence(**done, failed=tuple(healing.failed))


def end_with_execution(deployment_id: str, attempt: int, state: ExecutionState, ports: Ports) -> Deployment:
    """
    Take back and close what an execution left that ended in *state*; another attempt is none of its business.

    Idempotent: the machine itself, or a sweep, may have done it before. Then the next in the queue has its turn.

    Raises:
        NotFoundError: There is no such deployment.
        TransientError: A table or Lambda is away.
    """
    deployment = ports.deployments.get(deployment_id)
    if deployment.status.is_final or deployment.attempt != attempt:
        return deployment
    status, refusal = ends_as(deployment, current_approval(deployment, ports))
    return _roll_back(deployment, refusal or cause_of_end(state), status, ports)


def _roll_back(deployment: Deployment, reason: str, status: DeploymentStatus, ports: Ports) -> Deployment:
    caller = SYSTEM._replace(trace_id=deployment.trace_id)
    order = rollbacks.RollBack(deployment.id, caller, reason, ends_as=status, attempt=deployment.attempt)
    ended = rollbacks.roll_back(order, ports)
    turns.start_next(ended.plugin_id, ended.environment, ports)
    return ended


#: What each cure is called in the account of a sweep; aliases and turns have sweeps of their own.
_TOLD = {
    Cure.ROLL_BACK: "rolled_back",
    Cure.START: "started",
    Cure.SETTLE_ROUTE: "settled",
    Cure.RELEASE_LEASE: "released",
}


class _Healing:
    """Applies cures and keeps account of them."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self.done: dict[Cure, list[str]] = {cure: [] for cure in Cure}
        self.failed: list[tuple[str, str]] = []

    def heal(self, name: str, examine: Callable[[], Diagnosis | None]) -> None:
        try:
            found = examine()
            if found is not None and _CURES[found.cure](found, self._ports):
                self.done[found.cure].append(found.deployment_id)
        except Exception as error:  # noqa: BLE001 - any error of one deployment is no reason to leave the others
            self.failed.append((name, f"{type(error).__name__}: {error}"))


def _close(found: Diagnosis, ports: Ports) -> bool:
    deployment = ports.deployments.get(found.deployment_id)
    return _roll_back(deployment, found.cause, found.ends_as, ports).status.is_final


def _start(found: Diagnosis, ports: Ports) -> bool:
    """Start what was stored and never started: the same name starts once, and its first state renews the lease."""
    deployment = ports.deployments.get(found.deployment_id)
    caller = SYSTEM._replace(trace_id=deployment.trace_id)
    resource = f"deployments/{deployment.id}"
    ports.audit.append(record_of(caller, "StartDeployment", resource, ports, reason=found.cause))
    turns.start(deployment, ports, trace_id=deployment.trace_id)
    return True


def _settle_route(found: Diagnosis, ports: Ports) -> bool:
    """Settle a route on what the deployment that it names has left: its own end says what."""
    ended = ports.deployments.get(found.deployment_id)
    route = ports.routes.get(found.plugin_id, found.environment)
    if not ended.status.is_final or route is None or route.deployment_id != ended.id:
        return False
    settled = route.settle_on(_left_by(ended, route.stable), fence=max(ended.fence, route.fence))
    stable = settled.stable.version if settled.stable else None
    record = record_of(
        SYSTEM,
        "SettleRoute",
        f"deployments/{ended.id}",
        ports,
        after={"status": ended.status, "stable": stable},
        reason=found.what,
    )
    ports.deployments.commit(ended, record, route=settled)
    ports.functions.mirror(settled)
    return True


def _left_by(ended: Deployment, stable: Target | None) -> Target | None:
    """Say what serves after it: its target if it was Completed with it, else what is stable."""
    is_won = ended.status is DeploymentStatus.COMPLETED and ended.outcome_version in (None, ended.target.version)
    return ended.target if is_won else stable


def _release_lease(found: Diagnosis, ports: Ports) -> bool:
    ended = ports.deployments.get(found.deployment_id)
    lease = ports.deployments.lease(found.plugin_id, found.environment)
    if not ended.status.is_final or lease is None or (lease.holder, lease.fence) != (ended.id, ended.fence):
        return False
    record = record_of(SYSTEM, "ReleaseLease", f"deployments/{ended.id}", ports, reason=found.what)
    ports.deployments.commit(ended, record, lease=released_lease(ended, ports, held_by=lease.held_by))
    turns.start_next(found.plugin_id, found.environment, ports)
    return True


def _nothing(_found: Diagnosis, _ports: Ports) -> bool:
    """Leave it to its own sweep, or to people, whom `hotswap doctor` tells."""
    return False


_CURES: dict[Cure, Callable[[Diagnosis, Ports], bool]] = {
    Cure.ROLL_BACK: _close,
    Cure.START: _start,
    Cure.BEGIN_NEXT: _nothing,
    Cure.SETTLE_ROUTE: _settle_route,
    Cure.RELEASE_LEASE: _release_lease,
    Cure.MEND_ALIAS: _nothing,
    Cure.NONE: _nothing,
}
