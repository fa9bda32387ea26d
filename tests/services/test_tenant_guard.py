"""The guard at work: one sick tenant goes back alone, with its reason and record, and nobody else is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.errors import StaleRevisionError, TransientError
from chalicelib.domain.installations import ConfigRevision, Installation
from chalicelib.domain.measurements import Outcomes
from chalicelib.domain.pins import Pin
from chalicelib.domain.tallies import Call, mark
from chalicelib.domain.tenants import Tenant
from chalicelib.domain.verdicts import Verdict
from chalicelib.services.rollbacks import RollBack, roll_back
from chalicelib.services.tenant_guard import guard
from tests.fakes import FakeWorld
from tests.fakes.measurements import FakeMeasurements
from tests.services.live_deployments import ANA, PLACE, PLUGIN, a_target, a_world, at_step, complete, now, stored_route

TENANTS = tuple(f"tenant-{number}" for number in range(12))
PASS = Verdict("pass", "all is well")


@pytest.fixture
def world() -> FakeWorld:
    """Make a world in which 1.0.0 serves twelve tenants."""
    world = a_world()
    at = now(world)
    for tenant_id in TENANTS:
        world.tables.tenants[tenant_id] = Tenant(tenant_id, tenant_id, at, at)
        world.tables.installations[tenant_id, PLUGIN] = Installation(tenant_id, PLUGIN, at, at, revision=1)
    complete(world, "1.0.0")
    return world


def call(world: FakeWorld, tenant_id: str, times: int, *, fails: bool = False, on_stable: bool = False) -> None:
    route = stored_route(world)
    target = route.stable if on_stable or route.candidate is None else route.candidate
    assert target is not None
    for _ in range(times):
        world.clock.advance(seconds=1)
        tenant = world.tables.tenants[tenant_id]
        world.calls.count(Call(route, tenant, target, is_split=True, has_failed=fails, duration_ms=5.0))


def all_serve_well(world: FakeWorld, *but: str) -> None:
    for tenant_id in TENANTS:
        if tenant_id not in but:
            call(world, tenant_id, 10)
    call(world, "tenant-11", 60, on_stable=True)


def guarded(world: FakeWorld, deployment: Deployment, verdict: Verdict = PASS) -> tuple[Deployment, Verdict]:
    return guard(world.ports.deployments.get(deployment.id), verdict, world.ports)


def pins(world: FakeWorld) -> dict[str, Pin]:
    return {key[0]: item.pin for key, item in world.tables.installations.items() if item.pin is not None}


def test_one_sick_tenant_goes_back_to_stable_alone_and_everybody_else_stays(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3, share_bps=10_000)
    all_serve_well(world, "tenant-3")
    call(world, "tenant-3", 8, fails=True)
    call(world, "tenant-4", 1)

    after, verdict = guarded(world, deployment)

    ((tenant_id, pin),) = pins(world).items()
    assert (tenant_id, pin.target.version, pin.environment) == ("tenant-3", "1.0.0", PLACE)
    assert (pin.author, pin.deployment_id, pin.expires_at) == ("system", deployment.id, None)
    assert f"2.0.0 fails for this tenant in {deployment.id}" in pin.reason
    assert after.sent_back == (mark(deployment.id, "tenant-3"),)
    assert verdict.outcome == "pass"
    assert "1 of 12 tenants went back" in verdict.signals[-1].reason


def test_it_is_recorded_with_the_pin_and_never_without_it(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3, share_bps=10_000)
    all_serve_well(world, "tenant-3")
    call(world, "tenant-3", 9, fails=True)
    guarded(world, deployment)

    (record,) = (one for one in world.tables.records if one.action == "SendBack")

    assert (record.actor, record.tenant_id) == ("system", "tenant-3")
    assert record.resource == f"tenants/tenant-3/plugins/{PLUGIN}"
    assert record.after["deploymentId"] == deployment.id
    assert record.reason == pins(world)["tenant-3"].reason


def test_who_failed_as_often_before_stays(world: FakeWorld) -> None:
    for _ in range(20):
        call(world, "tenant-3", 1, fails=True)
        call(world, "tenant-3", 1)
    world.clock.advance(seconds=60)
    call(world, "tenant-4", 1)
    deployment = at_step(world, "2.0.0", 3, share_bps=10_000)
    all_serve_well(world, "tenant-3")
    for _ in range(8):
        call(world, "tenant-3", 1, fails=True)
        call(world, "tenant-3", 1)
    call(world, "tenant-4", 1)

    assert guarded(world, deployment) == (world.tables.deployments[deployment.id], PASS)
    assert pins(world) == {}


def test_a_pin_of_the_owner_is_never_touched_wherever_it_is(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3, share_bps=10_000)
    own = Pin("Staging", a_target(world, "3.0.0"), "audit", "olga", now(world))
    installed = world.tables.installations["tenant-3", PLUGIN]
    world.tables.installations["tenant-3", PLUGIN] = installed._replace(pin=own)
    all_serve_well(world, "tenant-3")
    call(world, "tenant-3", 9, fails=True)
    call(world, "tenant-4", 1)

    after, _ = guarded(world, deployment)

    assert pins(world) == {"tenant-3": own}
    assert len(after.sent_back) == 1


def test_whom_its_owner_let_go_is_not_sent_back_again(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3, share_bps=10_000)
    all_serve_well(world, "tenant-3")
    call(world, "tenant-3", 9, fails=True)
    call(world, "tenant-4", 1)
    after, _ = guarded(world, deployment)
    installed = world.tables.installations["tenant-3", PLUGIN]
    world.tables.installations["tenant-3", PLUGIN] = installed._replace(pin=None)
    call(world, "tenant-3", 5, fails=True)
    call(world, "tenant-4", 1)

    again, _ = guard(after, PASS, world.ports)

    assert pins(world) == {}
    assert again == after


def test_a_look_that_died_before_the_deployment_was_written_is_made_good(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3, share_bps=10_000)
    all_serve_well(world, "tenant-3")
    call(world, "tenant-3", 9, fails=True)
    call(world, "tenant-4", 1)
    first, _ = guarded(world, deployment)

    second, _ = guarded(world, deployment)

    assert second == first
    assert sum(one.action == "SendBack" for one in world.tables.records) == 1


def test_too_many_sick_tenants_fail_the_version_and_nobody_is_pinned(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3, share_bps=10_000)
    sick = TENANTS[:4]
    all_serve_well(world, *sick)
    for tenant_id in sick:
        call(world, tenant_id, 9, fails=True)
    call(world, "tenant-9", 1)

    after, verdict = guarded(world, deployment)

    assert (verdict.outcome, verdict.rule) == ("fail", "sick tenants")
    assert pins(world) == {}
    assert after.sent_back == ()


def test_where_a_fail_only_holds_the_sick_go_back_all_the_same(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3, share_bps=10_000)
    world.tables.deployments[deployment.id] = replace(
        world.tables.deployments[deployment.id], health={"onFail": "hold"}
    )
    sick = TENANTS[:4]
    all_serve_well(world, *sick)
    for tenant_id in sick:
        call(world, tenant_id, 9, fails=True)
    call(world, "tenant-9", 1)

    _, verdict = guarded(world, deployment)

    assert verdict.is_fail
    assert sorted(pins(world)) == sorted(sick)


def test_a_hundred_go_back_at_a_look_and_the_others_at_the_next(world: FakeWorld) -> None:
    many = tuple(f"many-{number}" for number in range(101))

    class Failing(FakeMeasurements):
        def failing(self, deployment_id: str, *, since_epoch: int) -> dict[tuple[int, str, str], Outcomes]:
            return {(since_epoch, "2.0.0", mark(deployment_id, each)): Outcomes(30, 30) for each in many}

    for tenant_id in many:
        world.tables.tenants[tenant_id] = world.tables.tenants["tenant-0"]._replace(id=tenant_id, name=tenant_id)
        installed = world.tables.installations["tenant-0", PLUGIN]
        world.tables.installations[tenant_id, PLUGIN] = installed._replace(tenant_id=tenant_id)
    deployment = at_step(world, "2.0.0", 3, share_bps=10_000)
    all_serve_well(world)
    held = replace(world.tables.deployments[deployment.id], health={"onFail": "hold"})
    ports = replace(world.ports, measurements=Failing(world.tallies))

    first, _ = guard(held, PASS, ports)
    sent = len(pins(world))
    second, _ = guard(first, PASS, ports)

    assert (sent, len(first.sent_back)) == (100, 100)
    assert sorted(pins(world)) == sorted(many)
    assert len(set(second.sent_back)) == 101


def test_what_hits_the_tenants_of_stable_too_sends_nobody_back(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3, share_bps=5_000)
    call(world, "tenant-11", 60, on_stable=True)
    for place, tenant_id in enumerate(TENANTS[:8]):
        call(world, tenant_id, 10, on_stable=bool(place % 2))
    for place, tenant_id in enumerate(TENANTS[:8]):
        call(world, tenant_id, 30, fails=True, on_stable=bool(place % 2))
    call(world, "tenant-9", 1)

    assert guarded(world, deployment)[1] == PASS
    assert pins(world) == {}


def test_a_verdict_that_ends_the_deployment_needs_no_guard(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3, share_bps=10_000)
    all_serve_well(world, "tenant-3")
    call(world, "tenant-3", 9, fails=True)
    fail = Verdict("fail", "bad")

    assert guarded(world, deployment, fail)[1] == fail
    assert pins(world) == {}


@pytest.mark.parametrize("why", ["switched off", "nothing before", "counts away", "tables away"])
def test_the_guard_leaves_everything_as_it_is_where_it_can_do_nothing(world: FakeWorld, why: str) -> None:
    class Away(FakeMeasurements):
        def failing(self, deployment_id: str, *, since_epoch: int) -> dict[tuple[int, str, str], Any]:
            raise TransientError(f"no counts of {deployment_id} since {since_epoch}")

    deployment = at_step(world, "2.0.0", 3, share_bps=10_000)
    all_serve_well(world, "tenant-3")
    call(world, "tenant-3", 9, fails=True)
    call(world, "tenant-4", 1)
    deployment = world.tables.deployments[deployment.id]
    ports = world.ports
    if why == "switched off":
        deployment = replace(deployment, health={"tenantGuard": False})
    elif why == "nothing before":
        good = deployment.last_known_good
        assert good is not None
        deployment = replace(deployment, last_known_good=good._replace(stable=None))
    elif why == "counts away":
        ports = replace(ports, measurements=Away(world.tallies))
    else:
        ports = replace(ports, installations=_Busy(ports.installations, TransientError("away")))

    after, _ = guard(deployment, PASS, ports)

    assert after == deployment
    assert pins(world) == {}


def test_a_change_of_the_installation_in_between_is_read_again(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3, share_bps=10_000)
    all_serve_well(world, "tenant-3")
    call(world, "tenant-3", 9, fails=True)
    call(world, "tenant-4", 1)
    ports = replace(world.ports, installations=_Busy(world.ports.installations, StaleRevisionError("changed")))

    guard(world.tables.deployments[deployment.id], PASS, ports)

    assert list(pins(world)) == ["tenant-3"]


class _Busy:
    """Installations of which the first write fails."""

    def __init__(self, real: Any, error: Exception) -> None:
        self._real, self._error = real, error
        self._has_failed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def put(
        self, tenant_id: str, installation: Installation, record: AuditRecord, *, history: ConfigRevision | None = None
    ) -> Installation:
        if not self._has_failed:
            self._has_failed = isinstance(self._error, StaleRevisionError)
            raise self._error
        saved: Installation = self._real.put(tenant_id, installation, record, history=history)
        return saved


def test_a_roll_back_leaves_the_deployment_to_be_looked_after(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)

    ended = roll_back(RollBack(deployment.id, ANA, "enough"), world.ports)

    assert (ended.status, ended.is_watched) == (DeploymentStatus.ROLLED_BACK, True)
    assert [one.id for one in world.ports.deployments.watched()][-1] == deployment.id
