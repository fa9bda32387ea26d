"""Verdicts as they were given: one look at a step of a deployment each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hotswap.resources.reading import Document, number_of, text_of, time_of
from hotswap.resources.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class GivenVerdict:
    """A verdict on step *step_index* (0-based); *consequence* was done with it: complete, hold, rollback or none."""

    at: datetime | None
    attempt: int
    step_index: int
    step_kind: str
    consequence: str
    verdict: Verdict
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> GivenVerdict:
        """Read one of a deployment's verdicts."""
        return cls(
            at=time_of(document, "at"),
            attempt=int(number_of(document, "attempt") or 1),
            step_index=int(number_of(document, "stepIndex") or 0),
            step_kind=text_of(document, "stepKind"),
            consequence=text_of(document, "consequence"),
            verdict=Verdict.of(document.get("verdict") or {}),
            raw=document,
        )
