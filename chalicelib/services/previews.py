"""Previews: the dry run of a deployment: who moves when, how long it takes, what it costs, and what is against it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.experiment_configs import ExperimentConfig
from chalicelib.domain.forecasts import Forecast, forecast
from chalicelib.domain.health_criteria import criteria_of
from chalicelib.services.proposals import propose

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.errors import DomainError
    from chalicelib.domain.policies import EnvironmentPolicy
    from chalicelib.ports import Ports
    from chalicelib.services.deployments import CreateDeployment


class Preview(NamedTuple):
    """A deployment as it would begin, what is foretold of it, and every rule that would refuse it."""

    deployment: Deployment
    forecast: Forecast
    policy: EnvironmentPolicy
    refusals: tuple[DomainError, ...]


def preview_deployment(command: CreateDeployment, ports: Ports) -> Preview:
    """
    Show what a deployment would do; nothing is written.

    What a rule refuses is told beside the plan, all at once, not raised.

    Raises:
        ValidationError: A config, a step, a limit of health or the start can't be (400).
        NotFoundError: There is no such plugin or version (404).
        VersionNotReadyError: A version that would serve has not passed its intake (422).
        UnprocessableError: What was asked for does not go together (422).
    """
    proposal = propose(command, ports)
    deployment, config = proposal.deployment, proposal.config
    foretold = forecast(
        deployment.plan,
        proposal.policy,
        ports.clock.now(),
        start_at=datetime.fromisoformat(deployment.start_at) if deployment.start_at else None,
        interval_seconds=criteria_of(deployment.health).health_check_interval_seconds,
        promotes_itself=isinstance(config, ExperimentConfig) and config.auto_promote,
    )
    return Preview(deployment, foretold, proposal.policy, proposal.refusals)
