"""Strategies: a pure function from what was asked for to a plan that anyone can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from chalicelib.domain.config_reading import Reading, percent_of
from chalicelib.domain.durations import spoken_duration
from chalicelib.domain.errors import FieldError, UnprocessableError
from chalicelib.domain.experiment_configs import ExperimentConfig
from chalicelib.domain.ids import Environment
from chalicelib.domain.plans import Plan, Reach, Step, StepKind
from chalicelib.domain.policies import ApprovalRule
from chalicelib.domain.populations import Population
from chalicelib.domain.rolling import batches
from chalicelib.domain.routes import FULL_BPS, Target, Variant
from chalicelib.domain.shifts import Wish, numbered, observation, shifts, warmed
from chalicelib.domain.strategy_configs import BlueGreenConfig, CanaryConfig, RollingConfig, Switchover

#: A gradual switch takes a quarter of the tenants at a time.
_QUARTERS = (2_500, 5_000, 7_500)
#: The arm of an experiment that stable serves where none was named for it.
STABLE_ARM = "stable"

StrategyConfig = CanaryConfig | BlueGreenConfig | RollingConfig | ExperimentConfig
AnyConfig = TypeVar("AnyConfig", CanaryConfig, BlueGreenConfig, RollingConfig, ExperimentConfig)


class Strategy(StrEnum):
    """How a candidate gets to 100 %."""

    DIRECT = "Direct"
    CANARY = "Canary"
    BLUE_GREEN = "BlueGreen"
    ROLLING = "Rolling"
    AB_TESTING = "ABTesting"


DEFAULT_STRATEGY = {
    Environment.DEVELOPMENT: Strategy.DIRECT,
    Environment.QA: Strategy.ROLLING,
    Environment.STAGING: Strategy.ROLLING,
    Environment.PRODUCTION: Strategy.CANARY,
}


#: Where a request says how its strategy goes; Direct has nothing to say.
CONFIG_NAMES = {
    Strategy.CANARY: "canaryConfig",
    Strategy.BLUE_GREEN: "blueGreenConfig",
    Strategy.ROLLING: "rollingConfig",
    Strategy.AB_TESTING: "abConfig",
}
#: What says how long a strategy watches after a move.
WATCH_FIELDS = {
    Strategy.CANARY: "/canaryConfig/evaluationPeriod",
    Strategy.BLUE_GREEN: "/blueGreenConfig/monitoringPeriod",
    Strategy.ROLLING: "/rollingConfig/waitBetweenBatches",
    Strategy.AB_TESTING: "/abConfig/testDuration",
}
_READERS: dict[Strategy, Callable[[Reading], StrategyConfig]] = {
    Strategy.CANARY: CanaryConfig.read,
    Strategy.BLUE_GREEN: BlueGreenConfig.read,
    Strategy.ROLLING: RollingConfig.read,
    Strategy.AB_TESTING: ExperimentConfig.read,
}


def read_config(strategy: Strategy, document: Mapping[str, Any] | None) -> StrategyConfig | None:
    """
    Read the config of *strategy*, every absent value being its default; Direct has none.

    Raises:
        ValidationError: A value can't be, or there is no such setting (400); all that is wrong is told.
    """
    if strategy not in _READERS:
        return None
    reading = Reading(document, f"/{CONFIG_NAMES[strategy]}")
    config = _READERS[strategy](reading)
    reading.refuse_unknown()
    reading.require_sound(CONFIG_NAMES[strategy])
    return config


class Conditions(NamedTuple):
    """
    What a plan heeds beside its config.

    *approvals* is the policy's rule, which no request can do without. *max_tenants* caps whom the candidate serves
    before it has everything. *stable* serves now; *targets* are the versions of an experiment by number.
    """

    approvals: ApprovalRule | None = None
    max_tenants: int | None = None
    stable: Target | None = None
    targets: Mapping[str, Target] = {}


def compile_plan(
    strategy: Strategy,
    config: StrategyConfig | None = None,
    population: Population | None = None,
    conditions: Conditions | None = None,
) -> Plan:
    """
    Compile *strategy* to its plan; without a *config* it has the defaults.

    Approvals that the policy wants come first. Every shift is followed by an observation that judges it, the last
    one too.

    Raises:
        UnprocessableError: An experiment has nothing to compare with (422).
    """
    tenants, heeded = population or Population(), conditions or Conditions()
    steps = [*approval(heeded.approvals), *warmed()]
    if strategy is Strategy.DIRECT:
        steps += shifts([Wish(FULL_BPS, 0)], tenants)
    elif strategy is Strategy.BLUE_GREEN:
        steps += _blue_green(_given(config, BlueGreenConfig), tenants, heeded)
    elif strategy is Strategy.ROLLING:
        steps += batches(_given(config, RollingConfig), tenants, max_tenants=heeded.max_tenants)
    elif strategy is Strategy.AB_TESTING:
        steps += _experiment(_given(config, ExperimentConfig), tenants, heeded)
    else:
        steps += _canary(_given(config, CanaryConfig), tenants, heeded)
    return Plan(numbered(steps))


def approval(rule: ApprovalRule | None) -> list[Step]:
    """Ask the people whom the policy names, if it names any."""
    if rule is None or not rule.needed:
        return []
    people = "1 person" if rule.needed == 1 else f"{rule.needed} people"
    told = f"{people} with role {' or '.join(rule.roles)}, within {spoken_duration(rule.seconds)}"
    return [Step(0, StepKind.APPROVE, told, seconds=None)]


def _given(config: StrategyConfig | None, kind: type[AnyConfig]) -> AnyConfig:
    """Take the config of the strategy at hand; another strategy's is a bug of the caller."""
    if config is None:
        return kind()
    if not isinstance(config, kind):
        raise TypeError(f"{type(config).__name__} is not {kind.__name__}")
    return config


