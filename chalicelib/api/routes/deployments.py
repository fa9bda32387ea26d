"""Begin deployments and watch them."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Accepted, Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.models import PageResource
from chalicelib.api.resources.deployment_bodies import CreateDeploymentBody
from chalicelib.api.resources.deployments import (
    DeploymentListing,
    DeploymentResource,
    EventResource,
    TimelineResource,
)
from chalicelib.api.resources.verdicts import GivenVerdictResource, VerdictListing
from chalicelib.domain.authorization import Caller, may_know_tenants
from chalicelib.ports import Ports
from chalicelib.services import deployments, experiments, previews, traffic, verbs

blueprint = ApiBlueprint(__name__)


@blueprint.route("/deployments", methods=["POST"])
@endpoint(blueprint, body=CreateDeploymentBody)
def create_deployment(
    body: CreateDeploymentBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Accepted[DeploymentResource]:
    """
    Begin moving an environment from its stable version to another one.

    Answers 202; the deployment then runs as an execution named after its id. A dry run answers 200 with the whole
    plan, its `forecast`, and every rule that would refuse it.

    Raises:
        NotFoundError: There is no such plugin or version (404).
        DeploymentInProgressError: Another deployment holds the lease (409).
        VersionNotReadyError: The version has not passed its intake (422).
        UnprocessableError: A rule of the environment, or what was asked for, does not allow it (422).
    """
    command = body.to_command(caller)
    if validate_only:
        preview = previews.preview_deployment(command, ports)
        return Accepted(DeploymentResource.of_preview(preview, names_tenants=may_know_tenants(caller)))
    deployment = deployments.create_deployment(command, ports)

    return Accepted(
        DeploymentResource.of(deployment, names_tenants=may_know_tenants(caller)),
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
def show_deployment(deployment_id: str, caller: Caller, ports: Ports) -> Ok[DeploymentResource]:
    """Show how a deployment goes: its plan, what is done, who is served, who was asked."""
    deployment = ports.deployments.get(deployment_id)
    shown = DeploymentResource.of(
        deployment,
        approvals=ports.approvals.of_deployment(deployment.id),
        names_tenants=may_know_tenants(caller),
        tells_signals=True,
        holds_others=verbs.holds_others(deployment, ports),
        exposure=traffic.exposure_of(deployment, ports),
        standing=experiments.find_standing(deployment, ports),
    )

    return Ok(shown, revision=deployment.revision)


@blueprint.route("/deployments/{deployment_id}/timeline")
@endpoint(blueprint)
def show_timeline(deployment_id: str, ports: Ports) -> Ok[TimelineResource]:
    """Show what happened to a deployment, oldest first."""
    records = ports.deployments.timeline(ports.deployments.get(deployment_id).id)

    return Ok(TimelineResource(items=[EventResource.of(record) for record in records]))


@blueprint.route("/deployments/{deployment_id}/verdicts")
@endpoint(blueprint, query=VerdictListing)
def list_verdicts(deployment_id: str, query: VerdictListing, ports: Ports) -> Ok[PageResource[GivenVerdictResource]]:
    """List every verdict that was given on a deployment, newest first: at each look, with all that it rests on."""
    path = f"/deployments/{ports.deployments.get(deployment_id).id}/verdicts"
    page = ports.verdicts.page(deployment_id, query.request(path, ports.cursors))

    return Ok(
        PageResource[GivenVerdictResource].of(
            page, GivenVerdictResource.of, cursors=ports.cursors, scope=query.scope(path)
        )
    )
