"""Rules on latency: the candidate's p99 against that of concurrent stable, and against its limit."""

from __future__ import annotations

import math

from chalicelib.domain.error_rules import LIMIT_ALPHA
from chalicelib.domain.evidence import evidence, log_evidence, quantile_interval
from chalicelib.domain.health_criteria import HealthCriteria
from chalicelib.domain.measurements import Histogram, Sides
from chalicelib.domain.verdicts import Outcome, Verdict, outcome_of

_P99 = 0.99
#: Fewer calls fail nothing here, however slow: a new version's first calls start its containers, several at a time, so
#: they are slow together and prove less than as many calls apart. It is the sample that a pass needs by default.
LEAST_CALLS = 50


def judge_latency_limit(current: Sides, criteria: HealthCriteria, window: str = "") -> Verdict | None:
    """
    Ask whether more than 1 % of the candidate's calls take longer than the limit; if stable's do too, that excuses it.

    None without requests; requests without latencies are inconclusive.
    """
    candidate, limit_ms = current.candidate.latencies, float(criteria.max_latency_p99_ms)
    if not current.candidate.requests:
        return None
    against = _evidence_of_slowness(candidate, limit_ms)
    low, high = quantile_interval(candidate, _P99, 2 * LIMIT_ALPHA)
    value, stable_ms = candidate.quantile_ms(_P99), current.stable.latencies.quantile_ms(_P99)
    outcome = _with_enough_calls(outcome_of(against, LIMIT_ALPHA) if candidate.n else Outcome.INCONCLUSIVE, candidate)
    is_excused = candidate.n > 0 and outcome != Outcome.PASS and _may_be_as_slow(current, limit_ms)
    excuse = f"; stable may break it too ({_ms(stable_ms)}), so the comparison decides" if is_excused else ""
    return Verdict(
        Outcome.PASS if is_excused else outcome,
        f"p99 {_ms(value)} of {candidate.n:,} calls, limit {limit_ms:,.0f} ms{excuse}",
        rule="p99 limit",
        query="p99 of the candidate",
        window=window,
        unit="ms",
        n=candidate.n,
        value=value,
        low=low,
        high=high,
        threshold=limit_ms,
        evidence=against,
        fix_forward=is_excused,
    )


def judge_latency_ratio(current: Sides, criteria: HealthCriteria, window: str = "") -> Verdict | None:
    """
    Ask whether the candidate's p99 is more than so many times that of stable at the same time.

    Proof is that the lower bound of the one is above so many times the upper bound of the other; while stable has no
    upper bound (some 700 calls) nothing is proven. None where one of them served nothing.
    """
    ratio, candidate, stable = criteria.latency_ratio, current.candidate.latencies, current.stable.latencies
    mine_ms, theirs_ms = candidate.quantile_ms(_P99), stable.quantile_ms(_P99)
    if mine_ms is None or theirs_ms is None:
        return None
    mine, theirs = quantile_interval(candidate, _P99, LIMIT_ALPHA), quantile_interval(stable, _P99, LIMIT_ALPHA)
    low = mine[0] / theirs[1] if theirs[1] else 0.0
    if low > ratio:
        outcome = _with_enough_calls(Outcome.FAIL, candidate)
    else:
        is_suspect = _evidence_of_slowness(candidate, ratio * theirs_ms) >= 1 / LIMIT_ALPHA
        outcome = Outcome.INCONCLUSIVE if is_suspect else Outcome.PASS
    return Verdict(
        outcome,
        f"p99 {_ms(mine_ms)} against {_ms(theirs_ms)} of stable at the same time, at most {ratio:g} times",
        rule="p99 against concurrent stable",
        query="p99 of the candidate over that of stable",
        window=window,
        unit="times",
        n=candidate.n,
        value=mine_ms / theirs_ms,
        low=low,
        high=mine[1] / theirs[0] if mine[1] and theirs[0] else None,
        threshold=ratio,
    )


def _with_enough_calls(outcome: Outcome, latencies: Histogram) -> Outcome:
    """Take a fail back while there are too few calls for one; nothing else changes."""
    return Outcome.INCONCLUSIVE if outcome is Outcome.FAIL and latencies.n < LEAST_CALLS else outcome


def _may_be_as_slow(current: Sides, limit_ms: float) -> bool:
    """Tell whether stable, given one slow call more, breaks the limit too, and slow calls are not the candidate's."""
    mine, theirs = current.candidate.latencies, current.stable.latencies
    slow, slow_of_stable = mine.surely_above(limit_ms), theirs.surely_above(limit_ms)
    if not theirs.n or (slow_of_stable + 1) / (theirs.n + 1) <= 1 - _P99:
        return False
    return log_evidence(slow, slow_of_stable, mine.n / (mine.n + theirs.n)) < -math.log(LIMIT_ALPHA)


def _evidence_of_slowness(latencies: Histogram, limit_ms: float) -> float:
    """Say by E how strongly *latencies* speak for more than 1 % of calls above *limit_ms*."""
    slow = latencies.surely_above(limit_ms)
    return evidence(log_evidence(slow, latencies.n - slow, 1 - _P99))


def _ms(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.0f} ms"
