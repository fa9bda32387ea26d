"""Routes: every move grows the epoch, no smaller fence writes, and the alias shows exactly the split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import FencedOffError
from chalicelib.domain.routes import FULL_BPS, Route, Target

BLUE = Target("1.0.0", "v1-0-0", "1", "aa")
GREEN = Target("2.0.0", "v2-0-0", "2", "bb")
SERVING = Route("echo", "Development", salt="s", stable=BLUE, epoch=4, fence=7)


def test_a_candidate_begins_without_traffic_and_stable_goes_on() -> None:
    route = SERVING.offer(GREEN, deployment_id="dep_1", fence=8)

    assert (route.stable, route.candidate, route.candidate_bps) == (BLUE, GREEN, 0)
    assert (route.epoch, route.fence, route.deployment_id) == (5, 8, "dep_1")


def test_a_promotion_makes_the_candidate_stable_and_leaves_no_weights() -> None:
    route = SERVING.offer(GREEN, deployment_id="dep_1", fence=8).shift(FULL_BPS, fence=8).promote(fence=8)

    assert (route.stable, route.candidate, route.weights_bps) == (GREEN, None, {})


def test_settling_gives_everything_to_the_last_known_good_in_one_write() -> None:
    moving = SERVING.offer(GREEN, deployment_id="dep_1", fence=8).shift(3_000, fence=8)

    settled = moving.settle_on(BLUE, fence=8)

    assert settled.targets == (BLUE,)
    assert settled.epoch == moving.epoch + 1
    assert settled.salt == SERVING.salt


@pytest.mark.parametrize("move", ["offer", "shift", "promote", "settle_on"])
def test_an_older_deployment_can_not_move_a_route_that_a_newer_one_owns(move: str) -> None:
    moves = {
        "offer": lambda: SERVING.offer(GREEN, deployment_id="dep_0", fence=6),
        "shift": lambda: SERVING.shift(1, fence=6),
        "promote": lambda: SERVING.promote(fence=6),
        "settle_on": lambda: SERVING.settle_on(BLUE, fence=6),
    }

    with pytest.raises(FencedOffError):
        moves[move]()


@given(st.integers(min_value=0, max_value=FULL_BPS))
def test_the_alias_shows_the_candidates_share_and_nothing_at_the_ends(share_bps: int) -> None:
    route = SERVING.offer(GREEN, deployment_id="dep_1", fence=8).shift(share_bps, fence=8)

    assert route.weights_bps == ({} if share_bps in (0, FULL_BPS) else {"2": share_bps})
    assert route.primary == (GREEN if share_bps == FULL_BPS else BLUE)


def test_a_first_deployment_has_nobody_to_share_with() -> None:
    first = Route("echo", "Development", salt="s").offer(GREEN, deployment_id="dep_1", fence=1).shift(5_000, fence=1)

    assert first.primary is None
    assert first.weights_bps == {}
