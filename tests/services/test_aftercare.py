"""After the end: pins of the guard are let go or end by themselves, and what then fails more than before goes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.installations import Installation
from chalicelib.domain.pins import Pin
from chalicelib.domain.routes import FULL_BPS
from chalicelib.domain.tallies import SLOT_SECONDS, Call
from chalicelib.domain.tenants import Tenant
from chalicelib.services import regressions
from chalicelib.services.aftercare import PIN_DAYS, AfterCare, look_after
from chalicelib.services.leases import released_lease
from chalicelib.services.records import record_of
from chalicelib.services.rollbacks import RollBack, roll_back
from tests.fakes import FakeWorld
from tests.fakes.tenants import FakeInstallations
from tests.services.live_deployments import (
    ANA,
    PLACE,
    PLUGIN,
    a_target,
    a_world,
    ask,
    at_step,
    complete,
    now,
    serving,
    stored_route,
)

HOUR = 3_600


@pytest.fixture
def world() -> FakeWorld:
    """Make a world in which 1.0.0 serves acme and globex."""
    world = a_world()
    at = now(world)
    for tenant_id in ("acme", "globex"):
        world.tables.tenants[tenant_id] = Tenant(tenant_id, tenant_id, at, at)
        world.tables.installations[tenant_id, PLUGIN] = Installation(tenant_id, PLUGIN, at, at, revision=1)
    complete(world, "1.0.0")
    return world


def pin(world: FakeWorld, tenant_id: str, deployment_id: str | None, author: str = "system") -> None:
    made = Pin(PLACE, a_target(world, "1.0.0"), "it fails", author, now(world), deployment_id=deployment_id)
    installed = world.tables.installations[tenant_id, PLUGIN]
    world.tables.installations[tenant_id, PLUGIN] = installed._replace(pin=made)


def pin_of(world: FakeWorld, tenant_id: str) -> Pin | None:
    return world.tables.installations[tenant_id, PLUGIN].pin


def end(world: FakeWorld, live: Deployment, **changes: object) -> Deployment:
    """Complete what is live at 100 %."""
    route = stored_route(world)
    ended = replace(live.end(DeploymentStatus.COMPLETED, "every step passed", now(world)), **changes)  # type: ignore[arg-type]
    record = record_of(ANA, "CompleteDeployment", f"deployments/{ended.id}", world.ports)
    lease = released_lease(ended, world.ports)
    settled = route.promote(fence=ended.fence)
    ended = replace(ended, outcome_version=settled.stable.version if settled.stable else None)
    return world.ports.deployments.commit(ended, record, route=settled, lease=lease)


def serve(world: FakeWorld, minutes: int, *, a_minute: int = 20, failing: int = 0) -> None:
    """Let stable answer so many calls a minute, and count them as containers do."""
    for _ in range(minutes):
        world.clock.advance(seconds=60)
        route = stored_route(world)
        assert route.stable is not None
        tenant = world.tables.tenants["globex"]
        for number in range(a_minute):
            call = Call(route, tenant, route.stable, is_split=True, has_failed=number < failing, duration_ms=5.0)
            world.calls.count(call)


def actions(world: FakeWorld) -> list[str]:
    return [record.action for record in world.tables.records]


def test_a_roll_back_lets_go_whom_its_guard_held_and_nobody_else(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    pin(world, "acme", deployment.id)
    pin(world, "globex", None, author="olga")
    roll_back(RollBack(deployment.id, ANA, "enough"), world.ports)
    world.clock.advance(seconds=60)

    done = look_after(world.ports)

    assert done == AfterCare(pins_settled=("acme",))
    assert pin_of(world, "acme") is None
    assert pin_of(world, "globex") is not None
    (record,) = (one for one in world.tables.records if one.action == "LetGo")
    assert (record.actor, record.tenant_id) == ("system", "acme")
    assert "RolledBack" in record.reason
    assert look_after(world.ports) == AfterCare()


def test_a_listing_that_lags_behind_an_uninstallation_holds_up_no_other(world: FakeWorld) -> None:
    class Lagging(FakeInstallations):
        def pinned_tenants(self, plugin_id: str, version: str, *, now: str) -> Iterator[str]:
            yield "gone"
            yield from super().pinned_tenants(plugin_id, version, now=now)

    deployment = at_step(world, "2.0.0", 3)
    pin(world, "acme", deployment.id)
    roll_back(RollBack(deployment.id, ANA, "enough"), world.ports)

    done = look_after(replace(world.ports, installations=Lagging(world.tables)))

    assert done == AfterCare(pins_settled=("acme",))


def test_a_pin_that_a_late_look_writes_after_the_end_goes_too(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    roll_back(RollBack(deployment.id, ANA, "enough"), world.ports)
    world.clock.advance(seconds=60)
    look_after(world.ports)
    pin(world, "acme", deployment.id)

    world.clock.advance(seconds=60)

    assert look_after(world.ports).pins_settled == ("acme",)


def test_where_the_version_became_stable_the_pin_stays_and_says_until_when(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 6, share_bps=FULL_BPS)
    pin(world, "acme", deployment.id)
    end(world, deployment)
    ended_at = world.clock.now()

    done = look_after(world.ports)

    held = pin_of(world, "acme")
    assert done.pins_settled == ("acme",)
    assert held is not None
    assert held.expires_at is not None
    assert held.expires_at[:10] == ended_at.replace(day=ended_at.day + PIN_DAYS).isoformat()[:10]
    assert "KeepBack" in actions(world)
    assert look_after(world.ports) == AfterCare()


def test_whom_a_version_harms_is_let_go_once_another_one_serves(world: FakeWorld) -> None:
    """Else its own fix would reach that tenant a week after everybody else."""
    deployment = at_step(world, "2.0.0", 6, share_bps=FULL_BPS)
    pin(world, "acme", deployment.id)
    end(world, deployment)
    look_after(world.ports)
    world.clock.advance(seconds=HOUR)
    end(world, at_step(world, "3.0.0", 6, share_bps=FULL_BPS))

    done = look_after(world.ports)

    assert done.pins_settled == ("acme",)
    assert pin_of(world, "acme") is None
    assert not world.tables.deployments[deployment.id].is_watched


def test_after_an_experiment_that_stable_won_nobody_is_held(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 6)
    pin(world, "acme", deployment.id)
    ended = end(world, deployment)
    world.tables.deployments[ended.id] = replace(world.tables.deployments[ended.id], outcome_version="1.0.0")

    look_after(world.ports)

    assert pin_of(world, "acme") is None


def test_what_was_rolled_back_is_out_of_sight_once_its_pins_are_settled(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    roll_back(RollBack(deployment.id, ANA, "enough"), world.ports)
    look_after(world.ports)
    assert world.tables.deployments[deployment.id].is_watched

    world.clock.advance(seconds=11 * 60)
    look_after(world.ports)

    assert not world.tables.deployments[deployment.id].is_watched
    assert actions(world)[-1] == "EndWatch"


def test_what_serves_is_watched_until_another_one_does(world: FakeWorld) -> None:
    first = end(world, at_step(world, "2.0.0", 6, share_bps=FULL_BPS))
    world.clock.advance(seconds=9 * HOUR)
    look_after(world.ports)
    assert world.tables.deployments[first.id].is_watched

    second = end(world, at_step(world, "3.0.0", 6, share_bps=FULL_BPS))
    world.clock.advance(seconds=9 * HOUR)
    look_after(world.ports)

    assert [one.id for one in world.ports.deployments.watched()] == [second.id]


def test_a_version_that_turns_bad_inside_its_window_goes_back_by_itself(world: FakeWorld) -> None:
    serve(world, 60)
    ended = end(world, at_step(world, "2.0.0", 6, share_bps=FULL_BPS))
    serve(world, 20)
    assert look_after(world.ports).regressed == ()

    serve(world, 6, failing=10)
    done = look_after(world.ports)

    assert done.regressed == (ended.id,)
    assert serving(world)[0] == "1.0.0"
    after = world.tables.deployments[ended.id]
    assert after.status is DeploymentStatus.ROLLED_BACK
    assert "late regression" in after.status_reason
    assert look_after(world.ports).regressed == ()


def test_a_roll_back_by_itself_lets_the_next_in_the_queue_begin(world: FakeWorld) -> None:
    serve(world, 60)
    ended = end(world, at_step(world, "2.0.0", 6, share_bps=FULL_BPS))
    serve(world, 15, failing=10)

    look_after(world.ports)

    lease = world.tables.leases[PLUGIN, PLACE]
    assert (lease.holder, lease.held_by) == ("", "")
    assert lease.fence > ended.fence


@pytest.mark.parametrize("health", [{"watch": "PT0S"}, {"onFail": "hold"}], ids=["after the window", "no roll-back"])
def test_where_it_may_not_go_back_by_itself_it_alarms_once_a_day(world: FakeWorld, health: dict[str, str]) -> None:
    serve(world, 120)
    ended = end(world, at_step(world, "2.0.0", 6, share_bps=FULL_BPS), health=health)
    serve(world, 30)
    found: list[str] = []
    for _ in range(30):
        serve(world, 1, failing=10)
        found += look_after(world.ports).regressed

    assert found == [ended.id]
    assert serving(world)[0] == "2.0.0"
    (record,) = (one for one in world.tables.records if one.action == "NoteRegression")
    assert "before" in record.reason
    assert world.tables.deployments[ended.id].regressed_at is not None


def test_while_another_deployment_is_live_it_only_alarms_and_says_why(world: FakeWorld) -> None:
    serve(world, 60)
    end(world, at_step(world, "2.0.0", 6, share_bps=FULL_BPS))
    ask(world, "3.0.0")
    serve(world, 1, a_minute=0)
    serve(world, 15, failing=10)
    lease = world.tables.leases[PLUGIN, PLACE]
    world.tables.leases[PLUGIN, PLACE] = replace(lease, expires_at="2099-01-01T00:00:00.000Z")

    look_after(world.ports)

    (record,) = (one for one in world.tables.records if one.action == "NoteRegression")
    assert "it stays, for" in record.reason
    assert serving(world)[0] == "2.0.0"


def test_where_a_person_rolled_back_it_only_alarms_and_the_hold_stays(world: FakeWorld) -> None:
    serve(world, 60)
    ended = end(world, at_step(world, "2.0.0", 6, share_bps=FULL_BPS))
    newer = at_step(world, "3.0.0", 3)
    roll_back(RollBack(newer.id, ANA, "I don't trust it", is_manual=True), world.ports)
    serve(world, 15, failing=10)

    look_after(world.ports)

    assert world.tables.leases[PLUGIN, PLACE].held_by == newer.id
    assert world.tables.deployments[ended.id].status is DeploymentStatus.COMPLETED
    assert serving(world)[0] == "2.0.0"
    (record,) = (one for one in world.tables.records if one.action == "NoteRegression")
    assert f"it stays, for {newer.id} was rolled back by hand" in record.reason


def test_as_many_failures_as_before_are_no_regression(world: FakeWorld) -> None:
    serve(world, 60, failing=4)
    end(world, at_step(world, "2.0.0", 6, share_bps=FULL_BPS))

    for _ in range(50):
        serve(world, 1, failing=4)
        assert look_after(world.ports).regressed == ()


def test_what_the_version_did_before_it_was_stable_is_its_past(world: FakeWorld) -> None:
    ended = end(world, at_step(world, "2.0.0", 6, share_bps=FULL_BPS))
    serve(world, 1)
    assert regressions.judge(ended, world.ports) is None

    serve(world, 3 * SLOT_SECONDS // 60)

    verdict = regressions.judge(ended, world.ports)
    assert verdict is not None
    assert verdict.outcome == "pass"
    assert "against 0.00% of" in verdict.reason


def test_one_that_can_not_be_looked_after_holds_up_no_other(world: FakeWorld) -> None:
    broken = end(world, at_step(world, "2.0.0", 6, share_bps=FULL_BPS))
    world.tables.deployments[broken.id] = replace(world.tables.deployments[broken.id], ended_at="no time")
    live = at_step(world, "3.0.0", 3)
    pin(world, "acme", live.id)
    held = world.tables.installations["acme", PLUGIN].pin
    assert held is not None
    moved = held._replace(target=a_target(world, "2.0.0"))
    world.tables.installations["acme", PLUGIN] = world.tables.installations["acme", PLUGIN]._replace(pin=moved)
    roll_back(RollBack(live.id, ANA, "enough"), world.ports)

    done = look_after(world.ports)

    assert done.pins_settled == ("acme",)
    assert [name for name, _ in done.failed] == [broken.id]
