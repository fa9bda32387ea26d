"""State ``ValidateDeployment``: see that what was asked for still holds, now that it begins."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.errors import ConflictError
from chalicelib.domain.ladders import newcomers
from chalicelib.domain.routes import Target
from chalicelib.domain.versions import Version
from chalicelib.ports import Ports
from chalicelib.services.policies import require_admitted
from chalicelib.services.targets import target_of
from chalicelib.steps._given import DeploymentGiven, Result
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class TargetChangedError(ConflictError):
    """The version is not the one that was asked for: its digest or its Lambda version is another."""


class ValidateDeploymentResult(Result):
    """The version that is to become current."""

    version: str


@blueprint.lambda_function(name="validate_deployment")
@step(DeploymentGiven)
def validate_deployment(given: DeploymentGiven, ports: Ports) -> ValidateDeploymentResult:
    """
    State ``ValidateDeployment``: check again what the request was accepted on; between the two lies time.

    What is asked of the version is asked of every arm of an experiment that would come with it.

    Idempotent: it only reads.

    Reads ``$.deployment_id``; writes ``$.validation``.

    Raises:
        DeploymentEndedError: It has ended meanwhile.
        NotFoundError: The plugin or a version was deleted meanwhile.
        VersionNotReadyError: A version that would come may not serve any more.
        LadderError: The environment asks for more now than a version has been through.
        ApprovalNotPlannedError: The environment asks for approvals now, and the plan does not.
        TargetChangedError: Another build than the one that was asked for would serve.
    """
    deployment = ports.deployments.get(given.deployment_id)
    deployment.require_live()
    ports.plugins.get(deployment.plugin_id)
    versions = {target: ports.versions.get(deployment.plugin_id, target.version) for target in newcomers(deployment)}
    for version in versions.values():
        version.require_ready()
    require_admitted(deployment, ports)
    for target, version in versions.items():
        _require_same_target(deployment, target, version, ports)

    return ValidateDeploymentResult(version=deployment.target.version)


def _require_same_target(deployment: Deployment, target: Target, version: Version, ports: Ports) -> None:
    """Digest announced, stored, published and about to run: one and the same at each."""
    published = ports.functions.find_version_alias(deployment.plugin_id, target.alias)
    serving = (published.lambda_version, published.code_sha256) if published else None
    if target_of(version) != target or serving != (version.lambda_version, version.code_sha256):
        raise TargetChangedError(
            f"{target.alias} of {deployment.plugin_id} is not the build that was asked for.",
            fix="Start a new deployment; tell the operator if it happens again.",
        )
