"""What holds for every step alike: it may run twice, and it may die after any call and run again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.deployments import Deployment
from chalicelib.domain.plans import Plan
from chalicelib.domain.policies import ApprovalRule, EnvironmentPolicy
from chalicelib.services.approvals import Decide, decide
from chalicelib.steps._step import UnexpectedStepError
from chalicelib.steps.acquire_lease import acquire_lease
from chalicelib.steps.await_approval import await_approval
from chalicelib.steps.check_approval import check_approval
from chalicelib.steps.check_health import check_health
from chalicelib.steps.complete_deployment import complete_deployment
from chalicelib.steps.evaluate_step import evaluate_step
from chalicelib.steps.mark_ready import mark_ready
from chalicelib.steps.measure_init import measure_init
from chalicelib.steps.prepare_candidate import prepare_candidate
from chalicelib.steps.publish_version import publish_version
from chalicelib.steps.reject_version import reject_version
from chalicelib.steps.request_approval import request_approval
from chalicelib.steps.roll_back import roll_back
from chalicelib.steps.shift_traffic import shift_traffic
from chalicelib.steps.take_step import take_step
from chalicelib.steps.validate_deployment import validate_deployment
from chalicelib.steps.verify_package import verify_package
from chalicelib.steps.warm_candidate import warm_candidate
from tests.fakes import FakeWorld
from tests.steps.deaths import DiedError, Fate, mortal
from tests.steps.deployed import JUDGE, SHIFT, SMOKE, WARM
from tests.steps.plans import APPROVE, a_plan, give_plan, observe, shift
from tests.steps.plans import SMOKE as SMOKING
from tests.steps.plans import WARM as WARMING
from tests.steps.worlds import (
    DEVELOPMENT,
    Handler,
    a_deployment,
    a_package,
    a_ready_version,
    a_world,
    announce,
    answer_badly,
    intake_given,
    run,
)

FAILURE = {"Error": "States.Timeout", "Cause": ""}


@dataclass(frozen=True)
class Case:
    """A step, and what runs before it."""

    handler: Handler
    before: tuple[Handler, ...]
    more: Mapping[str, Any]
    plan: Plan | None = None
    then: Callable[[FakeWorld], None] = lambda _: None
    label: str = ""

    @property
    def name(self) -> str:
        return str(self.handler.func._original_func.__name__)  # type: ignore[attr-defined]


INTAKE = (verify_package, publish_version, measure_init, mark_ready)
BEGIN = (acquire_lease, prepare_candidate)
PLAN = (warm_candidate, check_health, shift_traffic, take_step, evaluate_step)

INTAKE_CASES = [
    *(Case(handler, INTAKE[:index], {}) for index, handler in enumerate(INTAKE)),
    Case(reject_version, INTAKE[:2], {"error": FAILURE}),
]
ASKED = (acquire_lease, take_step, request_approval)
FIRST = {"step": {"kind": "approve", "index": 0}, "approval": {"approval_id": "apr_01HSF000000000000000000021-1-0"}}
ASKING = a_plan(APPROVE, WARMING, SMOKING, shift(100), observe(0))
OBSERVING = a_plan(WARMING, SMOKING, shift(10), observe(60), shift(100), observe(0))
OBSERVED = (*BEGIN, warm_candidate, check_health, shift_traffic, take_step)


def agree(world: FakeWorld, *, is_approval: bool = True) -> None:
    """Let somebody decide on what is asked."""
    (approval,) = world.tables.approvals.values()
    ben = Caller("ben", frozenset({Role.APPROVER}))
    decide(Decide(ben, approval.id, is_approval, "we looked at it"), world.ports)


def turn_bad(world: FakeWorld, looks: int) -> None:
    """Let the candidate's health check fail, and have seen all but the last of so many bad looks."""
    answer_badly(world, "2.0.0", "PluginRaised", "no", only="ping")
    for _ in range(looks - 1):
        world.clock.advance(seconds=10)
        run(evaluate_step, world.ports, deployment_id=max(world.tables.deployments), **JUDGE)
    world.clock.advance(seconds=10)


WAITING_CASES = [
    Case(request_approval, (acquire_lease, take_step), FIRST, ASKING, label="asking"),
    Case(await_approval, ASKED, {**FIRST, "task_token": "token"}, ASKING, label="waiting"),
    Case(await_approval, ASKED, {**FIRST, "task_token": "token"}, ASKING, agree, "decided"),
    Case(check_approval, ASKED, FIRST, ASKING, label="open"),
    Case(check_approval, ASKED, FIRST, ASKING, agree, "agreed"),
    Case(check_approval, ASKED, FIRST, ASKING, lambda world: agree(world, is_approval=False), "refused"),
    Case(evaluate_step, OBSERVED, JUDGE, OBSERVING, label="on"),
    Case(evaluate_step, OBSERVED, JUDGE, OBSERVING, lambda world: world.clock.advance(seconds=60), "over"),
    Case(evaluate_step, OBSERVED, JUDGE, OBSERVING, lambda world: turn_bad(world, 1), "first-bad-look"),
    Case(evaluate_step, OBSERVED, JUDGE, OBSERVING, lambda world: turn_bad(world, 3), "last-bad-look"),
    Case(take_step, OBSERVED[:-1], {}, OBSERVING, label="wait"),
    Case(take_step, (acquire_lease,), {}, OBSERVING, label="prepare"),
]


