"""The ladder: what a version must have gone through below before an environment takes it (CONTRACT §4, promise 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.errors import UnprocessableError
from chalicelib.domain.ids import Environment
from chalicelib.domain.plans import StepKind, StepStatus
from chalicelib.domain.verdicts import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.policies import EnvironmentPolicy
    from chalicelib.domain.routes import Target

_ORDER = tuple(Environment)


class LadderError(UnprocessableError):
    """The version has not been through a lower environment yet (422)."""


def has_climbed(environment: Environment, target: Target, deployments: Iterable[Deployment]) -> bool:
    """
    Tell whether one of *deployments* proves that *target* may come to *environment*.

    It was Completed below, or here before, with this very package, which then served; and before it served anybody,
    its health check and the tests of its manifest passed there, through its own alias.
    """
    return any(_proves(one, environment, target) for one in deployments)


def require_ladder(policy: EnvironmentPolicy, target: Target, deployments: Iterable[Deployment]) -> None:
    """
    Raise unless *target* has climbed, where the policy asks for it.

    Raises:
        LadderError: It has not (422).
    """
    if not policy.has_ladder or has_climbed(policy.environment, target, deployments):
        return
    below = " or ".join(_ORDER[: _ORDER.index(policy.environment)])
    raise LadderError(
        f"{policy.environment} takes only what was Completed in a lower environment with its tests passed, and "
        f"{target.version} was not.",
        fix=f"Deploy {target.version} to {below} first.",
    )


def newcomers(deployment: Deployment) -> tuple[Target, ...]:
    """Name the versions that *deployment* would bring: its own, and those of an experiment's arms but what serves."""
    arms = [variant.target for step in deployment.plan.steps for variant in step.variants]
    others = [target for target in arms if target.version != deployment.previous_version]
    return tuple(dict.fromkeys((deployment.target, *others)))


def was_current(deployment: Deployment, target: Target) -> bool:
    """Tell whether *deployment* made *target*, with this very package, the current version of its environment."""
    # After an experiment the old version may be the one that stayed.
    stayed = deployment.outcome_version in (None, target.version)
    is_same = (deployment.target.version, deployment.target.sha256) == (target.version, target.sha256)
    return stayed and is_same and deployment.status is DeploymentStatus.COMPLETED


def _proves(deployment: Deployment, environment: Environment, target: Target) -> bool:
    is_not_above = _ORDER.index(Environment(deployment.environment)) <= _ORDER.index(environment)
    return is_not_above and was_current(deployment, target) and _was_tested(deployment)


def _was_tested(deployment: Deployment) -> bool:
    """Tell whether a smoke step, which makes the manifest's tests, ended with a pass; nobody may skip one."""
    smokes = [step for step in deployment.plan.steps if step.kind is StepKind.SMOKE]
    return any(
        step.status is StepStatus.COMPLETED and step.verdict is not None and step.verdict.outcome == Outcome.PASS
        for step in smokes
    )
