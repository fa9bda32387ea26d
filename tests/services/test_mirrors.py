"""Aliases that drifted from their route are found and mended; those that did not are left alone."""

from __future__ import annotations

import pytest

from chalicelib import bootstrap
from chalicelib.domain.ids import Environment
from chalicelib.domain.routes import Route, Target
from chalicelib.events.mend_aliases import mend_aliases as mend_aliases_event
from chalicelib.services.mirrors import mend_aliases
from tests.fakes import FakeWorld

BLUE = Target("1.0.0", "v1-0-0", "1", "aa")
GREEN = Target("2.0.0", "v2-0-0", "2", "bb")
ROUTE = Route("echo", "Production", "pepper", stable=BLUE, candidate=GREEN, candidate_bps=2_500, epoch=7)
PRODUCTION = Environment.PRODUCTION
EVENT = {
    "version": "0",
    "account": "000000000000",
    "region": "us-east-1",
    "detail": {},
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "time": "2026-11-22T15:00:00Z",
    "id": "1",
    "resources": [],
}


@pytest.fixture
def world() -> FakeWorld:
    """Make a world in which two aliases mirror their routes."""
    world = FakeWorld()
    for route in (ROUTE, ROUTE._replace(plugin_id="tax", candidate=None, candidate_bps=0)):
        world.tables.routes[route.plugin_id, route.environment] = route
        world.functions.mirror(route)
    return world


def test_r17_aliases_that_show_their_route_are_left_alone(world: FakeWorld) -> None:
    sweep = mend_aliases(world.ports)

    assert (sweep.compared, sweep.mended, sweep.failed) == (2, (), ())
    assert world.tables.actions == []


@pytest.mark.parametrize(
    "version, weights, epoch",
    [("2", {}, 7), ("1", {"2": 9_000}, 7), ("1", {}, 7), ("1", {"2": 2_500}, 6), ("1", {"2": 2_500}, 999)],
    ids=["another version", "other weights", "no weights", "an old epoch", "an epoch that never was"],
)
def test_r17_an_alias_that_was_moved_by_hand_is_mended_and_it_is_told(
    world: FakeWorld, version: str, weights: dict[str, int], epoch: int
) -> None:
    function = world.functions.functions["echo"]
    function.aliases["production"] = version
    function.weights_bps["production"] = weights
    function.epochs["production"] = epoch

    assert mend_aliases(world.ports).mended == ("echo/Production",)

    assert world.functions.weights("echo", PRODUCTION) == {"1": 7_500, "2": 2_500}
    (record,) = world.tables.records
    assert (record.action, record.actor, record.resource) == (
        "MendAlias",
        "system",
        "plugins/echo/aliases/production",
    )
    assert record.before == {"lambdaVersion": version, "weightsBps": weights, "epoch": epoch}
    assert record.after == {"lambdaVersion": "1", "weightsBps": {"2": 2_500}, "epoch": 7}
    assert mend_aliases(world.ports).mended == ()


def test_r16_weights_that_a_dead_rollback_left_behind_are_cleared(world: FakeWorld) -> None:
    world.tables.routes["echo", "Production"] = ROUTE.settle_on(BLUE, fence=1)

    mend_aliases(world.ports)

    assert world.functions.weights("echo", PRODUCTION) == {"1": 10_000}


def test_an_alias_that_is_gone_is_made_and_one_of_nobody_is_taken_away(world: FakeWorld) -> None:
    world.functions.functions["echo"].aliases.pop("production")
    world.tables.routes["tax", "Production"] = Route("tax", "Production", "pepper", epoch=8)

    assert mend_aliases(world.ports).mended == ("echo/Production", "tax/Production")

    assert world.functions.weights("echo", PRODUCTION) == {"1": 7_500, "2": 2_500}
    assert "production" not in world.functions.functions["tax"].aliases


def test_one_that_can_not_be_mended_holds_up_no_other(world: FakeWorld) -> None:
    for plugin in ("echo", "tax"):
        world.functions.functions[plugin].aliases["production"] = "9"
    world.functions.fail_next("mend", OSError("broken"))

    sweep = mend_aliases(world.ports)

    assert (sweep.mended, sweep.failed) == (("tax/Production",), (("echo/Production", "OSError: broken"),))
    assert world.tables.actions == ["MendAlias"]


def test_the_schedule_runs_the_sweep_and_tells_what_it_did(world: FakeWorld) -> None:
    world.functions.functions["echo"].aliases["production"] = "9"
    world.functions.functions["tax"].aliases["production"] = "9"
    world.functions.fail_next("mend", OSError("broken"))

    with bootstrap.use(world.ports):
        told = mend_aliases_event(EVENT, None)

    assert told == {"compared": 2, "mended": ["tax/Production"], "failed": ["echo/Production"]}
