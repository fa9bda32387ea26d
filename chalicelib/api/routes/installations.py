"""What a tenant has installed, and its secrets."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Created, Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.models import Listing, PageResource
from chalicelib.api.resources.erasures import ErasureResource
from chalicelib.api.resources.installations import EnablePluginBody, InstallationResource, SecretBody
from chalicelib.domain.authorization import Caller, require_tenant
from chalicelib.ports import Ports
from chalicelib.services import erasures, installations
from chalicelib.services.erasures import UninstallPlugin
from chalicelib.services.installations import DeleteSecret, DisablePlugin

blueprint = ApiBlueprint(__name__)


@blueprint.route("/tenants/{tenant_id}/plugins")
@endpoint(blueprint, query=Listing)
def list_installations(
    tenant_id: str, query: Listing, caller: Caller, ports: Ports
) -> Ok[PageResource[InstallationResource]]:
    """List what a tenant has installed, by plugin."""
    require_tenant(caller, tenant_id)
    path = f"/tenants/{ports.tenants.get(tenant_id).id}/plugins"
    page = ports.installations.page(tenant_id, query.request(path, ports.cursors))

    return Ok(
        PageResource[InstallationResource].of(
            page, InstallationResource.of, cursors=ports.cursors, scope=query.scope(path)
        )
    )


@blueprint.route("/tenants/{tenant_id}/plugins/{plugin_id}/enable", methods=["POST"])
@endpoint(blueprint, body=EnablePluginBody)
def enable_plugin(
    tenant_id: str, plugin_id: str, body: EnablePluginBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Created[InstallationResource]:
    """
    Let a plugin serve a tenant, with the configuration given.

    ``quotas`` alone also change an installation that is enabled; those that are not named stay.

    Raises:
        ConflictError: It is enabled already (409).
        PayloadTooLargeError: The configuration has more than 64 KiB (413).
        ForbiddenError: It asks for more than the limits that hold now, and only an Admin may (403).
        UnprocessableError: It asks for a version that the tenant can't be pinned to (422).
    """
    command = body.to_command(caller, tenant_id, plugin_id, validate_only=validate_only)
    installation = installations.enable_plugin(command, ports)

    return Created(InstallationResource.of(installation), revision=installation.revision)


@blueprint.route("/tenants/{tenant_id}/plugins/{plugin_id}/disable", methods=["POST"])
@endpoint(blueprint)
def disable_plugin(
    tenant_id: str, plugin_id: str, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[InstallationResource]:
    """Let a plugin serve a tenant no more; its configuration and secrets stay. Twice is the same."""
    command = DisablePlugin(caller, tenant_id, plugin_id, validate_only=validate_only)
    installation = installations.disable_plugin(command, ports)

    return Ok(InstallationResource.of(installation), revision=installation.revision)


@blueprint.route("/tenants/{tenant_id}/plugins/{plugin_id}", methods=["DELETE"])
@endpoint(blueprint)
def uninstall_plugin(
    tenant_id: str, plugin_id: str, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[ErasureResource]:
    """
    Erase a tenant's installation: its configuration and history, secrets, pin and state. Nothing comes back.

    Raises:
        StaleRevisionError: Somebody changed it at the same moment (409).
    """
    command = UninstallPlugin(caller, tenant_id, plugin_id, validate_only=validate_only)

    return Ok(ErasureResource.of(erasures.uninstall_plugin(command, ports)))


@blueprint.route("/tenants/{tenant_id}/plugins/{plugin_id}/secrets/{name}", methods=["PUT"])
@endpoint(blueprint, body=SecretBody)
def put_secret(
    tenant_id: str,
    plugin_id: str,
    name: str,
    body: SecretBody,
    caller: Caller,
    ports: Ports,
    *,
    validate_only: bool,
) -> Ok[InstallationResource]:
    """
    Set a secret of a tenant's plugin. It is encrypted for this tenant, plugin and name, and never shown again.

    Instead of its value it may be a reference to AWS Secrets Manager, which is read when the plugin is called.

    Raises:
        PayloadTooLargeError: The value has more than 4 KiB (413).
        UnprocessableError: No version asks for a secret of that name, or what is referred to can't be read (422).
    """
    command = body.to_command(caller, (tenant_id, plugin_id, name), validate_only=validate_only)
    installation = installations.put_secret(command, ports)

    return Ok(InstallationResource.of(installation), revision=installation.revision)


@blueprint.route("/tenants/{tenant_id}/plugins/{plugin_id}/secrets/{name}", methods=["DELETE"])
@endpoint(blueprint)
def delete_secret(
    tenant_id: str, plugin_id: str, name: str, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[InstallationResource]:
    """Forget a secret of a tenant's plugin. Twice is the same."""
    command = DeleteSecret(caller, tenant_id, plugin_id, name, validate_only=validate_only)
    installation = installations.delete_secret(command, ports)

    return Ok(InstallationResource.of(installation), revision=installation.revision)
