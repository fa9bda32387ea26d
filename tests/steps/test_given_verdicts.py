"""Every verdict is kept as it was given: each look's, and with what followed from it in one write."""

from dataclasses import replace

import pytest

from chalicelib.domain.given_verdicts import Consequence, GivenVerdict
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.verbs import Verb
from chalicelib.services.verbs import SayVerb, say_verb
from chalicelib.steps.acquire_lease import acquire_lease
from chalicelib.steps.check_health import check_health
from chalicelib.steps.evaluate_step import evaluate_step
from chalicelib.steps.prepare_candidate import prepare_candidate
from chalicelib.steps.shift_traffic import shift_traffic
from chalicelib.steps.take_step import take_step
from chalicelib.steps.warm_candidate import warm_candidate
from tests.fakes import FakeWorld
from tests.steps.plans import CANARY, begin_plan
from tests.steps.worlds import ANA, a_world, answer_badly, run

OBSERVE = {"kind": "wait", "index": 3}


@pytest.fixture(name="world")
def make_world() -> FakeWorld:
    return a_world()


def at_observation(world: FakeWorld) -> str:
    """Bring a canary to its first observation, by its own steps."""
    deployment = begin_plan(world, CANARY)
    given = {"deployment_id": deployment.id}
    for handler, index in ((acquire_lease, 0), (prepare_candidate, 0), (warm_candidate, 0), (check_health, 1)):
        run(handler, world.ports, **given, step={"kind": "", "index": index})
    run(shift_traffic, world.ports, **given, step={"kind": "shift", "index": 2})
    run(take_step, world.ports, **given)
    return deployment.id


def look(world: FakeWorld, deployment_id: str, seconds: int = 10) -> None:
    world.clock.advance(seconds=seconds)
    run(evaluate_step, world.ports, deployment_id=deployment_id, step=OBSERVE)


def given(world: FakeWorld, deployment_id: str) -> list[GivenVerdict]:
    """List them, oldest first."""
    return list(reversed(world.ports.verdicts.page(deployment_id, PageRequest(100, None)).items))


def told(one: GivenVerdict) -> tuple[str, str, str]:
    return one.step_kind, one.verdict.outcome, one.consequence


def test_each_look_is_kept_and_the_last_with_the_step_that_it_ends(world: FakeWorld) -> None:
    deployment_id = at_observation(world)

    for _ in range(7):
        look(world, deployment_id)

    looks = given(world, deployment_id)
    assert [told(one) for one in looks] == [
        ("warm", "pass", "complete"),
        ("smoke", "pass", "complete"),
        *[("observe", "pass", "none")] * 5,
        ("observe", "pass", "complete"),
    ]
    step = world.ports.deployments.get(deployment_id).plan.steps[3]
    assert looks[-1].verdict == step.verdict
    assert all(one.verdict.signals for one in looks if one.step_kind == "observe")


def test_a_fail_is_kept_in_the_write_that_takes_the_traffic_back(world: FakeWorld) -> None:
    deployment_id = at_observation(world)
    answer_badly(world, "2.0.0", "PluginRaised", "no", only="ping")

    for _ in range(3):
        look(world, deployment_id)

    *before, last = given(world, deployment_id)
    assert told(last) == ("observe", "fail", "rollback")
    assert "fail" not in [one.verdict.outcome for one in before]
    assert last.at == world.tables.records[-2].at == world.tables.records[-1].at
    look(world, deployment_id)
    assert given(world, deployment_id)[-1] == last


def test_what_is_held_for_a_verdict_says_so_once(world: FakeWorld) -> None:
    deployment_id = at_observation(world)
    answer_badly(world, "2.0.0", "PluginRaised", "no", only="ping")
    deployment = world.tables.deployments[deployment_id]
    world.tables.deployments[deployment_id] = replace(deployment, auto_rollback=False)

    for _ in range(5):
        look(world, deployment_id)

    observed = [told(one)[1:] for one in given(world, deployment_id) if one.step_kind == "observe"]
    assert observed[:3] == [("pass", "none")] * 2 + [("fail", "hold")]
    assert {consequence for _, consequence in observed[3:]} == {"none"}


def test_what_a_person_decides_is_kept_like_any_other_verdict(world: FakeWorld) -> None:
    deployment_id = at_observation(world)

    say_verb(SayVerb(ANA, Verb.ADVANCE, deployment_id, "seen enough"), world.ports)
    say_verb(SayVerb(ANA, Verb.ROLLBACK, deployment_id, "no, after all"), world.ports)

    *_, advanced, back = given(world, deployment_id)
    assert (advanced.step_index, advanced.consequence) == (3, Consequence.COMPLETE)
    assert advanced.verdict.rule == "advance by hand"
    assert (back.step_index, back.consequence) == (4, Consequence.ROLLBACK)
    assert "no, after all" in back.verdict.reason
