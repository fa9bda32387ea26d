"""State ``AcquireLease``: be the only one who moves this plugin in this environment."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib.domain.times import rfc3339
from chalicelib.ports import Ports
from chalicelib.steps._given import DeploymentGiven, Result
from chalicelib.steps._held import commit, held_deployment
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class AcquireLeaseResult(Result):
    """The fencing token: the route refuses whoever has a smaller one."""

    fence: int


@blueprint.lambda_function(name="acquire_lease")
@step(DeploymentGiven)
def acquire_lease(given: DeploymentGiven, ports: Ports) -> AcquireLeaseResult:
    """
    State ``AcquireLease``: verify and renew the lease that was taken with the deployment, and begin.

    Idempotent: a repeated run renews once more and keeps the time of the first begin.

    Reads ``$.deployment_id``; writes ``$.lease``.

    Raises:
        FencedOffError: The lease ran out and a newer deployment took it.
        DeploymentEndedError: It has ended meanwhile.
    """
    deployment = held_deployment(given, ports)
    begun = deployment.begin(rfc3339(ports.clock.now()))

    commit(begun, "AcquireLease", given, ports, fence=begun.fence)

    return AcquireLeaseResult(fence=begun.fence)
