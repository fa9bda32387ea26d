"""Observations of an experiment, and what its arms have shown."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Resource
from chalicelib.domain.authorization import Caller
from chalicelib.domain.errors import ValidationError
from chalicelib.domain.experiment_configs import METRIC_PATTERN
from chalicelib.domain.experiments import Comparison
from chalicelib.services.experiments import Standing
from chalicelib.services.observations import Observation, Observe

_TenantId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
_Metric = Annotated[str, Field(pattern=METRIC_PATTERN, description="The experiment's `primaryMetric`, or another one.")]
_Value = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False, description="For a conversion: 1, else 0.")]


class ObservationBody(Body):
    """One value of a metric, for one tenant."""

    tenant_id: _TenantId
    metric: _Metric
    value: _Value


class ObservationsBody(Body):
    """Either one value, or up to 100 of them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"tenantId": "acme", "metric": "conversion", "value": 1}]}
    )

    tenant_id: _TenantId | None = None
    metric: _Metric | None = None
    value: _Value | None = None
    observations: Annotated[
        tuple[ObservationBody, ...] | None, Field(min_length=1, max_length=100, description="Instead of a single one.")
    ] = None

    def to_command(self, caller: Caller, deployment_id: str, *, validate_only: bool) -> Observe:
        """
        Make the command of the use case.

        Raises:
            ValidationError: It is neither one value nor a list of them (400).
        """
        one = self.tenant_id, self.metric, self.value
        if self.observations is not None and one == (None, None, None):
            many = tuple(Observation(each.tenant_id, each.metric, each.value) for each in self.observations)
            return Observe(caller, deployment_id, many, validate_only=validate_only)
        tenant_id, metric, value = one
        if self.observations is not None or tenant_id is None or metric is None or value is None:
            raise ValidationError(
                "The body is neither one observation nor a list of them.",
                fix='Send {"tenantId", "metric", "value"}, or {"observations": [{"tenantId", "metric", "value"}, …]}.',
            )
        return Observe(caller, deployment_id, (Observation(tenant_id, metric, value),), validate_only=validate_only)


class ObservationsResource(Resource):
    """What was added."""

    accepted: Annotated[int, Field(description="How many observations were added.")]


class ArmResource(Resource):
    """One variant and what its tenants have shown."""

    name: str
    version: str
    percentage: Annotated[float, Field(description="The share that was planned; stable's with whom no variant has.")]
    tenants: Annotated[int, Field(description="Tenants with traffic.")]
    n: Annotated[int, Field(description="Tenants with a value of the metric.")]
    mean: Annotated[float | None, Field(description="Mean of the metric over tenants.")]


class ComparisonResource(Resource):
    """One variant against the control; the difference lies between low and high, whenever one looks."""

    name: str
    effect: float | None
    low: Annotated[float | None, Field(description="Null is unbounded.")]
    high: float | None
    evidence: float

    @classmethod
    def of(cls, seen: Comparison) -> ComparisonResource:
        """Present a comparison."""
        return cls(name=seen.name, effect=seen.effect, low=seen.low, high=seen.high, evidence=seen.evidence)


class ExperimentResource(Resource):
    """How an experiment stands now."""

    metric: str
    goal: str
    significance: float
    control: Annotated[str, Field(description="The variant that the others are compared with: stable.")]
    winner: Annotated[str | None, Field(description="Null: nothing is decided, and stable stays.")]
    is_conclusive: bool
    reason: str
    split_evidence: Annotated[float, Field(description="Against the planned split; at 1,000 nothing is decided.")]
    arms: list[ArmResource]
    comparisons: list[ComparisonResource]

    @classmethod
    def of(cls, standing: Standing) -> ExperimentResource:
        """Present how it stands."""
        terms, decision = standing.terms, standing.decision
        return cls(
            metric=terms.metric,
            goal=terms.goal,
            significance=terms.significance,
            control=terms.control,
            winner=decision.winner,
            is_conclusive=decision.is_conclusive,
            reason=decision.reason,
            split_evidence=decision.fairness,
            arms=[
                ArmResource(
                    name=arm.name,
                    version=standing.versions[arm.name],
                    percentage=arm.share_bps / 100,
                    tenants=arm.tenants,
                    n=arm.sample.n,
                    mean=arm.sample.mean,
                )
                for arm in standing.arms
            ],
            comparisons=[ComparisonResource.of(seen) for seen in decision.comparisons],
        )
