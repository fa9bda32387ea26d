"""Warm-ups: how many containers a version needs from its first request on, by what was counted before it. Pure."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING, Final

from chalicelib.domain.latency_buckets import UPPER_EDGES_MS, upper_edge_ms
from chalicelib.domain.tallies import SLOT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chalicelib.domain.sides import Counted

#: Two requests may come at the same moment however seldom they come.
FEWEST_CONTAINERS: Final = 2
#: Beyond these a version starts its containers as its requests come: one more is a small part of so many.
MOST_CONTAINERS: Final = 10
#: The busiest of so many pieces of time is what a version must be ready for: an hour.
SLOTS_SEEN: Final = 12


def containers_for(counted: Iterable[Counted]) -> int:
    """
    Say how many containers are to be started: as many as requests were under way at once when most was asked.

    On average as many are as requests come in a second, times the seconds that one takes (Little's law). They come at
    random, so it is seldom more than three standard deviations of a Poisson distribution above that.
    """
    busy_ms: dict[int, float] = {}
    for row in counted:
        busy_ms[row.slot] = busy_ms.get(row.slot, 0.0) + _total_ms(row)
    at_once = max(busy_ms.values(), default=0.0) / 1_000 / SLOT_SECONDS
    return min(MOST_CONTAINERS, max(FEWEST_CONTAINERS, ceil(at_once + 3 * sqrt(at_once))))


def _total_ms(row: Counted) -> float:
    """Give the time of all calls, each as long as its bucket allows; the last bucket allows any."""
    longest = UPPER_EDGES_MS[-1]
    return sum(count * min(upper_edge_ms(bucket), longest) for bucket, count in row.outcomes.latencies.counts)
