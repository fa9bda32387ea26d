"""Previews: what is foretold of a deployment in a dry run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.api.models import Resource
from chalicelib.domain import list_prices
from chalicelib.domain.durations import iso_duration
from chalicelib.domain.errors import DomainError
from chalicelib.domain.forecasts import Cost, Obstacle
from chalicelib.domain.times import rfc3339
from chalicelib.services.previews import Preview


class ViolationResource(Resource):
    """A rule that would refuse the deployment."""

    code: Annotated[str, Field(description="Of the problem that the real request would be answered with.")]
    message: str
    fix: str

    @classmethod
    def of(cls, refusal: DomainError) -> ViolationResource:
        """Present a refusal."""
        return cls(code=refusal.code, message=refusal.detail, fix=refusal.fix)


class ObstacleResource(Resource):
    """What a step would wait for when its turn comes: a window, a freeze, or a line that is stopped."""

    step: Annotated[int, Field(description="Index of the step.")]
    reason: str
    until: Annotated[str | None, Field(description="Null: nobody can say, as things are.")]

    @classmethod
    def of(cls, obstacle: Obstacle) -> ObstacleResource:
        """Present an obstacle."""
        until = rfc3339(obstacle.until) if obstacle.until else None
        return cls(step=obstacle.step_index, reason=obstacle.reason, until=until)


class WindowResource(Resource):
    """When the environment may be moved."""

    weekdays: Annotated[list[int], Field(description="0 is Monday.")]
    begins: str
    until: str
    time_zone: str


class FreezeResource(Resource):
    """A range of time in which nothing is moved."""

    begins: str
    ends: str
    reason: str


class CostResource(Resource):
    """What AWS asks for a run that is not held, by list price."""

    usd: float
    state_transitions: int
    lambda_calls: int
    prices: Annotated[str, Field(description="Of which region, and when they were read.")]

    @classmethod
    def of(cls, cost: Cost) -> CostResource:
        """Present a cost."""
        return cls(
            usd=round(cost.usd, 6),
            state_transitions=cost.transitions,
            lambda_calls=cost.lambda_calls,
            prices=f"list prices of {list_prices.REGION}, {list_prices.AS_OF}",
        )


class ForecastResource(Resource):
    """What is known before anything begins; a hold by a verdict is not, for nobody can foretell it."""

    at_least: Annotated[str, Field(description="If people answer at once.")]
    at_most: Annotated[str | None, Field(description="If people take all their time; null: without limit.")]
    without_limit: Annotated[list[str], Field(description="Why there is none.")]
    step_begins: Annotated[list[str | None], Field(description="Earliest begin of each step; null: never, as it is.")]
    approvals_needed: Annotated[int, Field(description="How many people the policy wants to agree.")]
    approval_timeout: str
    windows: list[WindowResource]
    freezes: list[FreezeResource]
    obstacles: list[ObstacleResource]
    cost: CostResource
    violations: Annotated[list[ViolationResource], Field(description="All rules that would refuse it, not the first.")]

    @classmethod
    def of(cls, preview: Preview) -> ForecastResource:
        """Present what is foretold."""
        foretold, policy = preview.forecast, preview.policy
        at_most = foretold.at_most_seconds
        return cls(
            at_least=iso_duration(foretold.at_least_seconds),
            at_most=None if at_most is None else iso_duration(at_most),
            without_limit=list(foretold.open_ends),
            step_begins=[None if moment is None else rfc3339(moment) for moment in foretold.begins],
            approvals_needed=policy.approvals.needed,
            approval_timeout=iso_duration(policy.approvals.seconds),
            windows=[
                WindowResource(
                    weekdays=list(each.weekdays), begins=each.begins, until=each.until, time_zone=each.time_zone
                )
                for each in policy.windows
            ],
            freezes=[FreezeResource(begins=each.begins, ends=each.ends, reason=each.reason) for each in policy.freezes],
            obstacles=[ObstacleResource.of(each) for each in foretold.obstacles],
            cost=CostResource.of(foretold.cost),
            violations=[ViolationResource.of(each) for each in preview.refusals],
        )
