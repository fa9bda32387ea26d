"""Nothing stays stuck: whoever has died, an event or the next minute finds it and heals it."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.domain.approvals import Approval, ApprovalStatus, Decision, approval_id
from chalicelib.domain.deployments import (
    FIRST_LEASE_SECONDS,
    LEASE_SECONDS,
    Deployment,
    DeploymentStatus,
    Lease,
    OnConflict,
)
from chalicelib.domain.diagnoses import ExecutionState
from chalicelib.domain.errors import TransientError
from chalicelib.domain.plans import Plan, Step, StepKind, StepStatus
from chalicelib.domain.verbs import Verb
from chalicelib.events.execution_ended import execution_ended
from chalicelib.services.convergence import Convergence, converge
from chalicelib.services.leases import renewed_lease
from chalicelib.services.rollbacks import RollBack, roll_back
from chalicelib.services.verbs import SayVerb, say_verb
from chalicelib.steps.evaluate_step import evaluate_step
from tests.fakes import FakeWorld
from tests.services.live_deployments import ANA, PLACE, PLUGIN, a_world, ask, at_step, complete, serving, stored_route

DEAD = [ExecutionState.FAILED, ExecutionState.TIMED_OUT, ExecutionState.ABORTED]


@pytest.fixture
def world() -> FakeWorld:
    made = a_world()
    complete(made, "1.0.0")
    return made


def hear(world: FakeWorld, name: str, state: str = "ABORTED") -> Any:
    """Let EventBridge tell of an execution, as the rule's target gets it."""
    with bootstrap.use(world.ports):
        return execution_ended({"source": "aws.states", "detail": {"name": name, "status": state}}, None)


def sweep(world: FakeWorld, seconds: float = 60) -> Convergence:
    world.clock.advance(seconds=seconds)
    return converge(world.ports)


def stored(world: FakeWorld, deployment: Deployment) -> Deployment:
    return world.tables.deployments[deployment.id]


def lease(world: FakeWorld) -> Lease:
    return world.tables.leases[PLUGIN, PLACE]


@pytest.mark.parametrize("state", DEAD)
@pytest.mark.parametrize("index", [2, 3, 5])
def test_an_execution_that_ended_badly_takes_its_candidate_with_it(
    world: FakeWorld, state: ExecutionState, index: int
) -> None:
    deployment = at_step(world, "2.0.0", index)

    told = hear(world, deployment.execution_name, state)

    assert told == {"status": "RolledBack"}
    assert serving(world) == ("1.0.0", None, 0)
    assert world.functions.weights(PLUGIN, PLACE) == {"1": 10_000}
    assert lease(world).holder == ""
    assert stored(world, deployment).status_reason.startswith("its execution ")
    assert [record.reason for record in world.tables.records if record.action == "RollBack"] == [
        stored(world, deployment).status_reason
    ]


def test_one_that_watches_counts_as_much_as_the_one_that_moves(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)

    hear(world, f"{deployment.execution_name}-3-7", "TIMED_OUT")

    assert (stored(world, deployment).status, serving(world)) == ("RolledBack", ("1.0.0", None, 0))


