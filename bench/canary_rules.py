"""Rules that others decide canaries by, each asked after every look at the counts of both sides."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise

from chalicelib.domain.measurements import Outcomes, Sides
from tests.canaries import is_rolled_back

Rule = Callable[[Iterable[Sides]], int | None]

_Z_TWO_SIDED = 1.959964
#: 98 %, Kayenta's default.
_Z_KAYENTA = 2.326348
#: Below this many points Kayenta's judge has nothing to rank.
_FEWEST_POINTS = 5


def ours(looks: Iterable[Sides]) -> int | None:
    """Give the look at which the labels prove harm, or anybody would see it."""
    return next((look for look, sides in enumerate(looks, 1) if is_rolled_back(sides)), None)


def fixed_limit(limit: float, failed_looks: int = 1) -> Rule:
    """Roll back once so many looks in all found more than *limit* of the requests since the last look failed."""

    def rule(looks: Iterable[Sides]) -> int | None:
        failed = 0
        for look, (candidate, _) in enumerate(_windows(looks), 1):
            failed += (candidate.failure_rate or 0.0) > limit
            if failed >= failed_looks:
                return look
        return None

    return rule


def repeated_z(looks: Iterable[Sides]) -> int | None:
    """Test two proportions at 5 %, both ways, at each look, and roll back when the candidate is the worse."""
    for look, sides in enumerate(looks, 1):
        mine, theirs = sides.candidate, sides.stable
        pooled = (mine.failures + theirs.failures) / (mine.requests + theirs.requests)
        error = math.sqrt(pooled * (1 - pooled) * (1 / mine.requests + 1 / theirs.requests))
        if error and (mine.failures / mine.requests - theirs.failures / theirs.requests) / error > _Z_TWO_SIDED:
            return look
    return None


def mann_whitney(looks: Iterable[Sides]) -> int | None:
    """Rank the error rates of the looks until now, as Kayenta does with its points, at 98 %."""
    mine: list[float] = []
    theirs: list[float] = []
    for look, (candidate, stable) in enumerate(_windows(looks), 1):
        mine.append(candidate.failure_rate or 0.0)
        theirs.append(stable.failure_rate or 0.0)
        if look >= _FEWEST_POINTS and _rank_z(mine, theirs) > _Z_KAYENTA:
            return look
    return None


def _rank_z(mine: Sequence[float], theirs: Sequence[float]) -> float:
    """Give the normal approximation of Mann and Whitney's U, corrected for ties and for continuity."""
    ordered = sorted(theirs)
    wins = sum((bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 for value in mine)
    n, m = len(mine), len(theirs)
    everything = sorted((*mine, *theirs))
    ties = sum(
        (count := bisect_right(everything, value) - bisect_left(everything, value)) ** 3 - count
        for value in {*everything}
    )
    total = n + m
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    return (wins - n * m / 2 - 0.5) / math.sqrt(variance) if variance > 0 else 0.0


def _windows(looks: Iterable[Sides]) -> Iterator[tuple[Outcomes, Outcomes]]:
    """Give what came since the look before; lazily, for a rule that has decided looks no further."""
    for before, now in pairwise(chain((Sides(),), looks)):
        yield _less(now.candidate, before.candidate), _less(now.stable, before.stable)


def _less(now: Outcomes, before: Outcomes) -> Outcomes:
    return Outcomes(now.requests - before.requests, now.failures - before.failures)
