"""Say what a deployment is to do: wait, go on, skip, end, go back, try again."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.resources.deployments import DeploymentResource
from chalicelib.api.resources.verbs import PromoteBody, RollbackBody, VerbBody
from chalicelib.domain.authorization import Caller
from chalicelib.domain.verbs import Verb
from chalicelib.ports import Ports
from chalicelib.services.verbs import say_verb

blueprint = ApiBlueprint(__name__)


@blueprint.route("/deployments/{deployment_id}/pause", methods=["POST"])
@endpoint(blueprint, body=VerbBody)
def pause_deployment(
    deployment_id: str, body: VerbBody, caller: Caller, ports: Ports, *, if_match: str | None, validate_only: bool
) -> Ok[DeploymentResource]:
    """
    Stand still where it is: the candidate keeps its tenants, and the watch over it goes on.

    Raises:
        NotFoundError: There is no such deployment (404).
        ConflictError: It is not going on (409).
        PreconditionFailedError: It has changed since you read it, or is at another step (412).
    """
    command = body.to_command(caller, Verb.PAUSE, deployment_id, if_match, validate_only=validate_only)
    deployment = say_verb(command, ports)

    return Ok(DeploymentResource.of(deployment), revision=deployment.revision)


@blueprint.route("/deployments/{deployment_id}/resume", methods=["POST"])
@endpoint(blueprint, body=VerbBody)
def resume_deployment(
    deployment_id: str, body: VerbBody, caller: Caller, ports: Ports, *, if_match: str | None, validate_only: bool
) -> Ok[DeploymentResource]:
    """
    Go on after a pause; after a roll-back by hand, let what waits in the queue begin.

    Raises:
        NotFoundError: There is no such deployment (404).
        ConflictError: It is not paused, and holds nobody (409).
        PreconditionFailedError: It has changed since you read it, or is at another step (412).
    """
    command = body.to_command(caller, Verb.RESUME, deployment_id, if_match, validate_only=validate_only)
    deployment = say_verb(command, ports)

    return Ok(DeploymentResource.of(deployment), revision=deployment.revision)


@blueprint.route("/deployments/{deployment_id}/advance", methods=["POST"])
@endpoint(blueprint, body=VerbBody)
def advance_deployment(
    deployment_id: str, body: VerbBody, caller: Caller, ports: Ports, *, if_match: str | None, validate_only: bool
) -> Ok[DeploymentResource]:
    """
    Cut the current wait short. That is no pass: its verdict says `inconclusive`, and by whom.

    Raises:
        NotFoundError: There is no such deployment (404).
        ConflictError: It does not wait, or waits for a decision (409).
        PreconditionFailedError: It has changed since you read it, or is at another step (412).
    """
    command = body.to_command(caller, Verb.ADVANCE, deployment_id, if_match, validate_only=validate_only)
    deployment = say_verb(command, ports)

    return Ok(DeploymentResource.of(deployment), revision=deployment.revision)


@blueprint.route("/deployments/{deployment_id}/promote", methods=["POST"])
@endpoint(blueprint, body=PromoteBody)
def promote_deployment(
    deployment_id: str, body: PromoteBody, caller: Caller, ports: Ports, *, if_match: str | None, validate_only: bool
) -> Ok[DeploymentResource]:
    """
    Go to the end now: skip the waits and shares in between, but no approval, warm-up or smoke test.

    Raises:
        NotFoundError: There is no such deployment (404).
        ConflictError: It is not going on (409).
        UnprocessableError: That version is no variant of the experiment (422).
        PreconditionFailedError: It has changed since you read it, or is at another step (412).
    """
    command = body.to_command(caller, Verb.PROMOTE, deployment_id, if_match, validate_only=validate_only)
    deployment = say_verb(command, ports)

    return Ok(DeploymentResource.of(deployment), revision=deployment.revision)


@blueprint.route("/deployments/{deployment_id}/abort", methods=["POST"])
@endpoint(blueprint, body=VerbBody)
def abort_deployment(
    deployment_id: str, body: VerbBody, caller: Caller, ports: Ports, *, if_match: str | None, validate_only: bool
) -> Ok[DeploymentResource]:
    """
    Give it up: everybody is served by the last known good at once, and the deployment is Aborted.

    Raises:
        NotFoundError: There is no such deployment (404).
        ConflictError: It has ended (409).
        PreconditionFailedError: It has changed since you read it, or is at another step (412).
    """
    command = body.to_command(caller, Verb.ABORT, deployment_id, if_match, validate_only=validate_only)
    deployment = say_verb(command, ports)

    return Ok(DeploymentResource.of(deployment), revision=deployment.revision)


@blueprint.route("/deployments/{deployment_id}/rollback", methods=["POST"])
@endpoint(blueprint, body=RollbackBody)
def rollback_deployment(
    deployment_id: str, body: RollbackBody, caller: Caller, ports: Ports, *, if_match: str | None, validate_only: bool
) -> Ok[DeploymentResource]:
    """
    Go back at once; nothing queued or automatic begins before `resume`, or before a person starts a new one.

    A live deployment goes back to what served before it, a Completed one to that or to any retained version.

    Raises:
        NotFoundError: There is no such deployment (404).
        ConflictError: Another version serves by now, or there is none to go back to (409).
        UnprocessableError: The version may not serve, or a live deployment was given one (422).
        PreconditionFailedError: It has changed since you read it, or is at another step (412).
    """
    command = body.to_command(caller, Verb.ROLLBACK, deployment_id, if_match, validate_only=validate_only)
    deployment = say_verb(command, ports)

    return Ok(DeploymentResource.of(deployment), revision=deployment.revision)


@blueprint.route("/deployments/{deployment_id}/retry", methods=["POST"])
@endpoint(blueprint, body=VerbBody)
def retry_deployment(
    deployment_id: str, body: VerbBody, caller: Caller, ports: Ports, *, if_match: str | None, validate_only: bool
) -> Ok[DeploymentResource]:
    """
    Try again with the same version and plan: a new attempt, which takes over no verdict and no approval.

    Raises:
        NotFoundError: There is no such deployment (404).
        ConflictError: It has not ended, or another deployment is live there (409).
        VersionNotReadyError: The version may not serve any more (422).
        PreconditionFailedError: It has changed since you read it, or is at another step (412).
    """
    command = body.to_command(caller, Verb.RETRY, deployment_id, if_match, validate_only=validate_only)
    deployment = say_verb(command, ports)

    return Ok(DeploymentResource.of(deployment), revision=deployment.revision)
