"""What a dry run says that a run costs is what the machine then does: state by state, call by call."""

import pytest

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.forecasts import cost_of
from chalicelib.domain.ids import Environment
from chalicelib.domain.plans import Plan, StepKind
from chalicelib.domain.policies import ApprovalRule, EnvironmentPolicy
from chalicelib.domain.strategies import Strategy, compile_plan
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.statemachines.test_deployment_approvals import BEN, says
from tests.steps.plans import APPROVE, BLUE_GREEN, CANARY, ROLLING, SMOKE, WARM, a_plan, begin_plan, observe, shift
from tests.steps.worlds import DEVELOPMENT

INTERVAL_SECONDS = 10
PLANS = {
    "direct": compile_plan(Strategy.DIRECT),
    "canary": CANARY,
    "blue-green": BLUE_GREEN,
    "rolling": ROLLING,
    "with people": a_plan(APPROVE, WARM, SMOKE, shift(100), observe(0)),
    "longer than one execution": a_plan(WARM, SMOKE, shift(50), observe(5_005), shift(100), observe(0)),
}


def states_passed(run: Machines) -> int:
    """Count what AWS bills: every state that any execution entered."""
    return sum(
        "stateEnteredEventDetails" in event
        for machine in ("deployment", "observe")
        for events in run.histories(machine)
        for event in events
    )


def begin(world: FakeWorld, run: Machines, plan: Plan) -> Deployment:
    """Ask for a run of *plan*, with a person at hand who agrees at once if anybody is asked."""
    deployment = begin_plan(world, plan)
    needed = sum(step.kind is StepKind.APPROVE for step in plan.steps)
    world.tables.policies[Environment.DEVELOPMENT] = EnvironmentPolicy(DEVELOPMENT, ApprovalRule(needed))
    run.functions.after_next("await_approval", says(run, BEN))
    return deployment


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_a_run_passes_the_states_and_makes_the_calls_that_its_forecast_says(
    plan: Plan, world: FakeWorld, run: Machines
) -> None:
    deployment = begin(world, run, plan)
    before = len(world.functions.calls)

    execution = run.run("deployment", deployment_id=deployment.id)

    calls = len(run.functions.called) + len(world.functions.calls) - before
    foretold = cost_of(plan, INTERVAL_SECONDS)
    assert execution.end == "Completed"
    assert (states_passed(run), calls) == (foretold.transitions, foretold.lambda_calls)
