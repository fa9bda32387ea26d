"""Verdicts: which of several decides, what stays decided, and that nothing is lost on the way through JSON."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from chalicelib.domain.health_criteria import HealthCriteria, action_of
from chalicelib.domain.verdicts import Action, Outcome, Verdict, combine, cut_short, latch, not_measured, outcome_of

PASS, FAIL = Verdict("pass", "well"), Verdict("fail", "broken", rule="limit", value=0.1, n=70)
INCONCLUSIVE, ERROR = Verdict("inconclusive", "too few"), not_measured("cpu", "access denied", window="PT1M")


@pytest.mark.parametrize(
    "signals, outcome",
    [
        ((PASS, PASS), "pass"),
        ((PASS, INCONCLUSIVE), "inconclusive"),
        ((PASS, INCONCLUSIVE, ERROR), "error"),
        ((PASS, INCONCLUSIVE, ERROR, FAIL), "fail"),
        ((), "inconclusive"),
    ],
)
def test_the_gravest_signal_decides_in_any_order(signals: tuple[Verdict, ...], outcome: str) -> None:
    assert {combine(order).outcome for order in permutations(signals)} == {outcome}


def test_all_reasons_of_what_decides_are_told_and_no_others() -> None:
    other = Verdict("fail", "slow")

    combined = combine((PASS, FAIL, INCONCLUSIVE, other, FAIL))

    assert combined.reason == "broken; slow"
    assert (combined.rule, combined.value, combined.n) == ("limit", 0.1, 70)
    assert combined.signals == (PASS, FAIL, INCONCLUSIVE, other, FAIL)


def test_r05_a_metric_that_failed_later_is_not_forgiven() -> None:
    """R5 (argo-rollouts#1411): an analysis failed, later "succeeded", and the rollout completed."""
    kept = latch(FAIL, PASS)

    assert (kept.outcome, kept.reason, kept.is_latched) == ("fail", "broken", True)
    assert latch(PASS, FAIL) == FAIL
    assert latch(None, PASS) == latch(INCONCLUSIVE, PASS) == PASS


def test_r06_a_measurement_cut_short_is_never_a_pass() -> None:
    """R6 (argo-rollouts#2158): one metric failed, others cut short were stored as successful."""
    assert cut_short(PASS).outcome == Outcome.INCONCLUSIVE
    assert cut_short(FAIL) == FAIL
    assert cut_short(ERROR) == ERROR


def test_r07_a_measurement_that_failed_is_no_failed_version() -> None:
    """R7 (argo-rollouts#4602): an image-pull error counted as pass."""
    assert ERROR.outcome == Outcome.ERROR
    assert ERROR.reason == "cpu could not be measured: access denied"


@pytest.mark.parametrize(
    "evidence, outcome", [(0.1, "pass"), (2.9, "pass"), (3, "inconclusive"), (19.9, "inconclusive"), (20, "fail")]
)
def test_suspicion_is_neither_proof_nor_a_pass(evidence: float, outcome: str) -> None:
    assert outcome_of(evidence, 0.05) == outcome


def test_a_verdict_survives_json_with_zeros_and_signals() -> None:
    verdict = combine(
        (Verdict("pass", "no errors", "limit", "errors", "PT1M", "share", 50, 0.0, 0.0, 0.02, 0.05), FAIL)
    )

    document = json.loads(json.dumps(verdict.to_document()))

    assert Verdict.from_document(document) == verdict
    assert Verdict.from_document({**document, "from_a_later_release": 1}) == verdict


@pytest.mark.parametrize(
    "verdict, action", [(PASS, None), (FAIL, Action.ROLLBACK), (INCONCLUSIVE, Action.WARN), (ERROR, Action.HOLD)]
)
def test_what_is_done_is_what_was_asked_for(verdict: Verdict, action: Action | None) -> None:
    assert action_of(verdict, HealthCriteria(on_no_data=Action.WARN)) == action


def test_what_was_combined_of_combinations_is_told_rule_by_rule_and_of_which_version() -> None:
    limit, obvious = Verdict("pass", "2 % of 100", rule="error limit", n=100), Verdict("fail", "half", rule="obvious")
    two = combine([combine([limit, obvious]).about("2.0.0"), combine([limit]).about("3.0.0")])

    assert [(part.rule, part.version) for part in two.parts] == [
        ("error limit", "2.0.0"),
        ("obvious", "2.0.0"),
        ("error limit", "3.0.0"),
    ]
    assert (two.rule, two.version) == ("obvious", "2.0.0")
    assert limit.parts == ()
    assert Verdict.from_document(two.to_document()) == two
