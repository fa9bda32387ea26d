"""Deprecate, yank, unyank and block versions."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.resources.retirements import RetiredVersionResource, RetireVersionBody
from chalicelib.domain.authorization import Caller
from chalicelib.domain.retirements import Retirement
from chalicelib.ports import Ports
from chalicelib.services.retirements import retire_version

blueprint = ApiBlueprint(__name__)


@blueprint.route("/plugins/{plugin_id}/versions/{version}/deprecate", methods=["POST"])
@endpoint(blueprint, body=RetireVersionBody)
def deprecate_version(
    plugin_id: str, version: str, body: RetireVersionBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[RetiredVersionResource]:
    """
    Advise against a version: it works as before, and the tenants that are pinned to it are told. Only its owner may.

    Raises:
        ConflictError: It has not passed its intake, or is blocked (409).
    """
    command = body.to_command(caller, plugin_id, version, Retirement.DEPRECATE, validate_only=validate_only)
    retired = retire_version(command, ports)

    return Ok(RetiredVersionResource.said(retired), revision=retired.version.revision)


@blueprint.route("/plugins/{plugin_id}/versions/{version}/yank", methods=["POST"])
@endpoint(blueprint, body=RetireVersionBody)
def yank_version(
    plugin_id: str, version: str, body: RetireVersionBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[RetiredVersionResource]:
    """
    Take a version out of choice: no new deployment or pin takes it; where it serves, it goes on. Only its owner may.

    Raises:
        ConflictError: It has not passed its intake, or is blocked (409).
    """
    command = body.to_command(caller, plugin_id, version, Retirement.YANK, validate_only=validate_only)
    retired = retire_version(command, ports)

    return Ok(RetiredVersionResource.said(retired), revision=retired.version.revision)


@blueprint.route("/plugins/{plugin_id}/versions/{version}/unyank", methods=["POST"])
@endpoint(blueprint, body=RetireVersionBody)
def unyank_version(
    plugin_id: str, version: str, body: RetireVersionBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[RetiredVersionResource]:
    """
    Let a yanked version be chosen again. Only its owner may.

    Raises:
        ConflictError: It has not passed its intake, or is blocked (409).
    """
    command = body.to_command(caller, plugin_id, version, Retirement.UNYANK, validate_only=validate_only)
    retired = retire_version(command, ports)

    return Ok(RetiredVersionResource.said(retired), revision=retired.version.revision)


@blueprint.route("/plugins/{plugin_id}/versions/{version}/block", methods=["POST"])
@endpoint(blueprint, body=RetireVersionBody)
def block_version(
    plugin_id: str, version: str, body: RetireVersionBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[RetiredVersionResource]:
    """
    Take a version out of every route, pin and override, at once and for ever. Only its owner may.

    Where it was stable, the version that was stable before takes over, or nobody when there is none. A deployment
    that is trying it rolls back.

    Raises:
        ConflictError: It has not passed its intake (409).
        TransientError: Its routes are being moved by others; nothing was changed (503).
    """
    command = body.to_command(caller, plugin_id, version, Retirement.BLOCK, validate_only=validate_only)
    retired = retire_version(command, ports)

    return Ok(RetiredVersionResource.said(retired), revision=retired.version.revision)
