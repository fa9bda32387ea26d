"""Who promotes skips the waits that are left, and a verdict still follows the last shift."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.plans import StepStatus
from chalicelib.domain.verbs import Verb
from chalicelib.services.verbs import SayVerb, say_verb
from tests.fakes import FakeWorld
from tests.statemachines.machines import Happening, Machines
from tests.statemachines.test_deployment_traffic import reaching
from tests.steps.deployed import serves_only
from tests.steps.plans import SMOKE, WARM, a_plan, begin_plan, observe, pause, shares, shift
from tests.steps.worlds import ANA, answer_badly

#: Both shifts reach tenants, of whom none has made a request; the last look would take ten minutes and fifty of them.
LONG = a_plan(WARM, SMOKE, reaching(shift(10)), observe(600), reaching(shift(100)), observe(600), pause(600))


def promote(world: FakeWorld, deployment_id: str) -> Happening:
    def say_it(_: Mapping[str, Any]) -> None:
        if world.ports.deployments.get(deployment_id).status is DeploymentStatus.IN_PROGRESS:
            say_verb(SayVerb(ANA, Verb.PROMOTE, deployment_id, "we need it now"), world.ports)

    return say_it


def test_after_a_promotion_what_has_everything_is_judged_at_once_on_what_there_is(
    world: FakeWorld, run: Machines
) -> None:
    deployment = begin_plan(world, LONG)
    run.functions.before_next("evaluate_step", lambda _: None)
    run.functions.before_next("evaluate_step", promote(world, deployment.id))

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    waited, last, rest = (ended.plan.steps[index] for index in (3, 5, 6))
    assert execution.end == "Completed"
    assert shares(world, deployment) == [1_000, 10_000]
    assert (waited.status, waited.verdict and waited.verdict.rule) == (StepStatus.SKIPPED, "promote by hand")
    assert last.verdict is not None
    assert (last.status, last.verdict.outcome) == (StepStatus.COMPLETED, "inconclusive")
    assert last.verdict.reason.startswith("cut short: until then, ")
    assert ended.status_reason == f"every step is done, step 6 (observe) without a pass: {last.verdict.reason}"
    assert (rest.status, ended.hold, sum(run.waited) < 60) == (StepStatus.SKIPPED, None, True)


def test_what_turns_out_bad_after_a_promotion_goes_back_all_the_same(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, LONG, health={"healthCheckInterval": "PT10S", "consecutiveFailures": 1})
    run.functions.before_next("evaluate_step", lambda _: None)
    run.functions.before_next("evaluate_step", promote(world, deployment.id))
    run.functions.after_next("shift_traffic", lambda _: None)
    run.functions.after_next(
        "shift_traffic", lambda _: answer_badly(world, "2.0.0", "PluginRaised", "not well", only="ping")
    )

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert execution.end == "RolledBack"
    assert ended.plan.steps[5].status is StepStatus.FAILED
    assert serves_only(world, "1.0.0")
