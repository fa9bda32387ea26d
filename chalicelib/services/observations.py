"""Observations: what hosts measure themselves of tenants in an experiment, such as an order or its value."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import require_known_tenants
from chalicelib.domain.errors import UnprocessableError
from chalicelib.domain.sides import Observed
from chalicelib.domain.tallies import mark

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports


class Observation(NamedTuple):
    """One value of a metric, for one tenant."""

    tenant_id: str
    metric: str
    value: float


class Observe(NamedTuple):
    """Add *observations* to the experiment of a deployment."""

    caller: Caller
    deployment_id: str
    observations: tuple[Observation, ...]
    validate_only: bool = False


def observe(command: Observe, ports: Ports) -> int:
    """
    Add observations, all or none; return how many.

    A tenant counts for the variant that serves it, so nobody says which that is.

    Raises:
        NotFoundError: There is no such deployment, or the caller's key is not for one of the tenants (404).
        DeploymentEndedError: It has ended (409).
        UnprocessableError: It is no experiment (422).
    """
    require_known_tenants(command.caller, {one.tenant_id for one in command.observations})
    deployment = ports.deployments.get(command.deployment_id)
    deployment.require_live()
    if not any(step.variants for step in deployment.plan.steps):
        raise UnprocessableError(
            f"{deployment.id} is no experiment.", fix='Deploy with "strategy": "ABTesting" to compare metrics.'
        )
    if not command.validate_only:
        ports.measurements.observe(deployment.id, _summed(deployment.id, command.observations))
    return len(command.observations)


def _summed(deployment_id: str, observations: tuple[Observation, ...]) -> tuple[Observed, ...]:
    """Add up what is of one tenant and metric: a transaction may touch an item once."""
    found: dict[tuple[str, str], list[float]] = {}
    for one in observations:
        found.setdefault((mark(deployment_id, one.tenant_id), one.metric), []).append(one.value)
    return tuple(
        Observed(tenant, metric, len(values), sum(values), sum(value * value for value in values))
        for (tenant, metric), values in found.items()
    )
