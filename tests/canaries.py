"""Simulated canaries: what a deployment would count, look by look, when the truth about both versions is known."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from chalicelib.domain.error_rules import ALPHA, judge_obvious
from chalicelib.domain.measurements import Outcomes, Sides
from chalicelib.domain.relative_risk import evidence_of_harm, labels_of
from chalicelib.domain.routes import SplitBy

LOOKS = 30
TENANTS = 500
#: Share of the tenants on the candidate where tenants are split.
_TENANT_SHARE = 0.1
_OBVIOUS = 4


def chance(seed: int) -> random.Random:
    """Give a source of chance that is the same in every run."""
    return random.Random(seed)  # noqa: S311 - drawn for statistics, repeatable on purpose


@dataclass(frozen=True, slots=True)
class Canary:
    """The true rates of failures, the requests of each side between two looks, and what is known of before."""

    candidate_rate: float
    stable_rate: float
    candidate_requests: int
    stable_requests: int
    before: Sides = field(default_factory=lambda: Sides(split_by=SplitBy.REQUEST))

    def looks(self, source: random.Random, looks: int = LOOKS) -> Iterator[Sides]:
        """Give what was counted until each look."""
        sides = self.before
        for _ in range(looks):
            sides = replace(
                sides,
                candidate=sides.candidate + counted(source, self.candidate_requests, self.candidate_rate),
                stable=sides.stable + counted(source, self.stable_requests, self.stable_rate),
            )
            yield sides


def counted(source: random.Random, requests: int, rate: float) -> Outcomes:
    """Let *requests* fail independently, by jumping from failure to failure."""
    if not 0 < rate < 1:
        return Outcomes(requests, round(requests * rate))
    failures, place, scale = 0, -1, math.log1p(-rate)
    while (place := place + 1 + int(math.log(1.0 - source.random()) / scale)) < requests:
        failures += 1
    return Outcomes(requests, failures)


def by_tenants(
    source: random.Random,
    *,
    base: float,
    alikeness: float | None,
    requests: int,
    looks_before: int = LOOKS,
    times_worse: float = 1.0,
) -> Canary:
    """
    Put a tenth of 500 tenants on the candidate, whose rates of failures differ, the more the smaller *alikeness* is.

    Rates are Beta with mean *base* and that concentration; all are *base* where it is None. *requests* are those of all
    tenants between two looks, *looks_before* the length of the history.
    """
    rates = [base] * TENANTS if alikeness is None else source.choices(_rates(base, alikeness), k=TENANTS)
    on_candidate = round(TENANTS * _TENANT_SHARE)
    mine, others = rates[:on_candidate], rates[on_candidate:]
    usual, stable_rate = sum(mine) / len(mine), sum(others) / len(others)
    candidate_requests = max(1, round(requests * _TENANT_SHARE))
    stable_requests = requests - candidate_requests
    before = Sides(
        candidate_history=counted(source, candidate_requests * looks_before, usual),
        stable_history=counted(source, stable_requests * looks_before, stable_rate),
    )
    worse = sum(min(rate * times_worse, 1.0) for rate in mine) / len(mine)
    return Canary(worse, stable_rate, candidate_requests, stable_requests, before)


@cache
def _rates(base: float, alikeness: float) -> tuple[float, ...]:
    """Draw the rates that tenants are given, once: it takes longer than all that follows."""
    source = chance(1)
    return tuple(source.betavariate(base * alikeness, (1 - base) * alikeness) for _ in range(20 * TENANTS))


def is_rolled_back(sides: Sides) -> bool:
    """Tell what the two rules on errors say, without the intervals for people, which take most of the time."""
    return evidence_of_harm(labels_of((sides,))).log_evidence >= -math.log(ALPHA) or (
        sides.candidate.failures * _OBVIOUS >= sides.candidate.requests and judge_obvious(sides) is not None
    )


def share_rolled_back(canaries: Iterator[Canary], source: random.Random) -> float:
    """Watch each canary over all its looks; give the share of those that are rolled back at any of them."""
    ends = [any(is_rolled_back(sides) for sides in canary.looks(source)) for canary in canaries]
    return sum(ends) / len(ends)


def requests_to_rollback(
    source: random.Random, candidate_rate: float, *, base: float = 0.01, at_most: int, stable_per_request: int = 1
) -> float:
    """Look after each request to the candidate; give how many it took, or infinity."""
    failures = stable_failures = 0
    for n in range(1, at_most + 1):
        stable_failures += sum(source.random() < base for _ in range(stable_per_request))
        if source.random() >= candidate_rate:
            continue  # only a failure of the candidate adds to the evidence against it
        failures += 1
        stable = Outcomes(n * stable_per_request, stable_failures)
        if is_rolled_back(Sides(Outcomes(n, failures), stable, split_by=SplitBy.REQUEST)):
            return n
    return math.inf
