"""
Relative risk: whether the candidate's failures are more than its share, judged by who they fell to, not by how many.

Each failure since the deployment began carries one of two labels, candidate or stable. While the candidate is no
worse, each is the candidate's with the probability that its tenants and its traffic explain; an outage that
hits both sides changes the number of failures and not their labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chalicelib.domain.evidence import log_evidence, lower_bound
from chalicelib.domain.measurements import Sides
from chalicelib.domain.routes import SplitBy

#: How many failures of history weigh as much as the assumption that all tenants fail alike. Among 50 tenants of very
#: unequal rates, the share of failures is off by two thirds of itself: as much as this leaves open without history.
_FAILURES_ASSUMED = 20.0
#: The expected share is taken this many standard deviations above its estimate: unknown tenants are no evidence.
_CAUTION = 1.0
#: Shares at which several phases are weighed together; any choice is valid, this many is precise.
_NODES = 96
_HALVINGS = 20
#: The part of the wager that is kept for candidates that turn bad later.
_LATER = 0.02
#: Beyond this relative risk nobody asks how much.
_HIGHEST_RISK = 1e6


class Harm(NamedTuple):
    """Evidence (ln E) that the candidate is worse, and the phase (0-based) from which on most of it comes."""

    log_evidence: float
    since: int


class Labels(NamedTuple):
    """Failures of one phase, and the share of them that the candidate would have if nothing were wrong."""

    candidate: int
    stable: int
    expected_share: float


def expected_share(sides: Sides) -> float:
    """
    Give the share of failures that falls to the candidate's side if its version is no worse.

    Single requests are split at random, so it is the share of requests. Tenants stay on their side, and some fail more
    than others: their share is that of requests, times what they failed more than the others before the
    deployment, shrunk towards alike and raised by what is uncertain about it.
    """
    candidate, stable = sides.candidate.requests, sides.stable.requests
    if not candidate or not stable:
        return 1.0 if candidate else 0.0
    if sides.split_by is SplitBy.REQUEST:
        return candidate / (candidate + stable)
    before = _traffic_before(sides)
    failed = sides.candidate_history.failures + sides.stable_history.failures
    weight = failed + _FAILURES_ASSUMED
    mean = (sides.candidate_history.failures + _FAILURES_ASSUMED * before) / weight
    cautious = mean + _CAUTION * math.sqrt(mean * (1 - mean) / (weight + 1))
    inclination = _odds(min(cautious, 1 - 1e-9)) / _odds(before)
    return _share(inclination * candidate / stable)


def labels_of(phases: Iterable[Sides]) -> tuple[Labels, ...]:
    """Label the failures of each phase that both versions served in; elsewhere nothing can be compared."""
    return tuple(
        Labels(sides.candidate.failures, sides.stable.failures, expected_share(sides))
        for sides in phases
        if sides.candidate.requests and sides.stable.requests
    )


def evidence_of_harm(phases: Sequence[Labels]) -> Harm:
    """
    Say how strongly the labels speak against the candidate, from the beginning or from a later phase on.

    A version may turn bad late, when a long good past would hide it. So most of the wager is laid at the beginning,
    the rest at later phases; what is not laid yet counts as 1. One phase has a closed form. Several share one unknown
    relative risk, weighed at fixed nodes of the same prior: a mixture of finitely many is as valid.
    """
    if not phases:
        return Harm(0.0, 0)
    logs = [log_evidence(*phases[0])] if len(phases) == 1 else _logs_by_start(phases)
    laid = [math.log(wager_on(start)) + log_e for start, log_e in enumerate(logs)]
    return Harm(_log_sum([*laid, math.log(_LATER / len(phases))]), laid.index(max(laid)))


def wager_on(start: int) -> float:
    """Give the part of the wager that is laid when phase *start* (0-based) begins; all of them sum up to 1."""
    return _LATER / (start * (start + 1)) if start else 1 - _LATER


def risk_interval(phases: Sequence[Labels], alpha: float) -> tuple[float, float | None]:
    """
    Bound how many times as often the candidate fails as it should, at every look at once; None is no bound.

    Each bound is wrong with probability *alpha*: the lower one passes 1 when E of the same phases passes 1 / *alpha*.
    """
    high = _lowest_risk(tuple(Labels(stable, mine, 1 - share) for mine, stable, share in phases), alpha)
    return _lowest_risk(phases, alpha), 1 / high if high else None


def risk(phases: Sequence[Labels]) -> float | None:
    """Give the most likely relative risk (odds), None without failures: it explains as many as the candidate had."""
    mine, theirs = sum(labels.candidate for labels in phases), sum(labels.stable for labels in phases)
    if not mine or not theirs:
        return 0.0 if theirs else None
    low, high = -math.log(_HIGHEST_RISK), math.log(_HIGHEST_RISK)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        explained = sum((c + s) * _share(math.exp(middle) * _odds(share)) for c, s, share in phases)
        low, high = (low, middle) if explained > mine else (middle, high)
    return math.exp((low + high) / 2)


def _logs_by_start(phases: Sequence[Labels]) -> list[float]:
    """Give ln E of the labels from each phase on; E is 1 before it."""
    nodes = _prior(phases[0].expected_share)
    behind = [math.log(weight) for weight, _ in nodes]
    logs = []
    for mine, stable, share in reversed(phases):
        behind = [
            log + mine * math.log(odds_ratio) - (mine + stable) * math.log1p(share * (odds_ratio - 1))
            for log, (_, odds_ratio) in zip(behind, nodes, strict=True)
        ]
        logs.append(_log_sum(behind))
    return logs[::-1]


def _log_sum(logs: Sequence[float]) -> float:
    highest = max(logs)
    return highest + math.log(math.fsum(math.exp(log - highest) for log in logs))


def _traffic_before(sides: Sides) -> float:
    """Share of the requests before the deployment; that of now, where nothing was counted before."""
    mine, others = sides.candidate_history.requests, sides.stable_history.requests
    if not mine or not others:
        mine, others = sides.candidate.requests, sides.stable.requests
    return mine / (mine + others)


def _lowest_risk(phases: Sequence[Labels], alpha: float) -> float:
    """Find the largest relative risk (odds) that the labels prove to be exceeded; 0 if none."""
    if not any(labels.candidate for labels in phases):
        return 0.0
    if len(phases) == 1:
        mine, stable, share = phases[0]
        return _odds(lower_bound(mine, stable, alpha)) / _odds(share)
    low, high = -math.log(_HIGHEST_RISK), math.log(_HIGHEST_RISK)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        shifted = [Labels(mine, stable, _share(math.exp(middle) * _odds(share))) for mine, stable, share in phases]
        low, high = (middle, high) if _logs_by_start(shifted)[0] >= -math.log(alpha) else (low, middle)
    return math.exp(low)


def _prior(reference: float) -> list[tuple[float, float]]:
    """Spread weights over relative risks: uniform over the candidate's share above *reference*, dense just above it."""
    places = [(node + 0.5) / _NODES for node in range(_NODES)]
    nodes = [(2 * place / _NODES, reference + (1 - reference) * place * place) for place in places]
    return [(weight, _odds(share) / _odds(reference)) for weight, share in nodes]


def _odds(share: float) -> float:
    return share / (1 - share)


def _share(odds: float) -> float:
    return odds / (1 + odds)
