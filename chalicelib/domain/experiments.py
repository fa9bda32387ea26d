"""Experiments: whether a variant beats stable, asked as often as anyone likes, and whether the split was as planned."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.domain.evidence import evidence
from chalicelib.domain.routes import FULL_BPS


class Goal(StrEnum):
    """Where the primary metric should go."""

    INCREASE = "increase"
    DECREASE = "decrease"


@dataclass(frozen=True, slots=True)
class Sample:
    """
    A metric of one variant: *n* tenants, and the sum and the sum of squares of what each had on average.

    The split is sticky, so a tenant is one observation however many requests it makes.
    """

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> Sample:
        """Take one value a tenant."""
        taken = tuple(values)
        return cls(len(taken), math.fsum(taken), math.fsum(value * value for value in taken))

    @classmethod
    def of_tenants(cls, sums: Mapping[str, tuple[float, float]]) -> Sample:
        """Take tenant → (how many observations, their sum); a rate is failures or conversions over requests."""
        return cls.of(total / count for count, total in sums.values() if count)

    def __add__(self, other: Sample) -> Sample:
        return Sample(self.n + other.n, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float | None:
        """The mean over tenants; None without any."""
        return self.total / self.n if self.n else None

    @property
    def scatter(self) -> float:
        """Sum of the squared distances from the mean."""
        return max(self.squares - self.total * self.total / self.n, 0.0) if self.n else 0.0

    def to_document(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {"n": self.n, "total": self.total, "squares": self.squares}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Sample:
        """Read what `to_document` wrote; numbers may be Decimals."""
        return cls(int(document["n"]), float(document["total"]), float(document["squares"]))


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant: its planned share, how many tenants with traffic it got, and the metric of those that have one."""

    name: str
    share_bps: int
    tenants: int
    sample: Sample


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What was agreed before the experiment began; the first is never changed by looking.

    *significance* is the chance of a false winner over the whole experiment and all variants. Nothing is decided before
    each variant has *minimum_tenants* and *minimum_seconds* have passed.
    """

    control: str
    metric: str
    goal: Goal
    significance: float = 0.05
    minimum_tenants: int = 10
    minimum_seconds: int = 3_600


@dataclass(frozen=True, slots=True)
class Comparison:
    """One variant against the control: the difference of means, bounded at every look at once (None: unbounded)."""

    name: str
    n: int
    effect: float | None
    low: float | None
    high: float | None
    evidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What the experiment says; without a *winner* stable stays.

    *is_conclusive* is also true when the control won. *effect*, *low* and *high* are those of the winner, or of the
    variant that came closest; *fairness* is the evidence against the planned split, 1,000 being proof.
    """

    winner: str | None
    reason: str
    is_conclusive: bool = False
    n: int = 0
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    fairness: float = 1.0
    comparisons: tuple[Comparison, ...] = ()


#: Evidence at which the split counts as broken: this alarm must be rare, for it makes all other numbers worthless.
UNFAIR = 1_000.0
#: As if so many tenants had shown that the split is as planned: the smaller, the earlier large deviations are seen.
_SPLIT_WEIGHT = 100.0
#: The weight of the prior on the effect, in pairs of tenants: the smaller, the sooner large effects are seen.
_PRIOR_TENANTS = 3.0


def split_evidence(arms: Sequence[Arm]) -> float:
    """
    Say by E how strongly the tenants that each variant got speak against the planned split.

    A Dirichlet mixture over all other splits against the planned one: Lindon and Malek, "Anytime-valid inference
    for multinomial count data", NeurIPS 2022.
    """
    counted = sum(arm.tenants for arm in arms)
    log_e = math.lgamma(_SPLIT_WEIGHT) - math.lgamma(_SPLIT_WEIGHT + counted)
    planned = sum(arm.share_bps for arm in arms) or FULL_BPS
    for arm in arms:
        share = arm.share_bps / planned
        if not share:
            if arm.tenants:
                return math.inf
            continue
        log_e += math.lgamma(_SPLIT_WEIGHT * share + arm.tenants) - math.lgamma(_SPLIT_WEIGHT * share)
        log_e -= arm.tenants * math.log(share)
    return evidence(log_e)


