"""Proposals: what a request for a deployment comes to, worked out in full before anything is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.authorization import require_deployer
from chalicelib.domain.custom_steps import compile_steps, read_steps
from chalicelib.domain.deployments import Deployment
from chalicelib.domain.errors import DomainError, FieldError, UnprocessableError, ValidationError
from chalicelib.domain.experiment_configs import ExperimentConfig
from chalicelib.domain.health_reading import read_health
from chalicelib.domain.ladders import newcomers
from chalicelib.domain.policies import require_asked, require_opening
from chalicelib.domain.routes import SplitBy
from chalicelib.domain.strategies import (
    DEFAULT_STRATEGY,
    WATCH_FIELDS,
    Conditions,
    Strategy,
    StrategyConfig,
    compile_plan,
    read_config,
)
from chalicelib.domain.strategy_configs import CanaryConfig
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Action
from chalicelib.services import turns
from chalicelib.services.leases import next_fence
from chalicelib.services.policies import require_climbed
from chalicelib.services.populations import population_of
from chalicelib.services.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.domain.deployments import Lease
    from chalicelib.domain.plans import Plan
    from chalicelib.domain.policies import EnvironmentPolicy
    from chalicelib.domain.populations import Population
    from chalicelib.domain.routes import Route, Target
    from chalicelib.ports import Ports
    from chalicelib.services.deployments import CreateDeployment

#: A start that is further ahead would keep the plugin's turn for too long.
LATEST_START = timedelta(days=30)


class Proposal(NamedTuple):
    """A deployment that was not stored, the policy it was made for, and every rule that refuses it, role first."""

    deployment: Deployment
    policy: EnvironmentPolicy
    config: StrategyConfig | None
    refusals: tuple[DomainError, ...]


def propose(command: CreateDeployment, ports: Ports) -> Proposal:
    """
    Work out what *command* comes to; nothing is written.

    Rules of the product (role, ladder, approvals, windows, turn) are gathered, not raised: a dry run tells them all.

    Raises:
        ValidationError: A config, a step, a limit of health or the start can't be (400).
        NotFoundError: There is no such plugin or version (404).
        VersionNotReadyError: A version that would serve has not passed its intake (422).
        UnprocessableError: What was asked for does not go together (422).
    """
    ports.plugins.get(command.plugin_id)
    target = _ready_target(command.plugin_id, command.version, ports)
    strategy = command.strategy or DEFAULT_STRATEGY[command.environment]
    config = read_config(strategy, command.config)
    route = ports.routes.get(command.plugin_id, command.environment)
    policy = ports.policies.get(command.environment)
    population = population_of(command.plugin_id, command.environment, route, ports)
    plan = _plan(command, strategy, config, route, policy, population, ports)
    last = ports.deployments.lease(command.plugin_id, command.environment)
    deployment = _deployment(command, target, strategy, config, plan, last, ports)
    deployment = replace(
        deployment,
        previous_version=route.stable.version if route and route.stable else None,
        affected_tenants=len(population.members),
        execution_arn=ports.executions.arn_of("deployment", deployment.execution_name),
    )
    return Proposal(deployment, policy, config, _refusals(command, deployment, policy, last, ports))


def _ready_target(plugin_id: str, number: str, ports: Ports) -> Target:
    version = ports.versions.get(plugin_id, number)
    version.require_ready()
    return target_of(version)


def _plan(
    command: CreateDeployment,
    strategy: Strategy,
    config: StrategyConfig | None,
    route: Route | None,
    policy: EnvironmentPolicy,
    population: Population,
    ports: Ports,
) -> Plan:
    _require_fitting(command, strategy, config)
    split_by = _split_by(config)
    versions = {arm.version for arm in config.variants} if isinstance(config, ExperimentConfig) else set()
    if versions and command.version not in versions:
        fix = f"Name {command.version} among the variants, or ask for the version of one of them."
        raise _unfitting("/abConfig/variants", f"None of them is {command.version}.", fix)
    conditions = Conditions(
        policy.approvals,
        command.max_tenants,
        route.stable if route else None,
        {number: _ready_target(command.plugin_id, number, ports) for number in sorted(versions)},
    )
    if command.steps is None:
        return compile_plan(strategy, config, population, conditions)
    return compile_steps(read_steps(command.steps, rings=population.rings), population, conditions, split_by=split_by)


def _require_fitting(command: CreateDeployment, strategy: Strategy, config: StrategyConfig | None) -> None:
    if command.steps is not None and strategy is Strategy.AB_TESTING:
        raise _unfitting("/steps", "An A/B test has steps of its own.", "Leave steps out, or use another strategy.")
    if command.max_tenants is not None and _split_by(config) is SplitBy.REQUEST:
        fix = "Split by tenant, or cap the requests with maxRequests."
        raise _unfitting("/maxTenants", "Split by request, any tenant may meet the candidate.", fix)


def _deployment(
    command: CreateDeployment,
    target: Target,
    strategy: Strategy,
    config: StrategyConfig | None,
    plan: Plan,
    last: Lease | None,
    ports: Ports,
) -> Deployment:
    # What is judged at once can't have met a request: only Direct ends like that by itself.
    on_no_data = Action.WARN if strategy is Strategy.DIRECT else Action.HOLD
    now = ports.clock.now()
    return Deployment(
        id=ports.ids.new("dep"),
        plugin_id=command.plugin_id,
        environment=command.environment,
        target=target,
        strategy=strategy,
        plan=plan,
        initiated_by=command.caller.username,
        created_at=rfc3339(now),
        fence=next_fence(last),
        trace_id=command.caller.trace_id,
        reason=command.reason,
        split_by=_split_by(config),
        config=config.to_document() if config else {},
        health=read_health(command.health, on_no_data=on_no_data),
        on_conflict=command.on_conflict,
        start_at=_start(command.start_at, now),
        auto_rollback=config.auto_rollback if isinstance(config, CanaryConfig) else True,
        max_tenants=command.max_tenants,
        max_requests=command.max_requests,
    )


def _start(start_at: datetime | None, now: datetime) -> str | None:
    """Say when it is to begin; a moment that has passed is now."""
    if start_at is None or start_at <= now:
        return None
    if start_at > now + LATEST_START:
        fix = f"Send a moment before {rfc3339(now + LATEST_START)}."
        errors = (FieldError("/startAt", "That is too far ahead.", fix),)
        raise ValidationError("It can't be asked for so early.", fix=fix, errors=errors)
    return rfc3339(start_at)


def _refusals(
    command: CreateDeployment, deployment: Deployment, policy: EnvironmentPolicy, last: Lease | None, ports: Ports
) -> tuple[DomainError, ...]:
    begins = datetime.fromisoformat(deployment.start_at or deployment.created_at)
    field = "/steps" if command.steps is not None else WATCH_FIELDS.get(deployment.strategy, "/strategy")
    rules: tuple[tuple[Callable[..., Any], tuple[Any, ...]], ...] = (
        (require_deployer, (command.caller, command.environment)),
        *((require_climbed, (policy, command.plugin_id, each, ports)) for each in newcomers(deployment)),
        (require_asked, (policy, deployment.plan)),
        (require_opening, (policy, deployment.plan, begins, field)),
        (turns.require_turn, (deployment, last)),
    )
    refusals = []
    for rule, given in rules:
        try:
            rule(*given)
        except DomainError as error:
            refusals.append(error)
    return tuple(refusals)


def _split_by(config: StrategyConfig | None) -> SplitBy:
    return config.split_by if isinstance(config, CanaryConfig) else SplitBy.TENANT


def _unfitting(field: str, message: str, fix: str) -> UnprocessableError:
    return UnprocessableError(message, fix=fix, errors=(FieldError(field, message, fix),))
