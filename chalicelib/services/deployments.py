"""Begin deployments; their steps live in ``steps/``, one file a state."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import SYSTEM, require_deployer
from chalicelib.domain.deployments import (
    FIRST_LEASE_SECONDS,
    LEASE_SECONDS,
    Deployment,
    DeploymentInProgressError,
    DeploymentStatus,
    Lease,
)
from chalicelib.domain.errors import DomainError, NotFoundError, StaleRevisionError, TransientError
from chalicelib.domain.policies import require_no_approval
from chalicelib.domain.routes import Route, Target
from chalicelib.domain.strategies import DEFAULT_STRATEGY, Strategy, compile_plan
from chalicelib.domain.times import rfc3339
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.ids import Environment
    from chalicelib.domain.versions import Version
    from chalicelib.ports import Ports


class CreateDeployment(NamedTuple):
    """Ask for a version to become the current one of an environment; no strategy means the environment's own."""

    caller: Caller
    plugin_id: str
    version: str
    environment: Environment
    strategy: Strategy | None = None
    reason: str = ""
    validate_only: bool = False


def create_deployment(command: CreateDeployment, ports: Ports) -> Deployment:
    """
    Begin moving an environment from its stable version to another one.

    The deployment and its lease are one write. If we die before the execution starts, the lease runs out
    and the next deployment takes over.

    Raises:
        ForbiddenError: The caller may not deploy there (403).
        NotFoundError: There is no such plugin or version (404).
        VersionNotReadyError: The version has not passed its intake (422).
        StrategyUnavailableError: The strategy can't be run (422).
        ApprovalsUnavailableError: The environment needs approvals, which can't be asked for (422).
        DeploymentInProgressError: Another deployment holds the lease (409).
    """
    last = ports.deployments.lease(command.plugin_id, command.environment)
    deployment = _prepare(command, last, ports)
    _require_free(last, deployment.created_at)
    if command.validate_only:
        return deployment
    _close_abandoned(last, deployment.created_at, ports)
    record = record_of(
        command.caller,
        "CreateDeployment",
        f"deployments/{deployment.id}",
        ports,
        after={"plugin": deployment.plugin_id, "version": command.version, "environment": deployment.environment},
        reason=command.reason,
    )
    now = ports.clock.now()
    expires_at = rfc3339(now + timedelta(seconds=FIRST_LEASE_SECONDS))
    lease = Lease(deployment.plugin_id, deployment.environment, deployment.id, deployment.fence, expires_at)
    ports.deployments.create(deployment, lease, record, now=now)
    return _start(deployment, command.caller, ports)


def lease_expiry(now: datetime) -> str:
    """Say until when a lease that a step renews *now* holds."""
    return rfc3339(now + timedelta(seconds=LEASE_SECONDS))


def new_route(plugin_id: str, environment: str) -> Route:
    """Make the route of a first deployment: nobody serves yet, and the salt is drawn once for ever."""
    return Route(plugin_id=plugin_id, environment=environment, salt=secrets.token_hex(8))


def _prepare(command: CreateDeployment, last: Lease | None, ports: Ports) -> Deployment:
    require_deployer(command.caller, command.environment)
    ports.plugins.get(command.plugin_id)
    version = ports.versions.get(command.plugin_id, command.version)
    version.require_ready()
    # The environment first: no other strategy would open it, so its refusal is the one with a way out.
    require_no_approval(ports.policies.get(command.environment))
    strategy = command.strategy or DEFAULT_STRATEGY[command.environment]
    plan = compile_plan(strategy)
    route = ports.routes.get(command.plugin_id, command.environment)
    deployment = Deployment(
        id=ports.ids.new("dep"),
        plugin_id=command.plugin_id,
        environment=command.environment,
        target=target_of(version),
        strategy=strategy,
        plan=plan,
        initiated_by=command.caller.username,
        created_at=rfc3339(ports.clock.now()),
        fence=last.fence + 1 if last else 1,
        trace_id=command.caller.trace_id,
        reason=command.reason,
        previous_version=route.stable.version if route and route.stable else None,
        affected_tenants=ports.installations.count_enabled(command.plugin_id),
    )
    return replace(deployment, execution_arn=ports.executions.arn_of("deployment", deployment.execution_name))


def target_of(version: Version) -> Target:
    """Name what a Ready version serves with."""
    has_state = bool(version.manifest.get("stateSchema"))
    return Target(version.version, version.alias, version.lambda_version or "", version.sha256, has_state)


def _require_free(lease: Lease | None, now: str) -> None:
    if lease is not None and lease.holder and lease.expires_at > now:
        raise DeploymentInProgressError(
            f"{lease.holder} is moving {lease.plugin_id} in {lease.environment}.",
            fix=f"Wait until it has ended: GET /deployments/{lease.holder}.",
        )


def _close_abandoned(lease: Lease | None, now: str, ports: Ports) -> None:
    """
    End the deployment whose lease ran out, if its end was never written.

    The route needs no repair: its stable version was never overwritten, and the next deployment's first
    write takes the abandoned candidate away. A late step of the abandoned one finds it ended and stops.
    """
    if lease is None or not lease.holder:
        return
    try:
        abandoned = ports.deployments.get(lease.holder)
        if abandoned.status.is_final:
            return
        ended = abandoned.end(DeploymentStatus.FAILED, "abandoned: its lease ran out", now)
        record = record_of(
            SYSTEM, "AbandonDeployment", f"deployments/{abandoned.id}", ports, after={"status": ended.status}
        )
        ports.deployments.commit(ended, record)
    except (NotFoundError, StaleRevisionError):
        return


def _start(deployment: Deployment, caller: Caller, ports: Ports) -> Deployment:
    """Start the execution; if Step Functions refuses, end the deployment and give the lease back."""
    given = {"deployment_id": deployment.id, "trace_id": caller.trace_id}
    try:
        ports.executions.start("deployment", deployment.execution_name, given)
    except (TransientError, DomainError):
        _give_up(deployment, ports)
        raise
    return deployment


def _give_up(deployment: Deployment, ports: Ports) -> None:
    now = ports.clock.now()
    ended = deployment.end(DeploymentStatus.FAILED, "the execution could not be started", rfc3339(now))
    record = record_of(SYSTEM, "FailDeployment", f"deployments/{deployment.id}", ports, after={"status": ended.status})
    lease = Lease(deployment.plugin_id, deployment.environment, "", deployment.fence, rfc3339(now))
    ports.deployments.commit(ended, record, lease=lease)
