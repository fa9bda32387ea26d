"""What holds for every step alike: it may run twice, and it may die after any call and run again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.domain.deployments import Deployment
from chalicelib.steps._step import UnexpectedStepError
from chalicelib.steps.acquire_lease import acquire_lease
from chalicelib.steps.check_health import check_health
from chalicelib.steps.complete_deployment import complete_deployment
from chalicelib.steps.evaluate_step import evaluate_step
from chalicelib.steps.mark_ready import mark_ready
from chalicelib.steps.measure_init import measure_init
from chalicelib.steps.prepare_candidate import prepare_candidate
from chalicelib.steps.publish_version import publish_version
from chalicelib.steps.reject_version import reject_version
from chalicelib.steps.roll_back import roll_back
from chalicelib.steps.shift_traffic import shift_traffic
from chalicelib.steps.take_step import take_step
from chalicelib.steps.validate_deployment import validate_deployment
from chalicelib.steps.verify_package import verify_package
from chalicelib.steps.warm_candidate import warm_candidate
from tests.fakes import FakeWorld
from tests.steps.deaths import DiedError, Fate, mortal
from tests.steps.deployed import JUDGE, SHIFT, SMOKE, WARM
from tests.steps.worlds import Handler, a_deployment, a_package, a_ready_version, a_world, announce, intake_given, run

FAILURE = {"Error": "States.Timeout", "Cause": ""}


@dataclass(frozen=True)
class Case:
    """A step, and what runs before it."""

    handler: Handler
    before: tuple[Handler, ...]
    more: Mapping[str, Any]

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
    _run_all(world, deployment, case.before)
    return world, {"deployment_id": deployment.id, **case.more}


def _run_all(world: FakeWorld, deployment: Deployment, handlers: tuple[Handler, ...]) -> None:
    steps = {warm_candidate: WARM, check_health: SMOKE, shift_traffic: SHIFT, evaluate_step: JUDGE}
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
NAMES = [f"{case.name}-after-{len(case.before)}" for case, _ in WORLDS]


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