def _canary(config: CanaryConfig, population: Population, heeded: Conditions) -> list[Step]:
    steps = shifts(
        [Wish(share, config.evaluation_seconds) for share in config.shares_bps],
        population,
        split_by=config.split_by,
        max_tenants=heeded.max_tenants,
        reaches_one=True,
    )
    if config.bake_seconds:
        told = f"bake for {spoken_duration(config.bake_seconds)}: the last known good stays ready"
        steps.append(observation(config.bake_seconds, told))
    return steps


def _blue_green(config: BlueGreenConfig, population: Population, heeded: Conditions) -> list[Step]:
    is_gradual = config.switchover is Switchover.GRADUAL
    monitoring = config.monitoring_seconds
    # Each quarter is watched for a quarter of the time, and all of it again once green has everything.
    wishes = [Wish(share, -(-monitoring // 4)) for share in _QUARTERS] if is_gradual else []
    blue = "blue stays ready" if config.keeps_previous else "blue is released at the end"
    wishes.append(Wish(FULL_BPS, monitoring, detail=f"100 % of tenants to green; {blue}"))
    warmup = observation(
        config.warmup_seconds, f"watch green without traffic for {spoken_duration(config.warmup_seconds)}"
    )
    return [
        *([warmup] if config.warmup_seconds else []),
        *shifts(wishes, population, max_tenants=heeded.max_tenants, reaches_one=is_gradual),
    ]


def _experiment(config: ExperimentConfig, population: Population, heeded: Conditions) -> list[Step]:
    variants = _variants(config, heeded)
    stable = heeded.stable.version if heeded.stable else None
    tried = tuple(variant for variant in variants if variant.target.version != stable)
    told = ", ".join(f"{each.name} {each.target.version} {percent_of(each.share_bps)} %" for each in variants)
    begins = Step(0, StepKind.SHIFT, told, variants=variants, reach=_reach_of(variants, tried, heeded, population))
    by = "promotes the winner by itself" if config.auto_promote else "a person decides"
    decide = Step(
        0,
        StepKind.DECIDE,
        f"{config.metric} should {config.goal}, significance {config.significance:g}: {by}; inconclusive: stable stays",
        seconds=None,
    )
    winner = [Wish(FULL_BPS, 0, detail="100 % of tenants to what won")]
    return [begins, observation(config.test_seconds), decide, *shifts(winner, population)]


def _variants(config: ExperimentConfig, heeded: Conditions) -> tuple[Variant, ...]:
    """Give each arm its target; stable is one of them, with what the others leave if nobody named it."""
    stable = heeded.stable
    if stable is None:
        fix = "Deploy a first version with another strategy, such as Direct."
        errors = (FieldError("/strategy", "No version serves there yet to compare with.", fix),)
        raise UnprocessableError("An A/B test compares with what serves now, and nothing does.", fix=fix, errors=errors)
    arms = tuple(Variant(arm.name, heeded.targets[arm.version], arm.share_bps) for arm in config.variants)
    left = FULL_BPS - sum(arm.share_bps for arm in arms)
    if any(arm.target.version == stable.version for arm in arms):
        return arms
    if not left:
        fix = f"Name {stable.version} as one of the variants, or leave it a part of the tenants."
        errors = (FieldError("/abConfig/variants", f"None of them is {stable.version}, which serves now.", fix),)
        raise UnprocessableError("An A/B test compares with what serves now.", fix=fix, errors=errors)
    return (*arms, Variant(STABLE_ARM, stable, left))


def _reach_of(
    variants: tuple[Variant, ...], tried: tuple[Variant, ...], heeded: Conditions, population: Population
) -> Reach:
    """Count whom the variants that do not serve yet reach."""
    reached = population.reached_by(variants, tried)
    if heeded.max_tenants is not None and len(reached) > heeded.max_tenants:
        fix = "Give the new versions smaller shares, or raise maxTenants."
        message = f"The new versions would serve {len(reached):,} tenants, over {heeded.max_tenants:,}."
        raise UnprocessableError(message, fix=fix, errors=(FieldError("/maxTenants", message, fix),))
    return population.reach_of(reached)
