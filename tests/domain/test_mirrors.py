"""Mirrors: what an alias must show, and that every route has its turn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.mirrors import Mirror, due, mirror_of
from chalicelib.domain.routes import FULL_BPS, Route, Target

BLUE = Target("1.0.0", "v1-0-0", "1", "aa")
GREEN = Target("2.0.0", "v2-0-0", "2", "bb")
ROUTE = Route("echo", "Production", "pepper", stable=BLUE, candidate=GREEN, epoch=7)


@pytest.mark.parametrize(
    "share_bps, shown",
    [
        (0, Mirror("1", {}, 7)),
        (1, Mirror("1", {"2": 1}, 7)),
        (9_999, Mirror("1", {"2": 9_999}, 7)),
        (FULL_BPS, Mirror("2", {}, 7)),
    ],
)
def test_r16_weights_are_clear_at_none_and_at_all(share_bps: int, shown: Mirror) -> None:
    assert mirror_of(ROUTE._replace(candidate_bps=share_bps)) == shown


@given(st.integers(1, 9_999))
def test_r16_weights_are_clear_after_every_end_of_a_deployment(share_bps: int) -> None:
    shifted = ROUTE._replace(candidate_bps=share_bps)

    ends = [
        shifted.promote(fence=1),
        shifted.settle_on(BLUE, fence=1),
        shifted.offer(GREEN, deployment_id="d", fence=1),
    ]

    assert [mirror and mirror.weights_bps for mirror in map(mirror_of, ends)] == [{}, {}, {}]


def test_there_is_no_alias_where_nobody_serves() -> None:
    assert mirror_of(Route("echo", "Production", "pepper")) is None


def test_the_revision_of_an_alias_is_not_what_it_shows() -> None:
    assert Mirror("1", {}, 7, revision="a") == Mirror("1", {}, 7, revision="b")


@given(st.integers(0, 50), st.integers(1, 10), st.integers(0, 10**9))
def test_every_route_has_its_turn_and_no_sweep_is_too_long(count: int, most: int, minute: int) -> None:
    routes = [ROUTE._replace(plugin_id=f"plugin-{number}") for number in range(count)]
    turns = max(1, -(-count // most))

    sweeps = [due(routes, minute + turn, most) for turn in range(turns)]

    assert all(len(sweep) <= most for sweep in sweeps)
    swept = [route.plugin_id for sweep in sweeps for route in sweep]
    assert sorted(swept) == sorted(route.plugin_id for route in routes)
