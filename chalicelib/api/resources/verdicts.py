"""Verdicts on a deployment, each as it was given."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.api.models import Listing, Resource
from chalicelib.api.resources.plans import VerdictResource
from chalicelib.domain.given_verdicts import Consequence, GivenVerdict
from chalicelib.domain.plans import StepKind


class VerdictListing(Listing):
    """Which page of the verdicts on a deployment, newest first."""


class GivenVerdictResource(Resource):
    """One look at a step, and what followed from it; never changed, and kept for 400 days."""

    at: str
    attempt: Annotated[int, Field(description="Counted from 1; a retry is the next.")]
    step_index: Annotated[int, Field(description="Counted from 0.")]
    step_kind: StepKind
    consequence: Annotated[
        Consequence, Field(description="Written together with it: the step completed, a hold, a rollback; or none yet.")
    ]
    verdict: VerdictResource

    @classmethod
    def of(cls, given: GivenVerdict) -> GivenVerdictResource:
        """Present a verdict as it was given."""
        return cls(
            at=given.at,
            attempt=given.attempt,
            step_index=given.step_index,
            step_kind=StepKind(given.step_kind),
            consequence=given.consequence,
            verdict=VerdictResource.of(given.verdict, tells_signals=True),
        )
