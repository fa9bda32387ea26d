"""
Rules on metrics of CloudWatch: so many whole periods in a row that break a limit, alone or beside stable.

A period is one value, however many calls it sums up, so nothing is known of its error: a row of them is asked for, as
an alarm of CloudWatch would.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.domain.judgements import longest_run
from chalicelib.domain.verdicts import Outcome, Verdict

if TYPE_CHECKING:
    from chalicelib.domain.metric_signals import MetricSignal, Point

#: What more than none is, in times; no table holds infinity.
_MOST_TIMES = 1e9


def judge_metric(
    signal: MetricSignal, candidate: Sequence[Point], stable: Sequence[Point] = (), window: str = ""
) -> Verdict:
    """
    Judge the series of a candidate, where the signal asks for it beside that of *stable* in the same periods.

    Fewer periods than a fail would need are no pass either.
    """
    values = _ratios(candidate, stable) if signal.most_times is not None else [point.value for point in candidate]
    breaks = ["fail" if _breaks(signal, value) else "pass" for value in values]
    run, needed = longest_run(breaks), signal.datapoints
    if run >= needed:
        outcome, why = Outcome.FAIL, f"{run} periods in a row break the limit, {needed} are proof"
    elif not values:
        outcome, why = Outcome.INCONCLUSIVE, "it has no data yet"
    elif len(values) < needed:
        outcome, why = Outcome.INCONCLUSIVE, f"{len(values)} of {needed} periods that a pass needs"
    elif breaks[-1] == "fail":
        outcome, why = Outcome.INCONCLUSIVE, f"the last period breaks the limit, {needed} in a row are proof"
    else:
        outcome, why = Outcome.PASS, f"at most {run} periods in a row break the limit"
    return Verdict(
        outcome,
        f"{signal.name}: {why}",
        rule="cloudwatch against concurrent stable" if signal.most_times is not None else "cloudwatch limit",
        query=signal.query,
        window=window,
        unit="times" if signal.most_times is not None else "",
        n=len(values),
        value=values[-1] if values else None,
        low=min(values, default=None),
        high=max(values, default=None),
        threshold=_limit(signal),
        action=signal.action_for(outcome) or "",
    )


def _ratios(candidate: Sequence[Point], stable: Sequence[Point]) -> list[float]:
    """Divide period by period; where stable has none or nothing, anything at all is as much as can be."""
    theirs = {point.at: point.value for point in stable}
    pairs = [(point.value, theirs[point.at]) for point in candidate if point.at in theirs]
    return [min(mine / other, _MOST_TIMES) if other else (_MOST_TIMES if mine else 1.0) for mine, other in pairs]


def _breaks(signal: MetricSignal, value: float) -> bool:
    limit = _limit(signal)
    return value < limit if signal.least is not None else value > limit


def _limit(signal: MetricSignal) -> float:
    limits = (signal.most, signal.least, signal.most_times)
    return next(limit for limit in limits if limit is not None)
