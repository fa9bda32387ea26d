"""Announce versions, send them through the intake, read them."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Accepted, Created, Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.models import Listing, PageResource
from chalicelib.api.resources.versions import (
    CreatedVersionResource,
    CreateVersionBody,
    DownloadResource,
    VersionResource,
)
from chalicelib.domain.authorization import Caller
from chalicelib.domain.times import rfc3339
from chalicelib.ports import Ports
from chalicelib.services import versions
from chalicelib.services.versions import DOWNLOAD_LIFETIME, FinalizeVersion

blueprint = ApiBlueprint(__name__)


@blueprint.route("/plugins/{plugin_id}/versions", methods=["POST"])
@endpoint(blueprint, body=CreateVersionBody)
def create_version(
    plugin_id: str, body: CreateVersionBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Created[CreatedVersionResource]:
    """
    Announce a version and get an address to upload its package to. Only the plugin's owner may.

    The upload is bound to `sha256` and `size`: the store takes nothing else. The same announcement again, while
    the version is a Draft, signs a new upload.

    Raises:
        InvalidSemVerError: The number is not SemVer 2.0 (400).
        ConflictError: The number was used before, also by a deleted version (409).
        PayloadTooLargeError: The package has more than 100 MB (413).
        UnprocessableError: It brings a signature, which this release can't check (422).
    """
    version, upload = versions.create_version(body.to_command(caller, plugin_id, validate_only=validate_only), ports)

    return Created(
        CreatedVersionResource.made(version, None if validate_only else upload),
        location=f"/plugins/{plugin_id}/versions/{version.version}",
        revision=version.revision,
    )


@blueprint.route("/plugins/{plugin_id}/versions/{version}/finalize", methods=["POST"])
@endpoint(blueprint)
def finalize_version(
    plugin_id: str, version: str, caller: Caller, ports: Ports, *, validate_only: bool
) -> Accepted[VersionResource]:
    """
    Say that the package is uploaded: its intake begins; poll the version until it is Ready or Rejected.

    Raises:
        ConflictError: Nothing is uploaded, or the intake has decided already (409).
    """
    command = FinalizeVersion(caller, plugin_id, version, validate_only=validate_only)
    verifying = versions.finalize_version(command, ports)

    return Accepted(
        VersionResource.of(verifying),
        location=f"/plugins/{plugin_id}/versions/{version}",
        revision=verifying.revision,
    )


@blueprint.route("/plugins/{plugin_id}/versions")
@endpoint(blueprint, query=Listing)
def list_versions(plugin_id: str, query: Listing, ports: Ports) -> Ok[PageResource[VersionResource]]:
    """List the versions of a plugin, newest number first."""
    path = f"/plugins/{ports.plugins.get(plugin_id).id}/versions"
    page = ports.versions.page(plugin_id, query.request(path, ports.cursors))

    return Ok(
        PageResource[VersionResource].of(page, VersionResource.of, cursors=ports.cursors, scope=query.scope(path))
    )


@blueprint.route("/plugins/{plugin_id}/versions/{version}")
@endpoint(blueprint)
def show_version(plugin_id: str, version: str, ports: Ports) -> Ok[VersionResource]:
    """Show a version, with what its intake found, and how many tenants are pinned to it."""
    found = ports.versions.get(plugin_id, version)
    pinned = ports.installations.pinned(plugin_id, found.version, now=rfc3339(ports.clock.now()))

    return Ok(VersionResource.of(found, pinned_tenants=pinned), revision=found.revision)


@blueprint.route("/plugins/{plugin_id}/versions/{version}/download")
@endpoint(blueprint)
def download_version(plugin_id: str, version: str, ports: Ports) -> Ok[DownloadResource]:
    """
    Get a link to exactly the bytes that were taken in, good for five minutes.

    Raises:
        ConflictError: The package has not been verified (409).
    """
    found = ports.versions.get(plugin_id, version)
    url = versions.allow_download(plugin_id, version, ports)
    expires_at = ports.clock.now() + DOWNLOAD_LIFETIME

    return Ok(DownloadResource(url=url, sha256=found.sha256, size=found.size, expires_at=expires_at))
