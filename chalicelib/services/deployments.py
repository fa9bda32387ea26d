"""Begin deployments; their steps live in ``steps/``, one file a state."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import require_deployer
from chalicelib.domain.deployments import Deployment, OnConflict
from chalicelib.domain.policies import require_no_approval
from chalicelib.domain.routes import Route, Target
from chalicelib.domain.strategies import DEFAULT_STRATEGY, Strategy, compile_plan
from chalicelib.domain.times import rfc3339
from chalicelib.services import turns
from chalicelib.services.leases import next_fence

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.deployments import Lease
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
    on_conflict: OnConflict = OnConflict.REJECT


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
        DeploymentInProgressError: Another one holds the lease, and this was not asked to wait or supersede it (409).
    """
    last = ports.deployments.lease(command.plugin_id, command.environment)
    deployment = _prepare(command, last, ports)
    turns.require_turn(deployment, last)
    if command.validate_only:
        return deployment
    return turns.take_turn(deployment, command.caller, ports)


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
        fence=next_fence(last),
        trace_id=command.caller.trace_id,
        reason=command.reason,
        on_conflict=command.on_conflict,
        previous_version=route.stable.version if route and route.stable else None,
        affected_tenants=ports.installations.count_enabled(command.plugin_id),
    )
    return replace(deployment, execution_arn=ports.executions.arn_of("deployment", deployment.execution_name))


def target_of(version: Version) -> Target:
    """Name what a Ready version serves with."""
    has_state = bool(version.manifest.get("stateSchema"))
    return Target(version.version, version.alias, version.lambda_version or "", version.sha256, has_state)
