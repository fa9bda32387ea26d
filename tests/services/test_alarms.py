"""An alarm of CloudWatch takes back what is tried at its place, once, and nothing that it can't be about."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.domain.deployments import DeploymentStatus, OnConflict
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.verbs import Verb
from chalicelib.events.alarm_raised import alarm_raised
from chalicelib.services.rollbacks import RollBack, roll_back
from chalicelib.services.verbs import SayVerb, say_verb
from tests.fakes import FakeWorld
from tests.services.live_deployments import ANA, PLACE, PLUGIN, a_world, ask, at_step, complete, serving

NAME = f"hotswap/{PLUGIN}/{PLACE}/declined-payments"


@pytest.fixture
def world() -> FakeWorld:
    made = a_world()
    complete(made, "1.0.0")
    return made


def hear(world: FakeWorld, name: str = NAME, at: datetime | None = None) -> Any:
    """Let EventBridge tell of an alarm, as the rule's target gets it."""
    raised_at = (at or world.clock.now()).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    state = {"value": "ALARM", "reason": "Threshold crossed: 12 of 100", "timestamp": raised_at}
    with bootstrap.use(world.ports):
        return alarm_raised({"source": "aws.cloudwatch", "detail": {"alarmName": name, "state": state}}, None)


@pytest.mark.parametrize("index", [3, 5])
@pytest.mark.parametrize("status", [DeploymentStatus.IN_PROGRESS, DeploymentStatus.PAUSED])
def test_an_alarm_takes_the_traffic_back_and_is_the_reason(
    world: FakeWorld, index: int, status: DeploymentStatus
) -> None:
    deployment = at_step(world, "2.0.0", index)
    world.tables.deployments[deployment.id] = replace(deployment, status=status)
    waiting = ask(world, "3.0.0", OnConflict.QUEUE)

    told = hear(world)

    ended = world.tables.deployments[deployment.id]
    assert told == {"deployment_id": deployment.id, "status": "RolledBack"}
    assert serving(world) == ("1.0.0", None, 0)
    assert ended.status_reason == f"the alarm {NAME} was raised: Threshold crossed: 12 of 100"
    (given,) = world.ports.verdicts.page(deployment.id, PageRequest(9, None)).items
    assert (given.verdict.rule, given.verdict.query, given.consequence) == ("alarm", NAME, "rollback")
    assert not world.tables.deployments[waiting.id].is_queued


def test_an_alarm_that_is_delivered_twice_or_too_late_changes_nothing_more(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    raised_at = world.clock.now()
    hear(world)
    roll_back(RollBack(deployment.id, ANA, "the evaluator was late"), world.ports)
    world.clock.advance(seconds=60)
    newer = at_step(world, "3.0.0", 3)

    told = hear(world, at=raised_at)

    assert told == {"status": None}
    assert world.tables.deployments[newer.id] == newer
    assert world.tables.actions.count("RollBack") == 1


def test_an_alarm_from_before_the_candidate_served_anybody_is_not_its_doing(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)

    hear(world, at=world.clock.now() - timedelta(seconds=1))

    assert world.tables.deployments[deployment.id] == deployment


@pytest.mark.parametrize(
    "name", [f"hotswap/{PLUGIN}/Production", f"hotswap/other/{PLACE}", f"hotswap/{PLUGIN}", "hotswap/echo/Nowhere/x"]
)
def test_an_alarm_of_another_place_is_left_alone(world: FakeWorld, name: str) -> None:
    deployment = at_step(world, "2.0.0", 3)

    assert hear(world, name) == {"status": None}
    assert world.tables.deployments[deployment.id] == deployment


def test_where_nothing_is_tried_an_alarm_changes_nothing(world: FakeWorld) -> None:
    before = len(world.tables.records)

    assert hear(world) == {"status": None}
    assert len(world.tables.records) == before


@pytest.mark.parametrize("changes", [{"auto_rollback": False}, {"health": {"onFail": "hold"}}])
def test_one_that_is_not_to_be_rolled_back_is_paused_once(world: FakeWorld, changes: dict[str, Any]) -> None:
    deployment = at_step(world, "2.0.0", 3)
    world.tables.deployments[deployment.id] = replace(deployment, **changes)
    raised_at = world.clock.now()

    hear(world)
    world.clock.advance(seconds=5)
    hear(world, at=raised_at)

    paused = world.tables.deployments[deployment.id]
    assert paused.hold is not None
    assert (paused.status, paused.hold.by) == ("Paused", NAME)
    assert serving(world) == ("1.0.0", "2.0.0", 1_000)
    assert world.tables.actions.count("PauseDeployment") == 1


def test_whoever_resumed_is_not_paused_again_by_the_same_alarm_but_by_another(world: FakeWorld) -> None:
    deployment = replace(at_step(world, "2.0.0", 3), health={"onFail": "hold"})
    world.tables.deployments[deployment.id] = deployment
    raised_at = world.clock.now()
    hear(world)
    world.clock.advance(seconds=30)
    say_verb(SayVerb(ANA, Verb.RESUME, deployment.id, "a false alarm"), world.ports)
    resumed = world.tables.deployments[deployment.id]

    told = hear(world, at=raised_at)

    assert told == {"deployment_id": deployment.id, "status": "InProgress"}
    assert world.tables.deployments[deployment.id] == resumed
    assert hear(world) == {"deployment_id": deployment.id, "status": "Paused"}


def test_one_that_only_warns_is_told_so_and_goes_on(world: FakeWorld) -> None:
    deployment = replace(at_step(world, "2.0.0", 3), health={"onFail": "warn"})
    world.tables.deployments[deployment.id] = deployment

    hear(world)

    assert world.tables.deployments[deployment.id] == deployment
    (given,) = world.ports.verdicts.page(deployment.id, PageRequest(9, None)).items
    assert (given.verdict.outcome, given.consequence) == ("fail", "none")
