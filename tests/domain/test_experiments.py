"""Experiments: who wins, when nobody does, and how seldom chance is taken for a winner."""

from __future__ import annotations

import json
from itertools import count

import pytest

from chalicelib.domain.experiments import UNFAIR, Arm, Decision, Goal, Sample, Terms, compare, decide, split_evidence
from tests.canaries import chance

TERMS = Terms("blue", "conversion", Goal.INCREASE)
DAY = 86_400


def arm(
    name: str, mean: float, *, tenants: int = 100, share_bps: int = 5_000, spread: float = 0.2, shift: int = 0
) -> Arm:
    """Half of the tenants lie below *mean* and half above, by *spread*."""
    values = [mean + spread * (-1) ** place for place in range(tenants)]
    return Arm(name, share_bps, tenants + shift, Sample.of(values))


def decided(*arms: Arm, terms: Terms = TERMS, seconds: float = DAY) -> Decision:
    return decide(terms, arms, seconds)


def test_a_clear_winner_is_named_with_effect_and_interval() -> None:
    decision = decided(arm("blue", 0.3), arm("green", 0.5))

    assert (decision.winner, decision.is_conclusive, decision.n) == ("green", True, 200)
    assert decision.effect == pytest.approx(0.2)
    assert decision.low is not None
    assert decision.high is not None
    assert 0 < decision.low < 0.2 < decision.high


@pytest.mark.parametrize(
    "blue, green, goal, winner",
    [
        (0.3, 0.5, Goal.INCREASE, "green"),
        (0.5, 0.3, Goal.DECREASE, "green"),
        (0.5, 0.3, Goal.INCREASE, "blue"),
        (0.3, 0.5, Goal.DECREASE, "blue"),
        (0.3, 0.3, Goal.INCREASE, None),
        (0.3, 0.32, Goal.INCREASE, None),
    ],
)
def test_r21_the_sign_of_the_goal_decides_who_wins(blue: float, green: float, goal: Goal, winner: str | None) -> None:
    """R21 again: a goal read the wrong way round ships the worse version."""
    decision = decided(arm("blue", blue), arm("green", green), terms=Terms("blue", "errors", goal))

    assert decision.winner == winner
    assert decision.is_conclusive == (winner is not None)


def test_the_order_of_the_arms_does_not_matter() -> None:
    blue, green = arm("blue", 0.3), arm("green", 0.5)

    assert decided(blue, green).winner == decided(green, blue).winner == "green"


def test_r28_inconclusive_leaves_stable() -> None:
    """R28: another product ships what is inconclusive at the end."""
    decision = decided(arm("blue", 0.3), arm("green", 0.31))

    assert (decision.winner, decision.is_conclusive) == (None, False)
    assert decision.reason == "no difference is certain yet; blue stays"


@pytest.mark.parametrize(
    "arms, seconds, reason",
    [
        ((arm("blue", 0.1, tenants=9), arm("green", 0.9, tenants=9)), DAY, "9 of 10 tenants"),
        ((arm("blue", 0.1), arm("green", 0.9)), 60.0, "60 of 3600 seconds"),
        (
            (arm("blue", 0.1), arm("green", 0.9, shift=200)),
            DAY,
            "the split is not as planned (blue 100, green 300 tenants)",
        ),
        ((arm("blue", 0.1), Arm("green", 5_000, 100, Sample())), DAY, "0 of 10 tenants"),
    ],
)
def test_nothing_is_decided_too_early_or_on_a_broken_split(arms: tuple[Arm, ...], seconds: float, reason: str) -> None:
    decision = decided(*arms, seconds=seconds)

    assert (decision.winner, decision.is_conclusive) == (None, False)
    assert reason in decision.reason


def test_the_best_of_several_variants_wins() -> None:
    arms = [arm("blue", 0.3, share_bps=4_000), arm("green", 0.45, share_bps=3_000), arm("red", 0.6, share_bps=3_000)]

    assert decided(*arms).winner == "red"


