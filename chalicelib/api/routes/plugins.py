"""Register plugins, describe them, take them back."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Created, Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.models import PageResource
from chalicelib.api.resources.plugins import (
    DeprecatePluginBody,
    PluginListing,
    PluginResource,
    RegisteredPluginResource,
    RegisterPluginBody,
    UpdatePluginBody,
)
from chalicelib.bootstrap_limits import rate_limits
from chalicelib.domain.authorization import Caller
from chalicelib.ports import Ports
from chalicelib.services import plugins
from chalicelib.services.plugins import DeletePlugin
from chalicelib.services.registrations import register_with_version

blueprint = ApiBlueprint(__name__)


@blueprint.route("/plugins", methods=["POST"])
@endpoint(blueprint, body=RegisterPluginBody)
def register_plugin(
    body: RegisterPluginBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Created[RegisteredPluginResource]:
    """
    Register a plugin; you become its owner.

    With `version`, its first version is created as well, and `upload` says where its package goes.

    Raises:
        ValidationError: The name or the version breaks its pattern (400).
        ConflictError: The name is taken, or that version was used before (409).
    """
    if body.version is not None:
        # By whichever door a version comes, it counts as one.
        rate_limits().admit(caller.username, "create_version", "POST")
    command = body.to_command(caller, validate_only=validate_only)
    plugin, first = register_with_version(command, body.to_version_command(caller), ports)

    return Created(
        RegisteredPluginResource.made(plugin, first), location=f"/plugins/{plugin.id}", revision=plugin.revision
    )


@blueprint.route("/plugins")
@endpoint(blueprint, query=PluginListing)
def list_plugins(query: PluginListing, ports: Ports) -> Ok[PageResource[PluginResource]]:
    """List plugins by name."""
    scope = query.scope("/plugins")
    page = ports.plugins.page(query.to_filter(), query.request("/plugins", ports.cursors))

    return Ok(PageResource[PluginResource].of(page, PluginResource.of, cursors=ports.cursors, scope=scope))


@blueprint.route("/plugins/{plugin_id}")
@endpoint(blueprint)
def show_plugin(plugin_id: str, ports: Ports) -> Ok[PluginResource]:
    """Show a plugin."""
    plugin = ports.plugins.get(plugin_id)

    return Ok(PluginResource.of(plugin), revision=plugin.revision)


@blueprint.route("/plugins/{plugin_id}", methods=["PATCH"])
@endpoint(blueprint, body=UpdatePluginBody)
def update_plugin(
    plugin_id: str, body: UpdatePluginBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[PluginResource]:
    """
    Change the words about a plugin; what is not sent stays. Only its owner may.

    Raises:
        StaleRevisionError: Somebody changed it at the same time (409).
    """
    plugin = plugins.update_plugin(body.to_command(caller, plugin_id, validate_only=validate_only), ports)

    return Ok(PluginResource.of(plugin), revision=plugin.revision)


@blueprint.route("/plugins/{plugin_id}", methods=["DELETE"])
@endpoint(blueprint)
def delete_plugin(plugin_id: str, caller: Caller, ports: Ports, *, validate_only: bool) -> Ok[PluginResource]:
    """
    Delete a plugin that nobody uses, and show it as it was. Its versions stay taken for ever. Only its owner may.

    Raises:
        ConflictError: It is deployed or installed (409).
    """
    plugin = plugins.delete_plugin(DeletePlugin(caller, plugin_id, validate_only=validate_only), ports)

    return Ok(PluginResource.of(plugin), revision=plugin.revision)


@blueprint.route("/plugins/{plugin_id}/deprecate", methods=["POST"])
@endpoint(blueprint, body=DeprecatePluginBody)
def deprecate_plugin(
    plugin_id: str, body: DeprecatePluginBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[PluginResource]:
    """
    Advise against a plugin; what is deployed goes on serving. Only its owner may.

    Raises:
        ConflictError: It is deprecated already (409).
    """
    plugin = plugins.deprecate_plugin(body.to_command(caller, plugin_id, validate_only=validate_only), ports)

    return Ok(PluginResource.of(plugin), revision=plugin.revision)
