"""Late regressions: whether what serves an environment fails more than it did before, judged while it serves on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chalicelib.domain.error_rules import limit_by, percent, verdict_on_rate
from chalicelib.domain.evidence import evidence, log_evidence
from chalicelib.domain.measurements import Outcomes, total
from chalicelib.domain.verdicts import Verdict

#: Only above this it is a regression: nobody goes back for one failure in a thousand.
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
    limit = limit_by(before, least=_LEAST_RATE)
    spread = max(of_slots, len(slots))
    laid, since = float(spread - len(slots)), Outcomes()
    worst, behind = now, 0.0
    for slot in reversed(slots):
        since += Outcomes(slot.requests, slot.failures)
        found = evidence(log_evidence(since.failures, since.requests - since.failures, limit))
        laid += found
        if found > behind:
            worst, behind = since, found
    return verdict_on_rate(
        worst,
        limit,
        evidence(math.log(laid / spread)),
        reason=f"errors {percent(worst)} of {worst.requests:,} of late against {percent(before)} of "
        f"{before.requests:,} before; more than {limit:.2%} is a regression",
        rule="late regression",
        query="error rate of the stable version",
        window=window,
    )
