"""Judgements: from all that was measured of a candidate to one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.error_rules import judge_error_limit, judge_errors, judge_errors_before, judge_obvious
from chalicelib.domain.health_criteria import HealthCriteria, action_of
from chalicelib.domain.latency_rules import judge_latency_limit, judge_latency_ratio
from chalicelib.domain.measurements import Sides, current_step
from chalicelib.domain.verdicts import Action, Outcome, Verdict, combine

_STOPS = (Action.ROLLBACK, Action.HOLD)
_URGENCY = {Action.ROLLBACK: 0, Action.HOLD: 1, Action.WARN: 2, None: 3}


def judge(
    criteria: HealthCriteria,
    phases: Sequence[Sides],
    *,
    checks: Sequence[str] = (),
    stable_checks: Sequence[str] = (),
    others: Sequence[Verdict] = (),
    window: str = "",
    needs_requests: bool = True,
) -> Verdict:
    """
    Judge a candidate by all that was measured since its deployment began; pure, and it takes milliseconds.

    *phases* are the sides between two changes of the split, or shorter, oldest first: all of them are evidence, and
    those of the last one's step must have enough requests for a pass. *checks* are outcomes (``pass``, ``fail``,
    ``error``) of the candidate's synthetic health checks, oldest first, *stable_checks* those of stable over the same
    time. *others* are verdicts of further providers. Without *needs_requests* (no tenant is there to make one, or no
    time was given for one) the checks are enough for a pass. The caller keeps a fail of before (`verdicts.latch`).
    """
    current = current_step(phases)
    signals = (
        judge_obvious(current, window),
        judge_errors(phases, window),
        judge_errors_before(phases, window),
        judge_error_limit(current, criteria, window),
        judge_latency_ratio(current, criteria, window),
        judge_latency_limit(current, criteria, window),
        judge_requests(current, criteria, window) if needs_requests else None,
        *(() if not checks else (judge_checks(checks, stable_checks, criteria, window),)),
        *others,
    )
    return combine(tuple(signal for signal in signals if signal is not None))


def with_metrics(verdict: Verdict, metrics: Sequence[Verdict], criteria: HealthCriteria) -> Verdict:
    """
    Let one of *metrics* decide where it asks for more than all the others do; one that only warns is told, no more.

    A roll-back comes before a hold, and then a fail before an error before what is inconclusive.
    """
    deciding = [verdict, *(one for one in metrics if action_of(one, criteria) in _STOPS)]
    first = min(
        deciding, key=lambda one: (_URGENCY[action_of(one, criteria)], list(Outcome).index(Outcome(one.outcome)))
    )
    parts = (*verdict.signals, *metrics) if metrics else verdict.signals
    return replace(first, signals=parts, fix_forward=verdict.fix_forward)


def judge_requests(current: Sides, criteria: HealthCriteria, window: str = "") -> Verdict:
    """Ask for enough requests to the candidate: no data, or too little, is never a pass."""
    n, needed = current.candidate.requests, criteria.min_requests
    outcome = Outcome.PASS if n >= max(needed, 1) else Outcome.INCONCLUSIVE
    reason = f"{n:,} of {needed:,} requests that a pass needs" if n else "no request reached the candidate"
    return Verdict(
        outcome,
        reason,
        rule="minimum requests" if n else "no data",
        query="requests of the candidate",
        window=window,
        unit="requests",
        n=n,
        value=float(n),
        threshold=float(needed),
    )


def judge_checks(
    checks: Sequence[str], stable_checks: Sequence[str], criteria: HealthCriteria, window: str = ""
) -> Verdict:
    """
    Fail a candidate whose health check failed too often in a row.

    An error of the measurement neither ends a run nor lengthens it. Where stable fails as often in a row, the candidate
    is not to blame, and its own fix would never get in.
    """
    limit, run, stable_run = criteria.consecutive_failures, longest_run(checks), longest_run(stable_checks)
    fix_forward = stable_run >= limit
    if run >= limit:
        outcome = Outcome.INCONCLUSIVE if fix_forward else Outcome.FAIL
        reason = f"{run} health checks in a row failed"
        reason += ", and those of stable too" if fix_forward else f", {limit} are allowed to none"
    elif "pass" in checks:
        outcome, reason = Outcome.PASS, f"at most {run} health checks in a row failed"
    elif "fail" in checks:
        outcome, reason = Outcome.INCONCLUSIVE, f"no health check passed yet, {run} in a row failed"
    else:
        outcome, reason = Outcome.ERROR, "no health check could be made"
    return Verdict(
        outcome,
        reason,
        rule="consecutive health checks",
        query="failed health checks in a row",
        window=window,
        unit="checks",
        n=len(checks),
        value=float(run),
        threshold=float(limit),
        fix_forward=fix_forward,
    )


def longest_run(checks: Sequence[str]) -> int:
    """Count the longest row of failed *checks*; those that could not be made are passed over."""
    longest = run = 0
    for outcome in checks:
        if outcome == "fail":
            run += 1
        elif outcome == "pass":
            run = 0
        longest = max(longest, run)
    return longest
