"""Begin deployments and watch them."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Accepted, Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.models import PageResource
from chalicelib.api.resources.deployments import (
    CreateDeploymentBody,
    DeploymentListing,
    DeploymentResource,
    EventResource,
    TimelineResource,
)
from chalicelib.domain.authorization import Caller
from chalicelib.ports import Ports
from chalicelib.services import deployments

blueprint = ApiBlueprint(__name__)


@blueprint.route("/deployments", methods=["POST"])
@endpoint(blueprint, body=CreateDeploymentBody)
def create_deployment(
    body: CreateDeploymentBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Accepted[DeploymentResource]:
    """
    Begin moving an environment from its stable version to another one.

    Answers 202; the deployment then runs as an execution named after its id. This release runs Direct
    deployments to environments that need no approval; whatever it could not honour is refused, never ignored.

    Raises:
        NotFoundError: There is no such plugin or version (404).
        DeploymentInProgressError: Another deployment holds the lease (409).
        VersionNotReadyError: The version has not passed its intake (422).
        StrategyUnavailableError: The strategy can't be run (422).
        ApprovalsUnavailableError: The environment needs approvals, which can't be asked for (422).
    """
    deployment = deployments.create_deployment(body.to_command(caller, validate_only=validate_only), ports)

    return Accepted(
        DeploymentResource.of(deployment, is_preview=validate_only),
        location=f"/deployments/{deployment.id}",
        revision=deployment.revision,
    )


@blueprint.route("/deployments")
@endpoint(blueprint, query=DeploymentListing)
def list_deployments(query: DeploymentListing, ports: Ports) -> Ok[PageResource[DeploymentResource]]:
    """List deployments, newest first."""
    page = ports.deployments.page(
        query.request("/deployments", ports.cursors),
        plugin_id=query.plugin_id,
        environment=query.environment,
        status=query.status,
    )
    scope = query.scope("/deployments")

    return Ok(PageResource[DeploymentResource].of(page, DeploymentResource.of, cursors=ports.cursors, scope=scope))


@blueprint.route("/deployments/{deployment_id}")
@endpoint(blueprint)
def show_deployment(deployment_id: str, ports: Ports) -> Ok[DeploymentResource]:
    """Show how a deployment goes: its plan, what is done, who is served."""
    deployment = ports.deployments.get(deployment_id)

    return Ok(DeploymentResource.of(deployment), revision=deployment.revision)


@blueprint.route("/deployments/{deployment_id}/timeline")
@endpoint(blueprint)
def show_timeline(deployment_id: str, ports: Ports) -> Ok[TimelineResource]:
    """Show what happened to a deployment, oldest first."""
    records = ports.deployments.timeline(ports.deployments.get(deployment_id).id)

    return Ok(TimelineResource(items=[EventResource.of(record) for record in records]))
