"""Late regressions: whether what serves an environment fails more than it did before, judged while it serves on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chalicelib.domain.error_rules import LIMIT_ALPHA
from chalicelib.domain.evidence import evidence, log_evidence, lower_bound, rate_interval
from chalicelib.domain.measurements import Outcomes, total
from chalicelib.domain.verdicts import Verdict, outcome_of

#: Only so many times as often as before is a regression: times change too.
_TIMES_BEFORE = 2.0
#: And only above this: nobody goes back for one failure in a thousand.
_LEAST_RATE = 0.01


def judge_late_regression(
    slots: Sequence[Outcomes], before: Outcomes, *, of_slots: int, window: str = ""
) -> Verdict | None:
    """
    Judge what was counted in each of *slots*, oldest first, of the *of_slots* that are watched; None without anything.

    It may turn bad at any of them, when a long good past would hide it: so the wager is spread over all of them evenly,
    and what is not laid yet counts as 1. Wrong in at most one of a hundred watches, however often one looks.
    """
    now = total(slots)
    if not (now.requests and before.requests):
        return None
    usual = 1.0 - lower_bound(before.requests - before.failures, before.failures, LIMIT_ALPHA)
    limit = min(max(_TIMES_BEFORE * usual, _LEAST_RATE), 1.0)
    spread = max(of_slots, len(slots))
    laid, since = float(spread - len(slots)), Outcomes()
    worst, behind = now, 0.0
    for slot in reversed(slots):
        since += Outcomes(slot.requests, slot.failures)
        found = evidence(log_evidence(since.failures, since.requests - since.failures, limit))
        laid += found
        if found > behind:
            worst, behind = since, found
    against = evidence(math.log(laid / spread))
    low, high = rate_interval(worst.failures, worst.requests, 2 * LIMIT_ALPHA)
    return Verdict(
        outcome_of(against, LIMIT_ALPHA),
        f"errors {worst.failures / worst.requests if worst.requests else 0:.2%} of {worst.requests:,} of late against "
        f"{before.failures / before.requests:.2%} of {before.requests:,} before; more than {limit:.2%} is a regression",
        rule="late regression",
        query="error rate of the stable version",
        window=window,
        unit="share",
        n=worst.requests,
        value=worst.failure_rate,
        low=low,
        high=high,
        threshold=limit,
        evidence=against,
    )
