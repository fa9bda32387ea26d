"""Given verdicts: each judgement of a deployment as it was given, whatever is judged later."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.verdicts import Verdict


class Consequence(StrEnum):
    """What was done about a verdict in the same write; None: it was one look of many, and nothing followed yet."""

    NONE = "none"
    COMPLETE = "complete"
    HOLD = "hold"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class GivenVerdict:
    """
    A verdict on a step of a deployment, kept once and for all.

    *at* is when it was given, RFC 3339 UTC. Of one step there are as many as looks at it.
    """

    deployment_id: str
    attempt: int
    step_index: int
    step_kind: str
    at: str
    verdict: Verdict
    consequence: Consequence = Consequence.NONE

    @classmethod
    def on(
        cls,
        deployment: Deployment,
        step_index: int,
        verdict: Verdict,
        at: str,
        consequence: Consequence = Consequence.NONE,
    ) -> GivenVerdict:
        """Give *verdict* on a step (0-based) of *deployment*."""
        kind = str(deployment.plan.steps[step_index].kind)
        return cls(deployment.id, deployment.attempt, step_index, kind, at, verdict, consequence)

    @property
    def place(self) -> str:
        """Place it among those of its deployment, by time; the same verdict again has the same place."""
        return f"{self.attempt:06d}#{self.at}#{self.step_index:06d}#{self.consequence}"
