"""Decide what the machine asks; by the approval's id, or by its deployment's."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.models import PageResource
from chalicelib.api.resources.approvals import ApprovalListing, ApprovalResource, DecideBody
from chalicelib.domain.authorization import Caller
from chalicelib.ports import Ports
from chalicelib.services import approvals

blueprint = ApiBlueprint(__name__)


@blueprint.route("/approvals")
@endpoint(blueprint, query=ApprovalListing)
def list_approvals(query: ApprovalListing, ports: Ports) -> Ok[PageResource[ApprovalResource]]:
    """List approvals, newest first; `?status=Pending` gives those that wait for somebody."""
    page = ports.approvals.page(
        query.request("/approvals", ports.cursors), status=query.status, environment=query.environment
    )
    scope = query.scope("/approvals")

    return Ok(PageResource[ApprovalResource].of(page, ApprovalResource.of, cursors=ports.cursors, scope=scope))


@blueprint.route("/approvals/{approval_id}")
@endpoint(blueprint)
def show_approval(approval_id: str, ports: Ports) -> Ok[ApprovalResource]:
    """Show what is asked, and who has said what."""
    approval = ports.approvals.get(approval_id)

    return Ok(ApprovalResource.of(approval), revision=approval.revision)


@blueprint.route("/approvals/{approval_id}/approve", methods=["POST"])
@endpoint(blueprint, body=DecideBody)
def approve_approval(
    approval_id: str, body: DecideBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[ApprovalResource]:
    """
    Agree; the deployment goes on once enough different people have. Saying it twice counts once.

    Raises:
        ForbiddenError: You asked for the deployment, are excluded, or have no role for it (403).
        ConflictError: It is decided, expired or void, or you have rejected it before (409).
    """
    command = body.to_command(caller, approval_id, is_approval=True, validate_only=validate_only)
    approval = approvals.decide(command, ports)

    return Ok(ApprovalResource.of(approval), revision=approval.revision)


@blueprint.route("/approvals/{approval_id}/reject", methods=["POST"])
@endpoint(blueprint, body=DecideBody)
def reject_approval(
    approval_id: str, body: DecideBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[ApprovalResource]:
    """
    Refuse; one is enough, and the deployment ends as Rejected.

    Raises:
        ForbiddenError: You asked for the deployment, are excluded, or have no role for it (403).
        ConflictError: It is decided, expired or void, or you have approved it before (409).
    """
    command = body.to_command(caller, approval_id, is_approval=False, validate_only=validate_only)
    approval = approvals.decide(command, ports)

    return Ok(ApprovalResource.of(approval), revision=approval.revision)


@blueprint.route("/deployments/{deployment_id}/approve", methods=["POST"])
@endpoint(blueprint, body=DecideBody)
def approve_deployment(
    deployment_id: str, body: DecideBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[ApprovalResource]:
    """
    Agree to what a deployment waits for; the same as under its approval.

    Raises:
        ForbiddenError: You asked for the deployment, are excluded, or have no role for it (403).
        ConflictError: It waits for nobody, is decided, expired or void, or you have rejected it before (409).
    """
    asked = approvals.asked_of(deployment_id, ports)
    command = body.to_command(caller, asked.id, is_approval=True, validate_only=validate_only)
    approval = approvals.decide(command, ports)

    return Ok(ApprovalResource.of(approval), revision=approval.revision)


@blueprint.route("/deployments/{deployment_id}/reject", methods=["POST"])
@endpoint(blueprint, body=DecideBody)
def reject_deployment(
    deployment_id: str, body: DecideBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[ApprovalResource]:
    """
    Refuse what a deployment waits for; the same as under its approval.

    Raises:
        ForbiddenError: You asked for the deployment, are excluded, or have no role for it (403).
        ConflictError: It waits for nobody, is decided, expired or void, or you have approved it before (409).
    """
    asked = approvals.asked_of(deployment_id, ports)
    command = body.to_command(caller, asked.id, is_approval=False, validate_only=validate_only)
    approval = approvals.decide(command, ports)

    return Ok(ApprovalResource.of(approval), revision=approval.revision)
