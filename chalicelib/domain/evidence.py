"""
Evidence that may be looked at after every request: e-processes, and the intervals that they are turned into.

One number does it all: how much better the hits are explained by a share above the expected one than by the
expected one itself. While nothing is wrong it passes 1/alpha with a probability of at most alpha, however often
one looks (Ville's inequality), so there is nothing to correct for peeking.

The mixture is uniform over the shares above the expected one, a truncated Beta(1, 1): Robbins, "Statistical methods
related to the law of the iterated logarithm", Ann. Math. Stat. 41 (1970).
"""

from __future__ import annotations

import math

from chalicelib.domain.incomplete_beta import log_beta, log_upper_incomplete_beta
from chalicelib.domain.latency_buckets import lower_edge_ms, upper_edge_ms
from chalicelib.domain.measurements import Histogram

#: A bisection of 0 to 1 this often leaves less than a millionth.
_HALVINGS = 24
_MOST = math.log(1e9)


def log_evidence(hits: int, misses: int, share: float) -> float:
    """
    Say by the logarithm of E how strongly *hits* among *hits* + *misses* speak for more than the *share* of hits.

    0 (E = 1) says nothing; ln 20 is proof at alpha 0.05. A share of 1 can't be exceeded, and one of 0
    is exceeded by the first hit.
    """
    if share >= 1.0 or hits + misses == 0:
        return 0.0
    if share <= 0.0:
        return math.inf if hits else -math.log1p(misses)
    return (
        log_beta(hits + 1, misses + 1)
        + log_upper_incomplete_beta(hits + 1, misses + 1, share)
        - math.log1p(-share)
        - hits * math.log(share)
        - misses * math.log1p(-share)
    )


def evidence(log_e: float) -> float:
    """Give E itself, at most a billion: beyond it nobody asks, and a table can't hold what a float can."""
    return math.exp(min(log_e, _MOST))


def lower_bound(hits: int, misses: int, alpha: float) -> float:
    """Give the largest share that *hits* prove to be exceeded; 0 if none. Wrong, ever, with probability *alpha*."""
    needed = -math.log(alpha)
    low, high = 0.0, 1.0
    if not hits:
        return 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if log_evidence(hits, misses, middle) >= needed else (low, middle)
    return low


def rate_interval(hits: int, n: int, alpha: float) -> tuple[float, float]:
    """Bound the true share of hits from *hits* of *n*, at every look at once, with confidence 1 - *alpha*."""
    return lower_bound(hits, n - hits, alpha / 2), 1.0 - lower_bound(n - hits, hits, alpha / 2)


def quantile_interval(latencies: Histogram, share: float, alpha: float) -> tuple[float, float | None]:
    """
    Bound the latency (ms) that *share* of all calls do not exceed, at every look at once, with confidence 1 - *alpha*.

    It is counted in whole buckets, so both bounds lie on their edges. The upper one is None while there are too few
    calls to say: for a p99 that takes some 700.
    """
    needed, n = -math.log(alpha / 2), latencies.n
    low, above = 0.0, 0
    for bucket, count in reversed(latencies.counts):
        above += count
        if log_evidence(above, n - above, 1 - share) >= needed:
            low = lower_edge_ms(bucket)
            break
    within = 0
    for bucket, count in latencies.counts:
        within += count
        if log_evidence(within, n - within, share) >= needed:
            high = upper_edge_ms(bucket)
            return low, high if high < math.inf else None
    return low, None
