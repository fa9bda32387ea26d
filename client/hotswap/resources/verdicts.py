"""Verdicts: judgements of a candidate, with the numbers that they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hotswap.resources.reading import Document, number_of, text_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    A judgement: *outcome* is pass, fail, inconclusive or error.

    *value* lies between *low* and *high* (None: unbounded) and was held against *threshold*, all in *unit*; *n* is how
    many were counted, *query* what was asked, *rule* what decided. *signals* are what each single rule said, *version*
    of which version; a listing does not tell them.
    """

    outcome: str
    reason: str
    rule: str = ""
    query: str = ""
    window: str = ""
    unit: str = ""
    n: int = 0
    value: float | None = None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    is_latched: bool = False
    version: str = ""
    signals: tuple[Verdict, ...] = ()

    @classmethod
    def of(cls, document: Document) -> Verdict:
        """Read a step's ``verdict``."""
        return cls(
            outcome=text_of(document, "outcome"),
            reason=text_of(document, "reason"),
            rule=text_of(document, "rule"),
            query=text_of(document, "query"),
            window=text_of(document, "window"),
            unit=text_of(document, "unit"),
            n=int(number_of(document, "n") or 0),
            value=number_of(document, "value"),
            low=number_of(document, "low"),
            high=number_of(document, "high"),
            threshold=number_of(document, "threshold"),
            is_latched=bool(document.get("isLatched")),
            version=text_of(document, "version"),
            signals=tuple(cls.of(signal) for signal in document.get("signals") or ()),
        )

    def to_document(self) -> dict[str, Any]:
        """Present for programs what was measured."""
        return {
            "outcome": self.outcome,
            "query": self.query,
            "window": self.window,
            "n": self.n,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "threshold": self.threshold,
            "unit": self.unit,
            "rule": self.rule,
            "version": self.version,
        }