def test_hearing_of_it_twice_changes_nothing_the_second_time(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    hear(world, deployment.execution_name)
    records, route = len(world.tables.records), stored_route(world)

    hear(world, deployment.execution_name, "FAILED")

    assert (len(world.tables.records), stored_route(world)) == (records, route)


def test_the_end_of_an_earlier_attempt_is_none_of_the_next_ones_business(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    roll_back(RollBack(deployment.id, ANA, "it failed"), world.ports)
    again = say_verb(SayVerb(ANA, Verb.RETRY, deployment.id, "once more"), world.ports)

    hear(world, deployment.execution_name)

    assert (again.attempt, stored(world, deployment)) == (2, again)
    assert roll_back(RollBack(deployment.id, ANA, "late", attempt=1), world.ports) == again


@pytest.mark.parametrize("name", ["dep_1", "v1-0-0", "", "dep_01ARZ3NDEKTSV4RRFFQ69G5FAV", "x-1-2-3-4"])
def test_an_execution_of_somebody_else_is_left_alone(world: FakeWorld, name: str) -> None:
    before = len(world.tables.records)

    assert hear(world, name) == {"status": None}
    assert len(world.tables.records) == before


def test_whoever_waited_for_its_end_begins(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    waiting = ask(world, "3.0.0", OnConflict.QUEUE)

    hear(world, deployment.execution_name)

    assert not stored(world, waiting).is_queued
    assert waiting.execution_name in world.executions.started


@pytest.mark.parametrize("state", [*DEAD, ExecutionState.SUCCEEDED, ExecutionState.MISSING])
def test_an_end_that_nobody_told_of_is_found_within_a_minute(world: FakeWorld, state: ExecutionState) -> None:
    deployment = at_step(world, "2.0.0", 3)
    world.executions.ended[deployment.execution_name] = state

    swept = sweep(world)

    assert swept == Convergence(rolled_back=(deployment.id,))
    assert (stored(world, deployment).status, serving(world)) == ("RolledBack", ("1.0.0", None, 0))
    assert sweep(world) == Convergence()


def test_one_that_is_paused_goes_back_as_well_when_its_execution_is_gone(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    say_verb(SayVerb(ANA, Verb.PAUSE, deployment.id, "lunch"), world.ports)
    world.executions.ended[deployment.execution_name] = ExecutionState.ABORTED

    sweep(world)

    assert (stored(world, deployment).status, serving(world)) == ("RolledBack", ("1.0.0", None, 0))


def test_one_that_runs_is_left_alone(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    before = len(world.tables.records)

    assert sweep(world) == Convergence()
    assert (stored(world, deployment), len(world.tables.records)) == (deployment, before)


def test_one_that_was_stored_and_never_started_is_started(world: FakeWorld) -> None:
    asked = ask(world, "2.0.0")
    del world.executions.started[asked.execution_name]

    assert sweep(world, seconds=5) == Convergence()
    assert sweep(world, seconds=25) == Convergence(started=(asked.id,))
    assert world.executions.started[asked.execution_name][1]["deployment_id"] == asked.id


def test_one_that_was_never_started_ends_with_its_lease(world: FakeWorld) -> None:
    asked = ask(world, "2.0.0")
    del world.executions.started[asked.execution_name]

    sweep(world, seconds=FIRST_LEASE_SECONDS)

    assert stored(world, asked).status is DeploymentStatus.FAILED
    assert serving(world) == ("1.0.0", None, 0)
    assert lease(world).holder == ""


@pytest.mark.parametrize("index", [2, 3, 5])
@pytest.mark.parametrize("is_away", [False, True])
def test_an_execution_that_gives_no_sign_any_more_loses_its_deployment_within_two_minutes(
    world: FakeWorld, index: int, *, is_away: bool
) -> None:
    deployment = at_step(world, "2.0.0", index)
    world.ports.deployments.renew(renewed_lease(deployment, world.ports))
    world.executions.is_down = is_away

    swept = [sweep(world), sweep(world)]

    assert [one.rolled_back for one in swept] == [(), (deployment.id,)]
    assert stored(world, deployment).status_reason == "its execution gave no sign of life any more"
    assert (serving(world), lease(world).holder) == (("1.0.0", None, 0), "")


def test_a_slow_execution_that_lives_on_touches_nothing_any_more(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    sweep(world, seconds=120)
    before = (stored_route(world), stored(world, deployment), len(world.tables.records))

    with bootstrap.use(world.ports):
        look = evaluate_step({"deployment_id": deployment.id, "attempt": 1, "step": {"kind": "wait", "index": 3}}, None)

    assert look["is_over"]
    assert (stored_route(world), stored(world, deployment), len(world.tables.records)) == before


def test_one_that_looks_every_minute_is_not_taken_for_dead(world: FakeWorld) -> None:
    deployment = replace(at_step(world, "2.0.0", 3), health={"healthCheckInterval": "PT60S"})
    world.tables.deployments[deployment.id] = deployment

    for _ in range(20):
        world.ports.deployments.renew(renewed_lease(deployment, world.ports))
        assert sweep(world, seconds=75) == Convergence()


def test_while_people_are_asked_nobody_has_to_show_a_sign_of_life(world: FakeWorld) -> None:
    asking(world)

    assert sweep(world, seconds=LEASE_SECONDS) == Convergence()


def test_what_lost_its_lease_to_a_newer_one_ends_and_its_candidate_serves_nobody(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    world.tables.leases[PLUGIN, PLACE] = replace(lease(world), holder="dep_newer", fence=lease(world).fence + 1)

    newer = lease(world)

    sweep(world)

    assert stored(world, deployment).status is DeploymentStatus.SUPERSEDED
    assert (serving(world), lease(world)) == (("1.0.0", None, 0), newer)


def test_books_that_were_left_open_are_closed_as_it_was_meant(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    world.functions.fail_next("mirror", TransientError("Lambda is throttled."))
    aborted = RollBack(deployment.id, ANA, "abort by ana", ends_as=DeploymentStatus.ABORTED)
    with pytest.raises(TransientError):
        roll_back(aborted, world.ports)

    sweep(world)

    assert (stored(world, deployment).status, stored(world, deployment).status_reason) == ("Aborted", "abort by ana")
    assert lease(world).holder == ""
    assert world.functions.weights(PLUGIN, PLACE) == {"1": 10_000}


def test_books_are_closed_although_step_functions_is_away(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    world.functions.fail_next("mirror", TransientError("Lambda is throttled."))
    with pytest.raises(TransientError):
        roll_back(RollBack(deployment.id, ANA, "it failed"), world.ports)
    world.executions.is_down = True

    swept = sweep(world)

    assert swept.rolled_back == (deployment.id,)


def test_while_step_functions_is_away_nobody_is_judged_by_it_and_it_is_told(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    world.executions.is_down = True

    swept = sweep(world)

    assert stored(world, deployment) == deployment
    assert [name for name, _ in swept.failed] == [deployment.id]


def test_a_candidate_that_was_taken_out_of_its_route_does_not_go_on(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    route = stored_route(world)
    world.tables.routes[PLUGIN, PLACE] = route.block("2.0.0", last_good=None)

    sweep(world)

    assert (stored(world, deployment).status, serving(world)) == ("RolledBack", ("1.0.0", None, 0))


def test_a_route_that_names_what_has_ended_is_settled_on_what_that_left(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    torn = stored_route(world)
    roll_back(RollBack(deployment.id, ANA, "it failed"), world.ports)
    world.tables.routes[PLUGIN, PLACE] = torn._replace(epoch=stored_route(world).epoch + 1)

    swept = sweep(world)

    assert swept.settled == (deployment.id,)
    assert serving(world) == ("1.0.0", None, 0)
    assert world.functions.weights(PLUGIN, PLACE) == {"1": 10_000}
    assert sweep(world) == Convergence()


def test_a_lease_whose_holder_has_ended_is_given_back(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    held = lease(world)
    roll_back(RollBack(deployment.id, ANA, "it failed"), world.ports)
    world.tables.leases[PLUGIN, PLACE] = replace(held, expires_at="2026-12-22T15:15:00.000Z")

    swept = sweep(world)

    assert swept.released == (deployment.id,)
    assert lease(world).holder == ""


def test_one_that_can_not_be_healed_holds_up_no_other(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    broken = replace(deployment, id="dep_00000000000000000000000000", plugin_id="gone", fence=9)
    world.tables.deployments[broken.id] = broken
    world.executions.ended[deployment.execution_name] = ExecutionState.FAILED
    world.tables.leases["gone", PLACE] = Lease("gone", PLACE, broken.id, 9, "2027-01-01T00:00:00.000Z")

    swept = sweep(world)

    assert swept.rolled_back == (deployment.id,)
    assert [name for name, _ in swept.failed] == [broken.id]


def asking(world: FakeWorld, **changes: Any) -> tuple[Deployment, Approval]:
    """Let 2.0.0 wait for people."""
    asked = ask(world, "2.0.0")
    step = Step(0, StepKind.APPROVE, "ask", status=StepStatus.RUNNING, started_at=asked.created_at)
    waiting = replace(asked, status=DeploymentStatus.PENDING_APPROVAL, plan=Plan((step, *asked.plan.steps)))
    world.tables.deployments[asked.id] = waiting
    world.tables.leases[PLUGIN, PLACE] = replace(lease(world), expires_at="2026-11-25T15:00:00.000Z")
    approval = Approval(
        id=approval_id(waiting, step),
        deployment_id=asked.id,
        attempt=1,
        step_index=0,
        plugin_id=PLUGIN,
        version="2.0.0",
        environment=PLACE,
        requested_by="ana",
        binding="",
        needed=1,
        roles=("Approver",),
        excluded=("ana",),
        requested_at=asked.created_at,
        expires_at="2026-11-24T15:00:00.000Z",
    )
    approval = replace(approval, **changes)
    world.tables.approvals[approval.id] = approval
    return waiting, approval


def test_one_that_waits_for_people_ends_as_failed_when_its_execution_is_stopped(world: FakeWorld) -> None:
    waiting, _ = asking(world)

    hear(world, waiting.execution_name)

    assert (stored(world, waiting).status, serving(world)) == ("Failed", ("1.0.0", None, 0))


def test_what_people_refused_stays_refused_whatever_its_execution_did(world: FakeWorld) -> None:
    no = Decision("ada", is_approval=False, reason="not on a Friday", at="2026-11-22T15:00:00.000Z")
    waiting, _ = asking(world, status=ApprovalStatus.REJECTED, decisions=(no,), decided_at=no.at)

    hear(world, waiting.execution_name, "TIMED_OUT")

    ended = stored(world, waiting)
    assert (ended.status, ended.status_reason) == ("Rejected", "rejected by ada: not on a Friday")


def test_a_machine_that_left_no_word_how_to_wake_it_does_not_keep_its_place_for_ever(world: FakeWorld) -> None:
    now = "2026-11-22T15:00:10.000Z"
    waiting, approval = asking(world, status=ApprovalStatus.APPROVED, decided_at=now)

    assert sweep(world, seconds=30) == Convergence()
    assert sweep(world).rolled_back == (waiting.id,)
    assert stored(world, waiting).status is DeploymentStatus.FAILED
    assert approval.task_token is None
