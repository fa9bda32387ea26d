"""What a case reports: measures, each with its aim and a verdict, and in words how they came about."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bench.figures import Interval
from bench.slices import Effort


class Verdict(StrEnum):
    """Whether an aim is met; what has no aim is there for comparison."""

    MET = "met"
    NOT_MET = "not met"
    NO_AIM = ""


class Unit(StrEnum):
    """What a result is counted in; a ratio says how many times the peer's value ours is."""

    RATIO = "×"
    MILLISECONDS = "ms"
    SECONDS = "s"
    CALLS = "calls"
    PERCENT = "%"
    MEGABYTES = "MB"


@dataclass(frozen=True, slots=True)
class Measure:
    """
    One line of a table.

    *result* is what the aim speaks about, *aim* the most that it may be, or with *is_least* the least. *n* counts
    the samples of ours.
    """

    what: str
    ours: str
    result: Interval
    unit: Unit
    n: int
    peer: str = ""
    aim: float | None = None
    is_least: bool = False

    @property
    def verdict(self) -> Verdict:
        """Compare the result, as it is shown, with the aim."""
        if self.aim is None:
            return Verdict.NO_AIM
        shown = float(self.shown(self.result.value))
        return Verdict.MET if (shown >= self.aim if self.is_least else shown <= self.aim) else Verdict.NOT_MET

    @property
    def result_text(self) -> str:
        """The result with its unit."""
        return self._with_unit(self.shown(self.result.value))

    @property
    def aim_text(self) -> str:
        """The aim with its unit, empty where there is none."""
        return "" if self.aim is None else f"{'≥' if self.is_least else '≤'} {self._with_unit(f'{self.aim:g}')}"

    @property
    def spread_text(self) -> str:
        """The bounds of the result, empty where a single run has none."""
        low, high = self.result.low, self.result.high
        return "" if low == high else f"{self.shown(low)} to {self.shown(high)}"

    def shown(self, value: float) -> str:
        """Round *value* to what its unit deserves."""
        return f"{value:.2f}" if self.unit is Unit.RATIO else f"{value:.1f}"

    def document(self) -> dict[str, Any]:
        """Return the measure as JSON."""
        return {
            "what": self.what,
            "ours": self.ours,
            "peer": self.peer,
            "result": round(self.result.value, 4),
            "low": round(self.result.low, 4),
            "high": round(self.result.high, 4),
            "unit": self.unit.value,
            "aim": self.aim,
            "isLeast": self.is_least,
            "verdict": self.verdict.value,
            "n": self.n,
        }

    def _with_unit(self, number: str) -> str:
        return f"{number}{self.unit.value}" if self.unit is Unit.RATIO else f"{number} {self.unit.value}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a case has measured, or the *problem* that kept it from measuring."""

    name: str
    title: str
    method: str
    measures: tuple[Measure, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""

    def document(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return {
            "case": self.name,
            "title": self.title,
            "method": self.method,
            "measures": [measure.document() for measure in self.measures],
            "notes": list(self.notes),
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Findings:
    """What the function of a case returns."""

    measures: tuple[Measure, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """Something that can be measured on its own; *is_slow* ones run only when they are asked for."""

    name: str
    title: str
    method: str
    measure: Callable[[Effort], Findings] = field(repr=False)
    is_slow: bool = False

    def report(self, effort: Effort) -> Report:
        """Measure, and turn any failure into a report that says so: one case must not cost the others' figures."""
        try:
            findings = self.measure(effort)
        except Exception as error:  # noqa: BLE001 - told to the reader in full
            return Report(self.name, self.title, self.method, problem=f"{type(error).__name__}: {error}")
        return Report(self.name, self.title, self.method, findings.measures, findings.notes)
