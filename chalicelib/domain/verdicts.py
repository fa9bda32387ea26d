"""Verdicts: pass, fail, inconclusive or error, each with what was asked, what was seen, and the rule that judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """The four answers, the one that decides over the others first."""

    FAIL = "fail"
    ERROR = "error"
    INCONCLUSIVE = "inconclusive"
    PASS = "pass"  # noqa: S105 - not a password


class Action(StrEnum):
    """What a deployment does about a verdict that is no pass."""

    ROLLBACK = "rollback"
    HOLD = "hold"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    A judgement with its reason: never a bare bool.

    *rule* names the rule that decided and *query* what it asked for; *window* says over which time, *n* over how
    many requests. *value* lies between *low* and *high* at every look at once, None is unbounded; *threshold* is what
    it was held against, all three in *unit*. *evidence* is E of the rule, 20 being proof at alpha 0.05.
    *is_latched* says that it was given earlier and stands; *fix_forward* that stable itself breaks the limits, so the
    candidate was judged only by whether it is worse. *signals* are the verdicts that this one was combined from.
    *version* is the one that was judged, where it is known: an experiment tries several. *action* is what is done about
    it where that is not what the deployment does.
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
    evidence: float | None = None
    is_latched: bool = False
    fix_forward: bool = False
    signals: tuple[Verdict, ...] = ()
    version: str = ""
    action: str = ""

    @property
    def parts(self) -> tuple[Verdict, ...]:
        """What each single rule said, however often they were combined; nothing where it was given by one alone."""
        return tuple(part for signal in self.signals for part in (signal.parts or (signal,)))

    @property
    def is_fail(self) -> bool:
        """Tell whether it ends its deployment."""
        return self.outcome == Outcome.FAIL

    def about(self, version: str) -> Verdict:
        """Say of which *version* all of it was said."""
        return replace(self, version=version, signals=tuple(signal.about(version) for signal in self.signals))

    def to_document(self) -> dict[str, Any]:
        """Write it as JSON; what says nothing is left out."""
        document = {field.name: getattr(self, field.name) for field in fields(self)}
        document["outcome"] = str(self.outcome)
        document["signals"] = [signal.to_document() for signal in self.signals]
        return {
            name: value
            for name, value in document.items()
            if value is not None and value is not False and value not in ("", [])
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Verdict:
        """Read what `to_document` wrote; numbers may be Decimals, and what a later release added is ignored."""
        known = {field.name: document[field.name] for field in fields(cls) if field.name in document}
        for name in ("value", "low", "high", "threshold", "evidence"):
            if known.get(name) is not None:
                known[name] = float(known[name])
        known["n"] = int(known.get("n", 0))
        known["signals"] = tuple(cls.from_document(signal) for signal in document.get("signals", ()))
        return cls(**known)


#: Evidence that is no proof, and too much for a pass.
SUSPICION = 3.0


def outcome_of(evidence: float, alpha: float) -> Outcome:
    """Read *evidence* (E) against a candidate: proof at *alpha* fails, suspicion is inconclusive."""
    if evidence >= 1 / alpha:
        return Outcome.FAIL
    return Outcome.INCONCLUSIVE if evidence >= SUSPICION else Outcome.PASS


def combine(signals: Sequence[Verdict]) -> Verdict:
    """
    Make one verdict of several: a fail decides, then an error, then what is inconclusive.

    It tells the reasons of all that decided, and carries the numbers of the first. No signals at all are no pass.
    """
    if not signals:
        return Verdict(Outcome.INCONCLUSIVE, "nothing was measured", rule="no data")
    outcome = next(outcome for outcome in Outcome if any(signal.outcome == outcome for signal in signals))
    deciding = [signal for signal in signals if signal.outcome == outcome]
    return replace(
        deciding[0],
        reason="; ".join(dict.fromkeys(signal.reason for signal in deciding)),
        fix_forward=any(signal.fix_forward for signal in signals),
        is_latched=any(signal.is_latched for signal in deciding),
        signals=tuple(signals),
    )


def latch(earlier: Verdict | None, now: Verdict) -> Verdict:
    """
    Keep a fail that was given earlier in the same deployment, whatever is measured now.

    One that asked for something milder than the deployment does hides none that does not.
    """
    if earlier is None or not earlier.is_fail or (earlier.action and now.is_fail and not now.action):
        return now
    return replace(earlier, is_latched=True)


def cut_short(verdict: Verdict) -> Verdict:
    """Take back a pass whose observation ended before its time: it proves nothing. A fail stays one."""
    if verdict.outcome != Outcome.PASS:
        return verdict
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, reason=f"cut short: until then, {verdict.reason}")


def not_measured(query: str, reason: str, *, window: str = "", action: str = "") -> Verdict:
    """Say that a measurement itself failed: an error is neither a fail nor a pass."""
    told = f"{query} could not be measured: {reason}"
    return Verdict(Outcome.ERROR, told, "measurement", query, window, action=action)
