"""Once blocked, a version is in no route, whatever is written and whatever a snapshot remembers."""

from collections.abc import Callable

import pytest

from chalicelib.domain.errors import FencedOffError
from chalicelib.domain.installations import Installation
from chalicelib.domain.pins import Pin
from chalicelib.domain.resolution import Reason, resolve
from chalicelib.domain.routes import Route, SplitBy, Target, Variant, VersionBlockedError
from chalicelib.domain.tenants import Tenant

NOW = "2026-11-22T15:00:00.000Z"
BLUE = Target("1.0.0", "v1-0-0", "1", "aa")
GREEN = Target("2.0.0", "v2-0-0", "2", "bb")
RED = Target("3.0.0", "v3-0-0", "3", "cc")
ROUTE = Route("echo", "Production", "pepper", stable=GREEN, previous=BLUE, epoch=7, fence=3)
TRYING = ROUTE.offer(RED, deployment_id="dep", fence=4).shift(2_500, fence=4, rings=("beta",), split_by=SplitBy.REQUEST)
EXPERIMENT = ROUTE.experiment((Variant("a", GREEN, 5_000), Variant("b", RED, 5_000)), fence=4)


@pytest.mark.parametrize("route", [TRYING, EXPERIMENT], ids=["canary", "experiment"])
def test_what_is_tried_is_given_up_and_stable_has_everything(route: Route) -> None:
    blocked = route.block("3.0.0", last_good=None)

    assert blocked.targets == (GREEN,)
    assert (blocked.candidate_bps, blocked.candidate_rings, blocked.variants) == (0, (), ())
    assert (blocked.deployment_id, blocked.split_by) == (None, SplitBy.TENANT)
    assert (blocked.blocked, blocked.epoch, blocked.fence) == (("3.0.0",), route.epoch + 1, 4)
    assert blocked.previous == BLUE


def test_the_last_good_version_takes_over_from_stable() -> None:
    blocked = ROUTE.block("2.0.0", last_good=BLUE)

    assert (blocked.stable, blocked.previous) == (BLUE, None)


def test_nobody_serves_when_nothing_good_is_left() -> None:
    assert ROUTE.block("2.0.0", last_good=None).targets == ()


def test_a_candidate_that_has_nothing_to_do_with_it_goes_on_beside_the_last_good() -> None:
    blocked = TRYING.block("2.0.0", last_good=BLUE)

    assert (blocked.stable, blocked.candidate, blocked.candidate_bps) == (BLUE, RED, 2_500)
    assert blocked.deployment_id == "dep"


def test_a_retained_version_is_retained_no_more() -> None:
    blocked = ROUTE.block("1.0.0", last_good=None)

    assert (blocked.stable, blocked.previous) == (GREEN, None)


def test_blocks_add_up_and_the_same_twice_is_one() -> None:
    blocked = TRYING
    for number in ("3.0.0", "9.9.9", "3.0.0"):
        blocked = blocked.block(number, last_good=None)

    assert blocked.blocked == ("3.0.0", "9.9.9")


def test_a_snapshot_from_before_the_block_does_not_bring_it_back() -> None:
    taken_over = TRYING.block("2.0.0", last_good=BLUE)

    assert taken_over.settle_on(GREEN, fence=4).stable == BLUE


@pytest.mark.parametrize(
    "write",
    [
        lambda route: route.offer(RED, deployment_id="dep_2", fence=5),
        lambda route: route.experiment((Variant("b", RED, 100),), fence=5),
    ],
    ids=["offer", "experiment"],
)
def test_no_write_puts_a_blocked_version_into_a_route(write: Callable[[Route], Route]) -> None:
    with pytest.raises(VersionBlockedError, match=r"3\.0\.0"):
        write(ROUTE.block("3.0.0", last_good=None))


def test_a_block_respects_no_fence_and_moves_none() -> None:
    blocked = TRYING.block("3.0.0", last_good=None)

    assert blocked.fence == TRYING.fence
    with pytest.raises(FencedOffError):
        blocked.settle_on(GREEN, fence=3)


def test_neither_pin_nor_override_lead_to_a_blocked_version() -> None:
    pin = Pin("Production", RED, "audit", "ana", NOW)
    held = Installation("acme", "echo", NOW, NOW, pin=pin)
    tenant = Tenant("acme", "Acme", NOW, NOW)
    blocked = ROUTE.block("3.0.0", last_good=None)

    assert resolve(ROUTE, tenant, held, now=NOW).reason is Reason.PIN
    assert resolve(blocked, tenant, held, now=NOW) == (GREEN, Reason.STABLE, False)
    assert resolve(blocked, tenant, held._replace(pin=None), now=NOW, override=RED)[0] == GREEN
