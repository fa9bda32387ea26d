"""Rules on failures: the obvious, the candidate against stable at the same time or before, and the limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.evidence import evidence, log_evidence, lower_bound, rate_interval
from chalicelib.domain.health_criteria import HealthCriteria
from chalicelib.domain.measurements import Outcomes, Sides, total
from chalicelib.domain.relative_risk import evidence_of_harm, labels_of, risk, risk_interval, wager_on
from chalicelib.domain.verdicts import Outcome, Verdict, outcome_of

#: How often the comparison with stable may be wrong over a whole deployment, however often it is looked at.
ALPHA = 0.05
#: The same for each other rule, so that all of them together stay near it.
LIMIT_ALPHA = 0.01

#: What needs no statistics: so many failures, such a share of the requests,
_OBVIOUS_FAILURES = 5
_OBVIOUS_RATE = 0.25
#: and so many times what is usual, once there were enough requests to say what that is.
_OBVIOUS_TIMES = 5.0
_ENOUGH_TO_COMPARE = 9
#: Where stable serves nobody any more, only this much more than before counts: times change too.
_TIMES_BEFORE = 2.0


def judge_obvious(current: Sides, window: str = "") -> Verdict | None:
    """
    Fail what anybody would: at least 5 failures and 25 % of the requests, and five times what is usual. Else None.

    Usual is the rate of stable at the same time, with one failure more than it had, so that luck is no proof; from
    before where stable serves too few. Where nothing at all is known, 25 % is bad enough.
    """
    candidate = current.candidate
    rate = candidate.failure_rate or 0.0
    if candidate.failures < _OBVIOUS_FAILURES or rate < _OBVIOUS_RATE:
        return None
    known = current.stable
    if known.requests < _ENOUGH_TO_COMPARE:
        known = total((known, current.candidate_history, current.stable_history))
    usual = (known.failures + 1) / (known.requests + 1)
    if known.requests and rate < _OBVIOUS_TIMES * usual:
        return None
    low, high = rate_interval(candidate.failures, candidate.requests, ALPHA)
    return Verdict(
        Outcome.FAIL,
        f"{candidate.failures:,} of {candidate.requests:,} requests failed ({rate:.0%})",
        rule="obvious",
        query="error rate of the candidate",
        window=window,
        unit="share",
        n=candidate.requests,
        value=rate,
        low=low,
        high=high,
        threshold=_OBVIOUS_RATE,
    )


def judge_errors(phases: Sequence[Sides], window: str = "") -> Verdict | None:
    """
    Ask whether the candidate fails more than stable at the same time; all *phases* that both served in are evidence.

    None where neither did: there is nothing to compare.
    """
    labels = labels_of(phases)
    if not labels:
        return None
    harm = evidence_of_harm(labels)
    against = evidence(harm.log_evidence)
    outcome = outcome_of(against, ALPHA)
    since = harm.since if outcome == Outcome.FAIL else 0
    both = [sides for sides in phases if sides.candidate.requests and sides.stable.requests][since:]
    candidate, stable = total(sides.candidate for sides in both), total(sides.stable for sides in both)
    low, high = risk_interval(labels[since:], ALPHA * wager_on(since))
    return Verdict(
        outcome,
        f"errors {percent(candidate)} of {candidate.requests:,} against {percent(stable)} of {stable.requests:,} on "
        f"stable at the same time; evidence of harm {against:.3g}, proof is {1 / ALPHA:g}",
        rule="candidate against concurrent stable",
        query="failures of the candidate over those that its traffic and tenants explain",
        window=window,
        unit="times",
        n=candidate.requests,
        value=risk(labels[since:]),
        low=low,
        high=high,
        threshold=1.0,
        evidence=against,
    )


def judge_errors_before(phases: Sequence[Sides], window: str = "") -> Verdict | None:
    """
    Ask, where stable serves too few to compare with, whether the candidate fails more than twice as often as it did.

    Before is earlier in the deployment, and before it. None while stable serves, and where nothing is known.
    """
    current = phases[-1] if phases else Sides()
    if current.stable.requests >= _ENOUGH_TO_COMPARE:
        return None
    history = (current.candidate_history, current.stable_history)
    return judge_regression(current.candidate, total((*history, *(sides.stable for sides in phases))), window)


def judge_regression(now: Outcomes, before: Outcomes, window: str = "") -> Verdict | None:
    """Ask whether a version fails more than twice as often as was usual *before*; None where nothing is known."""
    if not (now.requests and before.requests):
        return None
    limit = limit_by(before)
    return verdict_on_rate(
        now,
        limit,
        evidence(log_evidence(now.failures, now.requests - now.failures, limit)),
        reason=f"errors {percent(now)} of {now.requests:,} against {percent(before)} of {before.requests:,} before; "
        f"more than {limit:.2%} would be twice what was usual",
        rule="errors against before",
        query="error rate",
        window=window,
    )


def limit_by(before: Outcomes, *, least: float = 0.0) -> float:
    """Say which rate is twice the largest that may have been usual *before*: *least* at least, and no more than all."""
    usual = 1.0 - lower_bound(before.requests - before.failures, before.failures, LIMIT_ALPHA)
    return min(max(_TIMES_BEFORE * usual, least), 1.0)


def verdict_on_rate(
    seen: Outcomes, limit: float, against: float, *, reason: str, rule: str, query: str, window: str
) -> Verdict:
    """Give the verdict that the evidence *against* it makes of a rate of failures, beside the *limit* of it."""
    low, high = rate_interval(seen.failures, seen.requests, 2 * LIMIT_ALPHA)
    return Verdict(
        outcome_of(against, LIMIT_ALPHA),
        reason,
        rule=rule,
        query=query,
        window=window,
        unit="share",
        n=seen.requests,
        value=seen.failure_rate,
        low=low,
        high=high,
        threshold=limit,
        evidence=against,
    )


def judge_error_limit(current: Sides, criteria: HealthCriteria, window: str = "") -> Verdict | None:
    """
    Ask whether the candidate fails more than its limit allows: only a bound of the interval proves it.

    Where stable breaks the limit itself the candidate may be its fix, and is judged only by whether it is worse. None
    without requests.
    """
    candidate, limit = current.candidate, criteria.error_limit
    if not candidate.requests:
        return None
    against = evidence(log_evidence(candidate.failures, candidate.requests - candidate.failures, limit))
    is_excused = outcome_of(against, LIMIT_ALPHA) != Outcome.PASS and _may_be_broken(current.stable, limit)
    excuse = f"; stable may break it too ({percent(current.stable)}), so the comparison decides" if is_excused else ""
    verdict = verdict_on_rate(
        candidate,
        limit,
        against,
        reason=f"errors {percent(candidate)} of {candidate.requests:,}, limit {limit:.2%}{excuse}",
        rule="error limit",
        query="error rate of the candidate",
        window=window,
    )
    return replace(verdict, outcome=Outcome.PASS, fix_forward=True) if is_excused else verdict


def _may_be_broken(stable: Outcomes, limit: float) -> bool:
    """Tell whether stable breaks *limit* too, giving it one failure more than it had."""
    return stable.requests > 0 and (stable.failures + 1) / (stable.requests + 1) > limit


def percent(outcomes: Outcomes) -> str:
    """Tell a rate of failures to people."""
    return f"{outcomes.failures / outcomes.requests:.2%}" if outcomes.requests else "unknown"
