"""A world in which 1.0.0 serves and 2.0.0 is on its way."""

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.versions import Version
from chalicelib.steps.acquire_lease import acquire_lease
from chalicelib.steps.check_health import check_health
from chalicelib.steps.complete_deployment import complete_deployment
from chalicelib.steps.evaluate_step import evaluate_step
from chalicelib.steps.prepare_candidate import prepare_candidate
from chalicelib.steps.shift_traffic import shift_traffic
from chalicelib.steps.take_step import take_step
from chalicelib.steps.warm_candidate import warm_candidate
from tests.fakes import FakeWorld
from tests.steps.worlds import DEVELOPMENT, PLUGIN, Handler, a_deployment, a_ready_version, run, stored_route

WARM, SMOKE, SHIFT, JUDGE = (
    {"step": {"kind": kind, "index": index}} for index, kind in enumerate(("warm", "smoke", "shift", "evaluate"))
)
BEGIN: tuple[Handler, ...] = (acquire_lease, prepare_candidate)
PLAN: tuple[Handler, ...] = (warm_candidate, check_health, shift_traffic, take_step, evaluate_step)
_STEPS = {warm_candidate: WARM, check_health: SMOKE, shift_traffic: SHIFT, evaluate_step: JUDGE}


def run_steps(world: FakeWorld, deployment: Deployment, *handlers: Handler) -> None:
    """Run steps of a deployment one after the other."""
    for handler in handlers:
        run(handler, world.ports, deployment_id=deployment.id, **_STEPS.get(handler, {}))


def deploy_first(world: FakeWorld) -> Version:
    """Make 1.0.0 the version that serves, by its own deployment."""
    version = a_ready_version(world, "1.0.0")
    run_steps(world, a_deployment(world, "1.0.0"), *BEGIN, *PLAN, complete_deployment)
    return version


def begin_second(world: FakeWorld) -> Deployment:
    """Make 1.0.0 serve, and ask for 2.0.0 to take over."""
    deploy_first(world)
    a_ready_version(world, "2.0.0")
    return a_deployment(world, "2.0.0")


def serves_only(world: FakeWorld, number: str) -> bool:
    """Tell whether route and alias both give everybody *number*, and nobody else is offered."""
    route = stored_route(world)
    stable = route.stable
    return (
        stable is not None
        and stable.version == number
        and (route.candidate, route.candidate_bps, route.deployment_id) == (None, 0, None)
        and world.functions.weights(PLUGIN, DEVELOPMENT) == {stable.lambda_version: 10_000}
    )
