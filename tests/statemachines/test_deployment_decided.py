"""How an A/B test ends in the machine itself: by its numbers if that was asked for, else by a person who sees them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.plans import StepKind
from chalicelib.domain.tallies import Arm, Batch, mark
from chalicelib.domain.verbs import Verb
from chalicelib.services.verbs import SayVerb, say_verb
from chalicelib.steps.evaluate_step import MAX_TICKS
from tests.fakes import FakeWorld
from tests.statemachines.machines import Happening, Machines
from tests.statemachines.test_deployment_experiment import begin_experiment
from tests.steps.deployed import serves_only
from tests.steps.worlds import ANA

#: How many tenants each arm should meet of 120: A has a half of them, B and C a quarter each.
FAIR = {"1.0.0": 60, "2.0.0": 30, "3.0.0": 30}
THREE_DAYS = 72 * 3_600
MAX_EVENTS = 25_000


def ask(world: FakeWorld, seconds: int = 60, interval: str = "PT10S", **config: Any) -> Deployment:
    """Ask for an experiment between 1.0.0, which is stable, 2.0.0 and 3.0.0, on their error rate."""
    agreed = {"primaryMetric": "errorRate", "goal": "decrease", **config}
    asked = replace(begin_experiment(world, seconds), config=agreed, health={"healthCheckInterval": interval})
    world.tables.deployments[asked.id] = asked
    return asked


def met(
    world: FakeWorld, deployment: Deployment, failed: Mapping[str, int], tenants: Mapping[str, int] | None = None
) -> Happening:
    """Let tenants have met each version; of 100 calls of each so many *failed*, give or take a tenth."""

    def meet(_: object) -> None:
        for version, count in (tenants or FAIR).items():
            for number in range(count):
                arm = Arm(deployment.id, version, mark(deployment.id, f"{version}-{number}"))
                amounts = {"requests": 100, "failures": failed[version] * (9 + number % 3) // 10}
                world.tallies.add(Batch(f"{version}-{number}", {arm: amounts}, {}))

    return meet


def nothing(_: Mapping[str, Any]) -> None:
    """Let a call pass as it is."""


def at_looks(run: Machines, *happenings: Happening) -> None:
    for happening in happenings:
        run.functions.before_next("evaluate_step", happening)


def decision(world: FakeWorld, deployment: Deployment) -> tuple[str, str]:
    """Say how the step that decides was judged, and why."""
    steps = world.ports.deployments.get(deployment.id).plan.steps
    verdict = next(step.verdict for step in steps if step.kind is StepKind.DECIDE)
    return (str(verdict.outcome), verdict.reason) if verdict else ("", "")


@pytest.mark.parametrize(
    "failed, winner, outcome",
    [
        ({"1.0.0": 40, "2.0.0": 40, "3.0.0": 10}, "3.0.0", "pass"),
        ({"1.0.0": 40, "2.0.0": 10, "3.0.0": 30}, "2.0.0", "pass"),
        ({"1.0.0": 10, "2.0.0": 40, "3.0.0": 40}, "1.0.0", "pass"),
        ({"1.0.0": 20, "2.0.0": 20, "3.0.0": 20}, "1.0.0", "inconclusive"),
    ],
    ids=["the third wins", "the second wins", "stable wins", "nobody wins"],
)
def test_asked_to_promote_by_itself_the_machine_leaves_the_winner_and_stable_without_one(
    failed: Mapping[str, int], winner: str, outcome: str, world: FakeWorld, run: Machines
) -> None:
    deployment = ask(world, autoPromote=True)
    at_looks(run, met(world, deployment, failed))

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert (execution.end, ended.status) == ("Completed", DeploymentStatus.COMPLETED)
    assert (ended.outcome_version, decision(world, deployment)[0]) == (winner, outcome)
    assert serves_only(world, winner)


@pytest.mark.parametrize("tenants", [{"1.0.0": 60, "2.0.0": 90, "3.0.0": 30}, {"1.0.0": 90, "2.0.0": 10, "3.0.0": 20}])
def test_a_split_that_is_not_as_planned_proves_nothing_and_stable_stays(
    tenants: Mapping[str, int], world: FakeWorld, run: Machines
) -> None:
    """Who is in which arm is not by chance then: the best numbers may be its tenants' and not its version's."""
    deployment = ask(world, autoPromote=True)
    at_looks(run, met(world, deployment, {"1.0.0": 40, "2.0.0": 5, "3.0.0": 30}, tenants))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    outcome, reason = decision(world, deployment)
    assert outcome == "inconclusive"
    assert reason.startswith("the split is not as planned (")
    assert serves_only(world, "1.0.0")


@pytest.mark.parametrize("tenants", [{}, {"1.0.0": 4, "2.0.0": 2, "3.0.0": 2}])
def test_too_few_tenants_decide_nothing_by_themselves(
    tenants: Mapping[str, int], world: FakeWorld, run: Machines
) -> None:
    """R28: growthbook ships what is inconclusive at the end; here stable stays."""
    deployment = ask(world, autoPromote=True)
    happening = met(world, deployment, {"1.0.0": 40, "2.0.0": 0, "3.0.0": 0}, tenants) if tenants else nothing
    at_looks(run, happening)

    run.run("deployment", deployment_id=deployment.id)

    assert decision(world, deployment)[0] == "inconclusive"
    assert "tenants that each variant needs" in decision(world, deployment)[1]
    assert serves_only(world, "1.0.0")


def test_not_asked_to_it_waits_for_a_person_who_has_the_numbers_in_front(world: FakeWorld, run: Machines) -> None:
    deployment = ask(world)
    seen: list[str] = []

    def note(_: object) -> None:
        now = world.ports.deployments.get(deployment.id)
        if now.plan.current is not None and now.plan.current.kind is StepKind.DECIDE:
            seen.append(now.hold.reason if now.hold else "")

    def decide(_: object) -> None:
        command = SayVerb(ANA, Verb.PROMOTE, deployment.id, "C it is", outcome_version="3.0.0")
        say_verb(command, world.ports)

    at_looks(run, met(world, deployment, {"1.0.0": 40, "2.0.0": 40, "3.0.0": 10}), *(note,) * 9, decide)

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert set(seen[1:]) == {"C is better than A in errorRate: a person decides which variant stays"}
    assert (execution.end, ended.outcome_version, ended.changed_by) == ("Completed", "3.0.0", ("ana",))
    assert serves_only(world, "3.0.0")


def test_an_experiment_of_72_hours_ends_with_short_histories(world: FakeWorld, run: Machines) -> None:
    """R26: test_definitions counts the worst case of every second; here one runs to its end, looked at seldom."""
    deployment = ask(world, THREE_DAYS, "PT30M", autoPromote=True)
    at_looks(run, met(world, deployment, {"1.0.0": 40, "2.0.0": 10, "3.0.0": 40}))

    execution = run.run("deployment", deployment_id=deployment.id)

    looks = run.functions.called.count("evaluate_step")
    per_look = sum(len(events) for events in run.histories("observe")) / looks
    (whole,) = run.histories("deployment")
    assert (execution.end, sum(run.waited)) == ("Completed", THREE_DAYS)
    assert looks < MAX_TICKS
    assert per_look * MAX_TICKS < MAX_EVENTS
    assert len(whole) < looks
    assert serves_only(world, "2.0.0")
