"""State ``PrepareCandidate``: remember the last known good route, and put the candidate beside it."""

from __future__ import annotations

from dataclasses import replace

from chalice.app import Blueprint

from chalicelib.ports import Ports
from chalicelib.services.deployments import new_route
from chalicelib.steps._given import DeploymentGiven, Result
from chalicelib.steps._held import commit, held_deployment, held_route
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class PrepareCandidateResult(Result):
    """The version to go back to; None before the first deployment."""

    previous_version: str | None


@blueprint.lambda_function(name="prepare_candidate")
@step(DeploymentGiven)
def prepare_candidate(given: DeploymentGiven, ports: Ports) -> PrepareCandidateResult:
    """
    State ``PrepareCandidate``: snapshot the whole route, then offer the candidate without traffic.

    Idempotent: snapshot and offer are one write, so the snapshot can't be taken of our own offer.
    A repeated run only mirrors again.

    Reads ``$.deployment_id``; writes ``$.preparation``.

    Raises:
        FencedOffError: A newer deployment owns the route.
        DeploymentEndedError: It has ended meanwhile.
    """
    deployment = held_deployment(given, ports)
    if deployment.last_known_good is None:
        route = ports.routes.get(deployment.plugin_id, deployment.environment)
        good = route or new_route(deployment.plugin_id, deployment.environment)
        offered = good.offer(deployment.target, deployment_id=deployment.id, fence=deployment.fence)
        deployment = replace(
            deployment, last_known_good=good, previous_version=good.stable.version if good.stable else None
        )
        commit(deployment, "PrepareCandidate", given, ports, route=offered, stable=deployment.previous_version)
    else:
        offered = held_route(deployment, ports)
    ports.functions.mirror(offered)

    return PrepareCandidateResult(previous_version=deployment.previous_version)
