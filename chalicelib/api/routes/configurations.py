"""How a tenant has configured a plugin, and how it had."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.models import Listing, PageResource
from chalicelib.api.preconditions import revision_of
from chalicelib.api.resources.configurations import (
    ConfigResource,
    ConfigRevisionResource,
    PutConfigBody,
    PutConfigQuery,
    RestoreConfigBody,
    bytes_of,
)
from chalicelib.domain.authorization import Caller, require_tenant
from chalicelib.ports import Ports
from chalicelib.services import configurations
from chalicelib.services.configurations import PutConfig, RestoreConfig

blueprint = ApiBlueprint(__name__)


@blueprint.route("/tenants/{tenant_id}/plugins/{plugin_id}/config")
@endpoint(blueprint)
def show_config(tenant_id: str, plugin_id: str, caller: Caller, ports: Ports) -> Ok[ConfigResource]:
    """Show what a tenant has configured; the ETag is for the next change."""
    configured = configurations.show_config(caller, tenant_id, plugin_id, ports)

    return Ok(ConfigResource.of(configured), revision=configured.installation.revision)


@blueprint.route("/tenants/{tenant_id}/plugins/{plugin_id}/config", methods=["PUT"])
@endpoint(blueprint, body=PutConfigBody, query=PutConfigQuery)
def put_config(
    tenant_id: str,
    plugin_id: str,
    body: PutConfigBody,
    query: PutConfigQuery,
    caller: Caller,
    ports: Ports,
    *,
    if_match: str | None,
    validate_only: bool,
) -> Ok[ConfigResource]:
    """
    Replace a configuration as a whole, if it fits the schema of the version that serves the tenant.

    With ``validateOnly=true``, ``version`` checks it against another version before that one comes.

    Raises:
        PreconditionFailedError: The installation was changed since you read it (412).
        PayloadTooLargeError: It has more than 64 KiB (413).
        VersionNotReadyError: The version to check against has not passed its intake (422).
        PreconditionRequiredError: If-Match is missing (428).
    """
    command = PutConfig(
        caller,
        tenant_id,
        plugin_id,
        body.configuration,
        bytes_of(body.configuration),
        revision_of(if_match),
        query.version,
        validate_only=validate_only,
    )
    configured = configurations.put_config(command, ports)

    return Ok(ConfigResource.of(configured), revision=configured.installation.revision)


@blueprint.route("/tenants/{tenant_id}/plugins/{plugin_id}/config/revisions")
@endpoint(blueprint, query=Listing)
def list_config_revisions(
    tenant_id: str, plugin_id: str, query: Listing, caller: Caller, ports: Ports
) -> Ok[PageResource[ConfigRevisionResource]]:
    """List what a tenant had configured, newest first; the last 50 are kept."""
    require_tenant(caller, tenant_id)
    installation = ports.installations.get(tenant_id, plugin_id)
    path = f"/tenants/{tenant_id}/plugins/{installation.plugin_id}/config/revisions"
    page = ports.installations.revisions(tenant_id, plugin_id, query.request(path, ports.cursors))

    return Ok(
        PageResource[ConfigRevisionResource].of(
            page, ConfigRevisionResource.of, cursors=ports.cursors, scope=query.scope(path)
        )
    )


@blueprint.route("/tenants/{tenant_id}/plugins/{plugin_id}/config/restore", methods=["POST"])
@endpoint(blueprint, body=RestoreConfigBody)
def restore_config(
    tenant_id: str,
    plugin_id: str,
    body: RestoreConfigBody,
    caller: Caller,
    ports: Ports,
    *,
    if_match: str | None,
    validate_only: bool,
) -> Ok[ConfigResource]:
    """
    Make a configuration of the past the current one; it becomes a new revision.

    Raises:
        PreconditionFailedError: The installation was changed since you read it (412).
        PreconditionRequiredError: If-Match is missing (428).
    """
    command = RestoreConfig(
        caller, tenant_id, plugin_id, body.revision, revision_of(if_match), validate_only=validate_only
    )
    configured = configurations.restore_config(command, ports)

    return Ok(ConfigResource.of(configured), revision=configured.installation.revision)
