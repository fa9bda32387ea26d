"""A deployment's way through its machine, in process, as deployment.asl.json and observe.asl.json send it."""

from collections.abc import Callable
from typing import Any

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.errors import TransientError
from chalicelib.ports import Ports
from chalicelib.steps.acquire_lease import acquire_lease
from chalicelib.steps.check_health import check_health
from chalicelib.steps.complete_deployment import complete_deployment
from chalicelib.steps.evaluate_step import evaluate_step
from chalicelib.steps.prepare_candidate import prepare_candidate
from chalicelib.steps.shift_traffic import shift_traffic
from chalicelib.steps.take_step import take_step
from chalicelib.steps.validate_deployment import validate_deployment
from chalicelib.steps.warm_candidate import warm_candidate
from tests.fakes import FakeWorld
from tests.steps.worlds import Handler, run

#: What `WhichStep?` sends where; the waits are left out, which look again and again.
_STATES: dict[str, Handler] = {
    "prepare": prepare_candidate,
    "warm": warm_candidate,
    "smoke": check_health,
    "shift": shift_traffic,
    "evaluate": evaluate_step,
}
#: As often as a task is tried again (`Retry`), with no time between.
_TRIES = 3


def walk(world: FakeWorld, deployment: Deployment, ports: Ports) -> None:
    """
    Take every state in its turn until the deployment is Completed; waits move the clock of the world.

    Raises:
        Exception: What a state raised that the machine would not try again.
    """

    def task(handler: Handler, **given: Any) -> dict[str, Any]:
        return _retried(lambda: run(handler, ports, deployment_id=deployment.id, **given))

    task(validate_deployment)
    task(acquire_lease)
    taken = task(take_step)
    while taken["kind"] != "none":
        if taken["kind"] == "wait":
            _watch(world, taken, task)
        else:
            task(_STATES[taken["kind"]], step=taken)
        taken = task(take_step, step=taken)
    task(complete_deployment)


def _watch(world: FakeWorld, taken: dict[str, Any], task: Callable[..., dict[str, Any]]) -> None:
    tick = task(evaluate_step, step=taken)
    while not tick["is_over"]:
        world.clock.advance(seconds=tick["seconds"])
        tick = task(evaluate_step, step=taken, tick=tick)


def _retried(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    for _ in range(_TRIES - 1):
        try:
            return call()
        except TransientError:
            continue
    return call()