DEPLOYMENT_CASES = [
    Case(validate_deployment, (), {}),
    Case(acquire_lease, (), {}),
    Case(prepare_candidate, (acquire_lease,), {}),
    Case(take_step, BEGIN, {}),
    Case(warm_candidate, BEGIN, WARM),
    Case(check_health, (*BEGIN, warm_candidate), SMOKE),
    Case(shift_traffic, (*BEGIN, warm_candidate, check_health), SHIFT),
    Case(evaluate_step, (*BEGIN, *PLAN[:4]), JUDGE),
    Case(complete_deployment, (*BEGIN, *PLAN), {}),
    *WAITING_CASES,
    Case(roll_back, (acquire_lease,), {"error": FAILURE}),
    Case(roll_back, BEGIN, {"error": FAILURE}),
    Case(roll_back, (*BEGIN, *PLAN), {"error": FAILURE}),
]


def an_intake(case: Case) -> tuple[FakeWorld, dict[str, Any]]:
    world = a_world()
    announce(world, a_package())
    for handler in case.before:
        run(handler, world.ports, **intake_given())
    return world, intake_given(**case.more)


def a_running_deployment(case: Case) -> tuple[FakeWorld, dict[str, Any]]:
    """Deploy 2.0.0 over 1.0.0, which really was deployed before, so that there is a last known good."""
    world = a_world()
    for number in ("1.0.0", "2.0.0"):
        a_ready_version(world, number)
    _run_all(world, a_deployment(world, "1.0.0"), (*BEGIN, *PLAN, complete_deployment))
    deployment = a_deployment(world, "2.0.0")
    if case.plan is not None:
        deployment = give_plan(world, deployment, case.plan)
        rule = ApprovalRule(1 if case.plan is ASKING else 0)
        world.tables.policies[DEVELOPMENT] = EnvironmentPolicy(DEVELOPMENT, rule)
    _run_all(world, deployment, case.before)
    case.then(world)
    return world, {"deployment_id": deployment.id, **case.more}


def _run_all(world: FakeWorld, deployment: Deployment, handlers: tuple[Handler, ...]) -> None:
    steps: dict[Handler, dict[str, Any]] = {
        warm_candidate: WARM,
        check_health: SMOKE,
        shift_traffic: SHIFT,
        evaluate_step: JUDGE,
        request_approval: FIRST,
    }
    for handler in handlers:
        run(handler, world.ports, deployment_id=deployment.id, **steps.get(handler, {}))


def outcome(world: FakeWorld) -> dict[str, Any]:
    """Everything that is left behind, without what a repeat may change: counters, measured times, drawn salts."""
    tables = world.tables
    return {
        "versions": {key: replace(version, revision=0) for key, version in tables.versions.items()},
        "deployments": {key: _settled(one) for key, one in tables.deployments.items()},
        "routes": {key: route._replace(salt="") for key, route in tables.routes.items()},
        "leases": tables.leases,
        "approvals": {key: replace(one, revision=0) for key, one in tables.approvals.items()},
        "woken": set(world.executions.woken),
        "publish_leases": tables.publish_leases,
        "functions": {
            key: (one.code_sha256, one.label, one.published, one.aliases, one.weights_bps)
            for key, one in world.functions.functions.items()
        },
        "objects": world.artifacts.objects,
    }


def _settled(one: Deployment) -> Deployment:
    good = one.last_known_good
    return replace(
        one,
        revision=0,
        health_checks=tuple(replace(check, duration_ms=0) for check in one.health_checks),
        last_known_good=good._replace(salt="") if good else None,
    )


WORLDS: list[tuple[Case, Callable[[Case], tuple[FakeWorld, dict[str, Any]]]]] = [
    *((case, an_intake) for case in INTAKE_CASES),
    *((case, a_running_deployment) for case in DEPLOYMENT_CASES),
]
NAMES = [f"{case.name}-{case.label or f'after-{len(case.before)}'}" for case, _ in WORLDS]


@pytest.mark.parametrize("case, make", WORLDS, ids=NAMES)
def test_running_a_step_twice_leaves_and_answers_the_same_as_once(
    case: Case, make: Callable[[Case], tuple[FakeWorld, dict[str, Any]]]
) -> None:
    world, given = make(case)

    first = run(case.handler, world.ports, **given)
    left = repr(outcome(world))
    second = run(case.handler, world.ports, **given)

    assert second == first
    assert repr(outcome(world)) == left


@pytest.mark.parametrize("case, make", WORLDS, ids=NAMES)
def test_a_step_that_dies_after_any_call_converges_when_it_runs_again(
    case: Case, make: Callable[[Case], tuple[FakeWorld, dict[str, Any]]]
) -> None:
    undisturbed, given = make(case)
    fate = Fate()
    answer = run(case.handler, mortal(undisturbed.ports, fate), **given)
    expected = repr(outcome(undisturbed))

    for dies_after in range(1, len(fate.calls) + 1):
        world, given = make(case)
        with pytest.raises(UnexpectedStepError) as death:
            run(case.handler, mortal(world.ports, Fate(dies_after)), **given)
        again = run(case.handler, world.ports, **given)

        assert isinstance(death.value.__cause__, DiedError)
        assert (again, repr(outcome(world))) == (answer, expected), f"died after {fate.calls[dies_after - 1]}"
