"""Plans: the steps of a deployment, whom each reaches, and how it was judged."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.models import Resource
from chalicelib.domain.durations import iso_duration
from chalicelib.domain.plans import Reach, Step, StepKind, StepStatus
from chalicelib.domain.routes import Variant
from chalicelib.domain.verdicts import Verdict
from chalicelib.domain.waits import due_at


class SignalResource(Resource):
    """What a single rule said: what was asked, what was seen, and what it was held against."""

    outcome: Annotated[str, Field(description="pass, fail, inconclusive or error.")]
    reason: str
    rule: str
    query: str
    window: str
    unit: Annotated[str, Field(description="Of value, low, high and threshold.")]
    n: Annotated[int, Field(description="How many requests, checks or tenants were counted.")]
    value: float | None
    low: Annotated[float | None, Field(description="The value lies between low and high; null is unbounded.")]
    high: float | None
    threshold: float | None
    version: Annotated[str, Field(description="Which version was judged; empty where there is only one.")]

    @classmethod
    def of(cls, verdict: Verdict) -> SignalResource:
        """Present what one rule said."""
        return cls(**_said_by(verdict))


class VerdictResource(SignalResource):
    """A judgement: what was asked, what was seen, and the rule that decided."""

    is_latched: Annotated[bool, Field(description="It was given earlier, and stands.")]
    signals: Annotated[
        list[SignalResource],
        Field(description="What each rule said that it was made of; told of a single deployment only."),
    ]

    @classmethod
    def of(cls, verdict: Verdict, *, tells_signals: bool = False) -> VerdictResource:
        """Present a verdict, with all that it was made of if *tells_signals*."""
        return cls(
            **_said_by(verdict),
            is_latched=verdict.is_latched,
            signals=[SignalResource.of(part) for part in verdict.parts] if tells_signals else [],
        )


def _said_by(verdict: Verdict) -> dict[str, Any]:
    """Name what a signal tells of a verdict, field by field as it is called there."""
    return {name: getattr(verdict, name) for name in SignalResource.model_fields}


class ReachResource(Resource):
    """Whom the candidate serves after a step, counted when the plan was made."""

    tenants: int
    of_tenants: Annotated[int, Field(description="How many have the plugin enabled; pinned ones move with no step.")]
    sample: Annotated[list[str], Field(description="Some that move at this step; empty unless you may know tenants.")]

    @classmethod
    def of(cls, reach: Reach, *, names_tenants: bool) -> ReachResource:
        """Present a reach."""
        sample = list(reach.sample) if names_tenants else []
        return cls(tenants=reach.tenants, of_tenants=reach.of_tenants, sample=sample)


class VariantResource(Resource):
    """One arm of an experiment."""

    name: str
    version: str
    percentage: float

    @classmethod
    def of(cls, variant: Variant) -> VariantResource:
        """Present an arm."""
        return cls(name=variant.name, version=variant.target.version, percentage=variant.share_bps / 100)


class StepResource(Resource):
    """One step of a plan."""

    index: Annotated[int, Field(description="Counted from 0.")]
    kind: StepKind
    detail: str
    status: StepStatus
    candidate_percentage: Annotated[float | None, Field(description="The candidate's share once this step is done.")]
    rings: Annotated[list[str], Field(description="Rings that are on the candidate whatever the share.")]
    variants: list[VariantResource]
    duration: Annotated[str | None, Field(description="How long it waits; null: until people say so.")]
    is_cut: Annotated[bool, Field(description="Somebody promoted: it is judged at once, on what there is.")]
    due_at: Annotated[str | None, Field(description="When the wait that goes on is over, unless it stands still.")]
    reach: ReachResource | None
    started_at: str | None
    ended_at: str | None
    verdict: VerdictResource | None

    @classmethod
    def of(cls, step: Step, *, names_tenants: bool = False, tells_signals: bool = False) -> StepResource:
        """Present a step; *names_tenants* only to callers who may know who the tenants are."""
        return cls(
            index=step.index,
            kind=step.kind,
            detail=step.detail,
            status=step.status,
            candidate_percentage=None if step.share_bps is None else step.share_bps / 100,
            rings=list(step.rings),
            variants=[VariantResource.of(variant) for variant in step.variants],
            duration=None if step.lasts_seconds is None else iso_duration(step.lasts_seconds),
            is_cut=step.is_cut,
            due_at=due_at(step),
            reach=ReachResource.of(step.reach, names_tenants=names_tenants) if step.reach else None,
            started_at=step.started_at,
            ended_at=step.ended_at,
            verdict=VerdictResource.of(step.verdict, tells_signals=tells_signals) if step.verdict else None,
        )
