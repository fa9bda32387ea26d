"""Evaluations: what is kept of many looks, and what a person has overruled."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import TransientError
from chalicelib.domain.plans import Plan
from chalicelib.domain.verdicts import Outcome, Verdict
from chalicelib.services.evaluations import KEPT_CHECKS, evaluate
from tests.fakes import FakeWorld
from tests.steps.plans import CANARY, begin_plan
from tests.steps.worlds import a_world, answer_badly, answer_truly, stored_version


@pytest.fixture(name="world")
def make_world() -> FakeWorld:
    return a_world()


def test_a_pass_after_a_pass_is_not_kept(world: FakeWorld) -> None:
    deployment = begin_plan(world, CANARY)

    for _ in range(5):
        world.clock.advance(seconds=10)
        verdict, deployment, _ = evaluate(deployment, world.ports)

    assert verdict.outcome == Outcome.PASS
    assert len(deployment.health_checks) == 1


def test_what_fails_on_and_on_is_kept_until_it_is_too_often(world: FakeWorld) -> None:
    deployment = begin_plan(world, CANARY)
    answer_badly(world, "2.0.0", "PluginRaised", "no", only="ping")
    verdicts = []

    for _ in range(6):
        world.clock.advance(seconds=10)
        verdict, deployment, _ = evaluate(deployment, world.ports)
        verdicts.append(verdict.outcome)

    assert verdicts == ["inconclusive"] * 2 + ["fail"] * 4
    assert [check.outcome for check in deployment.health_checks] == ["fail"] * 3


def test_so_many_checks_are_kept_and_no_more(world: FakeWorld) -> None:
    deployment = begin_plan(world, CANARY)
    digest = stored_version(world, "2.0.0").sha256

    for number in range(2 * KEPT_CHECKS):
        world.clock.advance(seconds=10)
        if number % 2:
            answer_truly(world, "2.0.0", digest)
        else:
            answer_badly(world, "2.0.0", "PluginRaised", "no", only="ping")
        _, deployment, _ = evaluate(deployment, world.ports)

    assert len(deployment.health_checks) == KEPT_CHECKS


def test_a_look_at_the_same_moment_counts_once(world: FakeWorld) -> None:
    deployment = begin_plan(world, CANARY)
    answer_badly(world, "2.0.0", "PluginRaised", "no", only="ping")

    for _ in range(5):
        verdict, deployment, _ = evaluate(deployment, world.ports)

    assert verdict.outcome == Outcome.INCONCLUSIVE
    assert len(deployment.health_checks) == 1


def test_a_check_that_could_not_be_made_is_an_error(world: FakeWorld) -> None:
    """R7: an error is neither a pass nor a fail."""
    deployment = begin_plan(world, CANARY)
    world.functions.fail_next("call", TransientError("Lambda throttles"))

    verdict, deployment, _ = evaluate(deployment, world.ports)

    assert verdict.outcome == Outcome.ERROR
    assert deployment.health_checks[-1].message == "Lambda throttles"


def test_r09_what_a_person_went_on_after_is_not_held_against_the_candidate_again(world: FakeWorld) -> None:
    """R9: a human decision consumes its gate for that run (argo-rollouts#3015)."""
    deployment = begin_plan(world, CANARY)
    answer_badly(world, "2.0.0", "PluginRaised", "no", only="ping")
    for _ in range(3):
        world.clock.advance(seconds=10)
        failed, deployment, _ = evaluate(deployment, world.ports)
    first, *rest = deployment.plan.steps
    by_hand = Verdict(Outcome.INCONCLUSIVE, "cut short by ana", rule="advance by hand")
    gone_on = replace(first, ended_at=deployment.health_checks[-1].at, verdict=by_hand)
    deployment = replace(deployment, plan=Plan((gone_on, *rest)))
    world.clock.advance(seconds=10)

    verdict, _, _ = evaluate(deployment, world.ports)

    assert (failed.outcome, verdict.outcome) == ("fail", "inconclusive")
