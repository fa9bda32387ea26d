"""Turns: who may move a (plugin, environment) now, who waits for it, and who gives way."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from chalicelib.domain.authorization import SYSTEM
from chalicelib.domain.deployments import (
    Deployment,
    DeploymentInProgressError,
    DeploymentStatus,
    Lease,
    OnConflict,
)
from chalicelib.domain.errors import ConflictError, DomainError, NotFoundError, StaleRevisionError, TransientError
from chalicelib.domain.ladders import newcomers
from chalicelib.domain.times import rfc3339
from chalicelib.services import rollbacks
from chalicelib.services.leases import first_lease, next_fence, released_lease
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports

#: How often a deployment that supersedes tries again when others are as quick.
_TRIES = 3


def require_turn(deployment: Deployment, lease: Lease | None) -> None:
    """
    Raise when another deployment holds the lease and this one was asked neither to wait nor to supersede it.

    Raises:
        DeploymentInProgressError: It does (409).
    """
    if deployment.on_conflict is not OnConflict.REJECT or lease is None or lease.is_free(deployment.created_at):
        return
    raise DeploymentInProgressError(
        f"{lease.holder} is moving {lease.plugin_id} in {lease.environment}.",
        fix=f"Wait until it has ended (GET /deployments/{lease.holder}), or send onConflict: queue or supersede.",
    )


def take_turn(deployment: Deployment, caller: Caller, ports: Ports) -> Deployment:
    """
    Store a new deployment and start it; if another one is live, do as *on_conflict* says.

    Raises:
        DeploymentInProgressError: Another one was quicker (409).
    """
    for _ in range(_TRIES - 1):
        try:
            return _take_turn(deployment, caller, ports)
        except DeploymentInProgressError:
            if deployment.on_conflict is OnConflict.REJECT:
                raise
    return _take_turn(deployment, caller, ports)


def _take_turn(deployment: Deployment, caller: Caller, ports: Ports) -> Deployment:
    lease = ports.deployments.lease(deployment.plugin_id, deployment.environment)
    now = rfc3339(ports.clock.now())
    if lease is not None and not lease.is_free(now):
        if deployment.on_conflict is OnConflict.QUEUE:
            return _queue(deployment, caller, ports)
        if deployment.on_conflict is OnConflict.SUPERSEDE:
            _supersede_all(deployment, caller, ports)
    _close_abandoned(lease, now, ports)
    lease = ports.deployments.lease(deployment.plugin_id, deployment.environment)
    taken = replace(deployment, fence=next_fence(lease))
    ports.deployments.create(
        taken, first_lease(taken, ports.clock.now()), _created(taken, caller, ports), now=ports.clock.now()
    )
    return start(taken, ports, trace_id=caller.trace_id)


def _queue(deployment: Deployment, caller: Caller, ports: Ports) -> Deployment:
    """Store it without the lease: nothing of it begins before its turn."""
    queued = replace(deployment, is_queued=True, fence=0)
    ports.deployments.create(queued, None, _created(queued, caller, ports), now=ports.clock.now())
    # The live one may have ended between our look and our write; then nobody else would start this one for a minute.
    start_next(queued.plugin_id, queued.environment, ports)
    return ports.deployments.get(queued.id)


def _created(deployment: Deployment, caller: Caller, ports: Ports) -> AuditRecord:
    return record_of(
        caller,
        "CreateDeployment",
        f"deployments/{deployment.id}",
        ports,
        after={
            "plugin": deployment.plugin_id,
            "version": deployment.target.version,
            "environment": deployment.environment,
            "strategy": deployment.strategy,
            "isQueued": deployment.is_queued,
        },
        reason=deployment.reason,
    )


def _supersede_all(deployment: Deployment, caller: Caller, ports: Ports) -> None:
    """End those that wait and the one that is live, in this order, so that none begins in between."""
    others = [one for one in _of_place(deployment.plugin_id, deployment.environment, ports) if one.id != deployment.id]
    for other in sorted(others, key=lambda one: not one.is_queued):
        order = rollbacks.RollBack(
            other.id, caller, f"superseded by {deployment.id}", ends_as=DeploymentStatus.SUPERSEDED
        )
        rollbacks.roll_back(order, ports)


def _close_abandoned(lease: Lease | None, now: str, ports: Ports) -> None:
    """Take back what a deployment left whose lease ran out, and end it; a late step of it finds it ended and stops."""
    if lease is None or not lease.holder or not lease.is_free(now):
        return
    # A holder that was never stored left nothing to take back, and blocks nobody.
    with suppress(NotFoundError):
        rollbacks.roll_back(rollbacks.RollBack(lease.holder, SYSTEM, "abandoned: its lease ran out"), ports)


def start(deployment: Deployment, ports: Ports, *, trace_id: str) -> Deployment:
    """Start the execution; if Step Functions refuses, end the deployment and give the lease back."""
    given = {"deployment_id": deployment.id, "attempt": deployment.attempt, "trace_id": trace_id}
    try:
        ports.executions.start("deployment", deployment.execution_name, given)
    except (TransientError, DomainError):
        _give_up(deployment, ports)
        raise
    return deployment


def _give_up(deployment: Deployment, ports: Ports) -> None:
    now = rfc3339(ports.clock.now())
    ended = deployment.end(DeploymentStatus.FAILED, "the execution could not be started", now)
    record = record_of(SYSTEM, "FailDeployment", f"deployments/{deployment.id}", ports, after={"status": ended.status})
    ports.deployments.commit(ended, record, lease=released_lease(deployment, ports))


def start_next(plugin_id: str, environment: str, ports: Ports) -> Deployment | None:
    """
    Give the oldest that waits its turn, if nobody is live and no manual roll-back holds; return the one that began.

    One that can't begin ends as Failed and holds up no other. Safe to call at any time and by several at once: the
    lease decides. What this can't do now, the next caller or the next minute's sweep does.
    """
    try:
        for waiting in _of_place(plugin_id, environment, ports):
            lease = ports.deployments.lease(plugin_id, environment)
            if lease is not None and (lease.held_by or not lease.is_free(rfc3339(ports.clock.now()))):
                return None
            if waiting.is_queued and (begun := _begin(waiting.id, lease, ports)) is not None:
                return begun
    except (TransientError, ConflictError):
        return None
    return None


def start_waiting(ports: Ports) -> tuple[str, ...]:
    """Give each place where somebody waits its next turn, as `start_next` does; return the ids of those that began."""
    places = dict.fromkeys((one.plugin_id, one.environment) for one in ports.deployments.live() if one.is_queued)
    begun = [start_next(plugin_id, environment, ports) for plugin_id, environment in places]
    return tuple(one.id for one in begun if one is not None)


def _begin(deployment_id: str, lease: Lease | None, ports: Ports) -> Deployment | None:
    """Take the lease for one that waits and start it; None if it has ended, or can't begin and was ended."""
    waiting = ports.deployments.get(deployment_id)
    if waiting.status.is_final or not waiting.is_queued:
        return None
    try:
        for target in newcomers(waiting):
            ports.versions.get(waiting.plugin_id, target.version).require_ready()
        turn = replace(waiting, is_queued=False, fence=next_fence(lease))
        now = ports.clock.now()
        record = record_of(
            SYSTEM, "BeginQueued", f"deployments/{turn.id}", ports, after={"fence": turn.fence}, reason="its turn came"
        )
        taken = ports.deployments.take(turn, first_lease(turn, now), record, now=now)
        return start(taken, ports, trace_id=taken.trace_id)
    except (DeploymentInProgressError, StaleRevisionError):
        raise
    except DomainError as error:
        rollbacks.roll_back(rollbacks.RollBack(deployment_id, SYSTEM, f"its turn came, but {error.detail}"), ports)
        return None


def _of_place(plugin_id: str, environment: str, ports: Ports) -> list[Deployment]:
    """List what is live or waits there, oldest first."""
    return [one for one in ports.deployments.live() if (one.plugin_id, one.environment) == (plugin_id, environment)]
