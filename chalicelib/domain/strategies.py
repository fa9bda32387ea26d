"""Strategies: a pure function from what was asked for to a plan that anyone can read."""

from __future__ import annotations

from enum import StrEnum

from chalicelib.domain.errors import UnprocessableError
from chalicelib.domain.ids import Environment
from chalicelib.domain.plans import Plan, Step, StepKind
from chalicelib.domain.routes import FULL_BPS


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


class StrategyUnavailableError(UnprocessableError):
    """That strategy can't be run in this release (422)."""


def compile_plan(strategy: Strategy) -> Plan:
    """
    Compile *strategy* to its plan.

    Raises:
        StrategyUnavailableError: It is not Direct, the one that this release runs (422).
    """
    if strategy is not Strategy.DIRECT:
        raise StrategyUnavailableError(
            f"{strategy} deployments are not available in this release.", fix='Ask for {"strategy": "Direct"}.'
        )
    return _direct()


def _direct() -> Plan:
    return Plan(
        (
            Step(0, StepKind.WARM, "start the candidate and wait until it is Active"),
            Step(1, StepKind.SMOKE, "health check through the candidate's own alias, without traffic"),
            Step(2, StepKind.SHIFT, "100 % of tenants", share_bps=FULL_BPS),
        )
    )