def compare(arm: Arm, control: Arm, alpha: float) -> Comparison:
    """
    Bound how much larger the metric of *arm* is than that of *control*.

    The t statistic of two groups of unequal variance (Welch) under a normal mixture over effects that scales with
    the spread: Waudby-Smith et al., "Time-uniform central limit theory and asymptotic confidence sequences", Ann.
    Stat. 52 (2024); for small groups as in Gönen et al., "The Bayesian two-sample t test", Am. Stat. 59 (2005).
    """
    mine, theirs = arm.sample, control.sample
    if mine.mean is None or theirs.mean is None:
        return Comparison(arm.name, mine.n, None, None, None)
    effect = mine.mean - theirs.mean
    if min(mine.n, theirs.n) < 2:  # noqa: PLR2004 - one tenant has no spread
        return Comparison(arm.name, mine.n, effect, None, None)
    error, freedom = _standard_error(mine, theirs)
    if not error:
        return Comparison(arm.name, mine.n, effect, None, None)
    pairs = mine.n * theirs.n / (mine.n + theirs.n)
    kept = _PRIOR_TENANTS / (_PRIOR_TENANTS + pairs)
    t_squared = (effect / error) ** 2
    power = (freedom + 1) / 2
    log_e = 0.5 * math.log(kept) + power * (math.log1p(t_squared / freedom) - math.log1p(kept * t_squared / freedom))
    growth = math.exp((-math.log(alpha) - 0.5 * math.log(kept)) / power)
    room = 1 - growth * kept
    radius = error * math.sqrt(freedom * (growth - 1) / room) if room > 0 else None
    return Comparison(
        arm.name,
        mine.n,
        effect,
        None if radius is None else effect - radius,
        None if radius is None else effect + radius,
        evidence(log_e),
    )


def decide(terms: Terms, arms: Sequence[Arm], elapsed_seconds: float) -> Decision:
    """
    Decide whether a variant beats the control, by what is known after *elapsed_seconds*.

    Each of several variants is held to its part of the significance (Bonferroni), so that more variants make
    no more false winners. A split that is not as planned decides nothing.
    """
    control = next(arm for arm in arms if arm.name == terms.control)
    others = [arm for arm in arms if arm.name != terms.control]
    alpha = terms.significance / max(len(others), 1)
    fairness = split_evidence(arms)
    comparisons = tuple(compare(arm, control, alpha) for arm in others)
    decision = _read(terms, comparisons)
    if fairness >= UNFAIR:
        counts = ", ".join(f"{arm.name} {arm.tenants}" for arm in arms)
        decision = _open(
            comparisons, terms, f"the split is not as planned ({counts} tenants): find out why, then start anew"
        )
    elif (fewest := min(arm.sample.n for arm in arms)) < terms.minimum_tenants:
        decision = _open(comparisons, terms, f"{fewest} of {terms.minimum_tenants} tenants that each variant needs")
    elif elapsed_seconds < terms.minimum_seconds:
        decision = _open(
            comparisons, terms, f"{elapsed_seconds:.0f} of {terms.minimum_seconds} seconds that it must run"
        )
    return Decision(
        decision.winner,
        decision.reason,
        is_conclusive=decision.is_conclusive,
        n=sum(arm.sample.n for arm in arms),
        effect=decision.effect,
        low=decision.low,
        high=decision.high,
        fairness=fairness,
        comparisons=comparisons,
    )


def _standard_error(mine: Sample, theirs: Sample) -> tuple[float, float]:
    """Give Welch's standard error of the difference and its degrees of freedom."""
    pooled = mine + theirs
    # Groups without any spread are held to the spread of both together, so that no difference is infinitely sure.
    is_flat = not mine.scatter and not theirs.scatter
    parts = [
        (pooled.scatter / pooled.n if is_flat else sample.scatter / (sample.n - 1)) / sample.n
        for sample in (mine, theirs)
    ]
    variance = sum(parts)
    if not variance:
        return 0.0, 1.0
    spread = sum(part * part / (sample.n - 1) for part, sample in zip(parts, (mine, theirs), strict=True))
    return math.sqrt(variance), variance * variance / spread


def _read(terms: Terms, comparisons: Sequence[Comparison]) -> Decision:
    sign = 1 if terms.goal is Goal.INCREASE else -1
    better = [seen for seen in comparisons if _worst(seen, sign) > 0]
    if better:
        best = max(better, key=lambda seen: _worst(seen, sign))
        return _told(best, f"{best.name} is better than {terms.control} in {terms.metric}", winner=best.name)
    if comparisons and all(_worst(seen, -sign) > 0 for seen in comparisons):
        closest = max(comparisons, key=lambda seen: sign * (seen.effect or 0.0))
        return _told(closest, f"every variant is worse than {terms.control} in {terms.metric}", winner=terms.control)
    return _open(comparisons, terms, "no difference is certain yet")


def _worst(seen: Comparison, sign: int) -> float:
    """Give the bound of the effect that is least favourable, counted in the direction of *sign*."""
    bound = seen.low if sign > 0 else seen.high
    return -math.inf if bound is None else sign * bound


def _told(seen: Comparison, reason: str, *, winner: str) -> Decision:
    return Decision(winner, reason, is_conclusive=True, effect=seen.effect, low=seen.low, high=seen.high)


def _open(comparisons: Sequence[Comparison], terms: Terms, reason: str) -> Decision:
    sign = 1 if terms.goal is Goal.INCREASE else -1
    closest = max(comparisons, key=lambda seen: sign * (seen.effect or 0.0), default=None)
    text = f"{reason}; {terms.control} stays"
    if closest is None:
        return Decision(None, text)
    return Decision(None, text, effect=closest.effect, low=closest.low, high=closest.high)
