"""Begin deployments; their steps live in ``steps/``, one file a state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.authorization import require_deployer
from chalicelib.domain.deployments import Deployment, OnConflict
from chalicelib.domain.populations import salt_of
from chalicelib.domain.routes import Route
from chalicelib.services import turns
from chalicelib.services.proposals import propose
from chalicelib.services.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.ids import Environment
    from chalicelib.domain.strategies import Strategy
    from chalicelib.ports import Ports

__all__ = ["CreateDeployment", "create_deployment", "new_route", "target_of"]


class CreateDeployment(NamedTuple):
    """
    Ask for a version to become the current one of an environment; no strategy means the environment's own.

    *config*, *health* and *steps* are as the API takes them. *max_tenants* and *max_requests* cap whom the
    candidate serves before it has everything.
    """

    caller: Caller
    plugin_id: str
    version: str
    environment: Environment
    strategy: Strategy | None = None
    reason: str = ""
    on_conflict: OnConflict = OnConflict.REJECT
    config: Mapping[str, Any] | None = None
    health: Mapping[str, Any] | None = None
    steps: Sequence[Any] | None = None
    start_at: datetime | None = None
    max_tenants: int | None = None
    max_requests: int | None = None


def create_deployment(command: CreateDeployment, ports: Ports) -> Deployment:
    """
    Begin moving an environment from its stable version to another one.

    The deployment and its lease are one write. If we die before the execution starts, the lease runs out
    and the next deployment takes over.

    Raises:
        ForbiddenError: The caller may not deploy there (403).
        ValidationError: A config, a step, a limit of health or the start can't be (400).
        NotFoundError: There is no such plugin or version (404).
        VersionNotReadyError: A version that would serve has not passed its intake (422).
        UnprocessableError: A rule of the environment, or what was asked for, does not allow it (422).
        DeploymentInProgressError: Another one holds the lease, and this was not asked to wait or supersede it (409).
    """
    require_deployer(command.caller, command.environment)
    proposal = propose(command, ports)
    if proposal.refusals:
        raise proposal.refusals[0]
    return turns.take_turn(proposal.deployment, command.caller, ports)


def new_route(plugin_id: str, environment: str) -> Route:
    """Make the route of a first deployment: nobody serves yet, and plans have counted with its salt already."""
    return Route(plugin_id=plugin_id, environment=environment, salt=salt_of(plugin_id, environment))
