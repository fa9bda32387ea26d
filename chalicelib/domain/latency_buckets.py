"""Buckets of latency: a fixed logarithmic scale, so that counts of any two containers, days or releases add up."""

from __future__ import annotations

from bisect import bisect_left

#: Six buckets double the latency, so each is 12 % wider than the one before it.
BUCKETS_PER_DOUBLING = 6
_DOUBLINGS = 17

#: Upper edges in milliseconds, from 1 to 131,072; the last bucket, without an edge, holds what took longer. They
#: never change: stored counts have no other meaning than their place here.
UPPER_EDGES_MS: tuple[float, ...] = tuple(
    2.0 ** (place / BUCKETS_PER_DOUBLING) for place in range(_DOUBLINGS * BUCKETS_PER_DOUBLING + 1)
)
BUCKETS = len(UPPER_EDGES_MS) + 1


def bucket_of(duration_ms: float) -> int:
    """Name the bucket (0 to 103) of a call that took *duration_ms*; an upper edge belongs to its bucket."""
    return bisect_left(UPPER_EDGES_MS, duration_ms)


def lower_edge_ms(bucket: int) -> float:
    """Give what every latency in *bucket* is above; 0 for the first."""
    return UPPER_EDGES_MS[bucket - 1] if bucket else 0.0


def upper_edge_ms(bucket: int) -> float:
    """Give what no latency in *bucket* is above; infinite for the last."""
    return UPPER_EDGES_MS[bucket] if bucket < len(UPPER_EDGES_MS) else float("inf")