def test_more_variants_need_more_evidence_each() -> None:
    """Bonferroni: the interval of each of four is wider than that of one."""
    blue, green = arm("blue", 0.3, share_bps=2_000), arm("green", 0.4, share_bps=2_000)
    more = [arm(name, 0.3, share_bps=2_000) for name in ("red", "pink", "grey")]

    (alone,), several = decided(blue, green).comparisons, decided(blue, green, *more).comparisons

    assert alone.low is not None
    assert several[0].low is not None
    assert several[0].low < alone.low
    assert several[0].evidence == alone.evidence


def test_a_variant_beside_a_worse_one_does_not_make_stable_the_winner() -> None:
    decision = decided(arm("blue", 0.5), arm("green", 0.3), arm("red", 0.5))

    assert decision.winner is None


def test_tenants_count_once_however_much_they_do() -> None:
    loud = Sample.of_tenants({"acme": (10_000, 10_000.0), "bolt": (10, 0.0), "idle": (0, 0.0)})

    assert loud == Sample(2, 1.0, 1.0)
    assert Sample.from_document(json.loads(json.dumps(loud.to_document()))) == loud


def test_groups_without_spread_are_not_infinitely_sure() -> None:
    flat = compare(arm("green", 1.0, spread=0), arm("blue", 0.0, spread=0), 0.05)
    same = compare(arm("green", 1.0, spread=0), arm("blue", 1.0, spread=0), 0.05)

    assert flat.low is not None
    assert 0 < flat.low < 1
    assert (same.low, same.high) == (None, None)


def test_two_tenants_prove_nothing() -> None:
    few = compare(arm("green", 9.0, tenants=2), arm("blue", 1.0, tenants=2), 0.05)

    assert few.low is None


@pytest.mark.parametrize(
    "counts, is_fair", [((500, 500), True), ((530, 470), True), ((650, 350), False), ((50, 0), False)]
)
def test_a_split_far_from_the_plan_is_found(counts: tuple[int, int], is_fair: bool) -> None:  # noqa: FBT001 - a column
    arms = [Arm(name, 5_000, tenants, Sample()) for name, tenants in zip(("blue", "green"), counts, strict=True)]

    assert (split_evidence(arms) < UNFAIR) == is_fair


def test_tenants_on_a_variant_of_no_share_are_a_broken_split() -> None:
    arms = [Arm("blue", 10_000, 100, Sample()), Arm("green", 0, 1, Sample())]

    assert split_evidence(arms) > UNFAIR


def test_a_fair_split_looked_at_after_each_tenant_is_seldom_called_unfair() -> None:
    source, alarms, runs = chance(41), 0, 200

    for _ in range(runs):
        green = 0
        for n in range(1, 1_001):
            green += source.random() < 0.5
            arms = [Arm("blue", 5_000, n - green, Sample()), Arm("green", 5_000, green, Sample())]
            if n % 10 == 0 and split_evidence(arms) >= 20:
                alarms += 1
                break

    assert alarms / runs <= 0.05


@pytest.mark.parametrize("tenants", [10, 40])
@pytest.mark.parametrize("alikeness", [2, 50])
@pytest.mark.parametrize("variants", [1, 3])
def test_equal_variants_watched_all_the_time_seldom_win(tenants: int, alikeness: float, variants: int) -> None:
    """Sticky tenants of unequal rates, thirty looks while each makes more and more requests."""
    source, won, runs = chance(42), 0, 100
    names = ["blue", *(f"green-{number}" for number in range(variants))]
    share_bps = 10_000 // len(names)

    for _ in range(runs):
        rates = {name: [source.betavariate(0.1 * alikeness, 0.9 * alikeness) for _ in range(tenants)] for name in names}
        hits = {name: [0] * tenants for name in names}
        requests = count(5, 5)
        for n in (next(requests) for _ in range(30)):
            for name in names:
                hits[name] = [
                    hit + sum(source.random() < rate for _ in range(5))
                    for hit, rate in zip(hits[name], rates[name], strict=True)
                ]
            arms = [Arm(name, share_bps, tenants, Sample.of(hit / n for hit in hits[name])) for name in names]
            if decide(TERMS, arms, DAY).is_conclusive:
                won += 1
                break

    assert won / runs <= 0.06
