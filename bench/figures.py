"""Figures from samples: percentiles, and a ratio of medians with the interval that its samples support."""

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_RESAMPLES = 2_000


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which *share* (0 to 1) of *values* lie, interpolated between neighbours."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the bounds that hold it in 95 % of resamples."""

    value: float
    low: float
    high: float


def ratio_of_medians(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """Compare two samples by their medians; the bounds are those of a bootstrap, the same for the same samples."""
    source = random.Random(2)  # noqa: S311 - drawn for statistics, repeatable on purpose
    ratios = [
        statistics.median(source.choices(ours, k=len(ours))) / statistics.median(source.choices(theirs, k=len(theirs)))
        for _ in range(_RESAMPLES)
    ]
    value = statistics.median(ours) / statistics.median(theirs)
    return Interval(value, percentile(ratios, 0.025), percentile(ratios, 0.975))
