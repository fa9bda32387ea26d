"""Register, change, deprecate and delete plugins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.authorization import require_plugin_owner
from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.domain.ids import check_plugin_id
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.plugins import Plugin, PluginStatus, PluginType
from chalicelib.domain.times import rfc3339
from chalicelib.domain.versions import VersionStatus
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports


class RegisterPlugin(NamedTuple):
    """Ask for a new plugin; the caller becomes its owner."""

    caller: Caller
    name: str
    type: PluginType
    display_name: str = ""
    description: str = ""
    author: str = ""
    documentation_url: str = ""
    tags: tuple[str, ...] = ()
    validate_only: bool = False


class UpdatePlugin(NamedTuple):
    """Ask for changed words about a plugin; *changes* maps fields of ``Plugin`` to new values."""

    caller: Caller
    plugin_id: str
    changes: Mapping[str, Any]
    validate_only: bool = False


class DeprecatePlugin(NamedTuple):
    """Advise against a plugin."""

    caller: Caller
    plugin_id: str
    reason: str
    migration_guide: str = ""
    validate_only: bool = False


class DeletePlugin(NamedTuple):
    """Ask for a plugin to go."""

    caller: Caller
    plugin_id: str
    validate_only: bool = False


def register_plugin(command: RegisterPlugin, ports: Ports) -> Plugin:
    """
    Register a plugin.

    Raises:
        ValidationError: The name breaks the pattern (400).
        ConflictError: The name is taken (409).
    """
    check_plugin_id(command.name)
    now = rfc3339(ports.clock.now())
    plugin = Plugin(
        id=command.name,
        type=command.type,
        owner=command.caller.username,
        created_at=now,
        updated_at=now,
        display_name=command.display_name or command.name,
        description=command.description,
        author=command.author or command.caller.username,
        documentation_url=command.documentation_url,
        tags=command.tags,
    )
    if command.validate_only:
        require_name_is_free(command.name, ports)
        return plugin
    record = record_of(
        command.caller,
        "RegisterPlugin",
        f"plugins/{plugin.id}",
        ports,
        after={"type": plugin.type, "owner": plugin.owner},
    )
    _clear_remains(plugin.id, command.caller, ports)
    ports.plugins.add(plugin, record)
    return plugin


def require_name_is_free(name: str, ports: Ports) -> None:
    """
    Raise when a plugin of that name exists: for dry runs only, the real check is the conditional write.

    Raises:
        ConflictError: It does (409).
    """
    try:
        ports.plugins.get(name)
    except NotFoundError:
        return
    raise ConflictError(f"The name {name} is taken.", fix="Choose another name, or publish a version of that plugin.")


def update_plugin(command: UpdatePlugin, ports: Ports) -> Plugin:
    """
    Change the words about a plugin; its name, type and owner stay.

    Raises:
        NotFoundError: There is no such plugin (404).
        ForbiddenError: It belongs to someone else (403).
        StaleRevisionError: Someone changed it at the same time (409).
    """
    plugin = _owned(command.caller, command.plugin_id, ports)
    changed = replace(plugin, **dict(command.changes), updated_at=rfc3339(ports.clock.now()))
    if command.validate_only:
        return changed
    before = {name: getattr(plugin, name) for name in command.changes}
    record = record_of(
        command.caller, "UpdatePlugin", f"plugins/{plugin.id}", ports, before=before, after=dict(command.changes)
    )
    return ports.plugins.save(changed, record)


def deprecate_plugin(command: DeprecatePlugin, ports: Ports) -> Plugin:
    """
    Advise against a plugin; what is deployed goes on serving.

    Raises:
        NotFoundError: There is no such plugin (404).
        ForbiddenError: It belongs to someone else (403).
        ConflictError: It is deprecated already (409).
    """
    plugin = _owned(command.caller, command.plugin_id, ports)
    deprecated = plugin.deprecate(command.reason, command.migration_guide, rfc3339(ports.clock.now()))
    if command.validate_only:
        return deprecated
    record = record_of(
        command.caller,
        "DeprecatePlugin",
        f"plugins/{plugin.id}",
        ports,
        before={"status": plugin.status},
        after={"status": deprecated.status},
        reason=command.reason,
    )
    return ports.plugins.save(deprecated, record)


def delete_plugin(command: DeletePlugin, ports: Ports) -> Plugin:
    """
    Delete a plugin that nobody uses. Its versions stay taken for ever.

    The tombstone is written first, then its function is removed and its versions are closed. If we die in
    between, the plugin is gone for everyone, and registering the name again clears the rest first.

    Raises:
        NotFoundError: There is no such plugin (404).
        ForbiddenError: It belongs to someone else (403).
        ConflictError: It is deployed or installed (409).
    """
    plugin = _owned(command.caller, command.plugin_id, ports)
    deployed = [route.environment for route in ports.routes.of_plugin(plugin.id) if route.targets]
    if deployed:
        raise ConflictError(
            f"{plugin.id} is deployed in {', '.join(deployed)}.",
            fix="Deprecate it instead; a plugin that serves can't be deleted.",
        )
    if ports.installations.is_installed_anywhere(plugin.id):
        raise ConflictError(f"Tenants have installed {plugin.id}.", fix="Disable it for every tenant first.")
    deleted = replace(plugin, status=PluginStatus.DELETED, updated_at=rfc3339(ports.clock.now()))
    if command.validate_only:
        return deleted
    record = record_of(
        command.caller,
        "DeletePlugin",
        f"plugins/{plugin.id}",
        ports,
        before={"status": plugin.status},
        after={"status": deleted.status},
    )
    ports.plugins.remove(deleted, record)
    _clear_remains(plugin.id, command.caller, ports)
    return deleted


def _clear_remains(plugin_id: str, caller: Caller, ports: Ports) -> None:
    """
    Remove what a deleted plugin left: its function, then, one by one, its versions; none when it left none.

    A name that is in use is left alone: `register_plugin` comes here before its conditional write.
    """
    try:
        ports.plugins.get(plugin_id)
    except NotFoundError:
        remains = ports.versions.page(plugin_id, PageRequest(limit=100)).items
    else:
        return
    if remains:
        ports.functions.delete(plugin_id)
    while remains:
        for version in remains:
            resource = f"plugins/{plugin_id}/versions/{version.version}"
            record = record_of(caller, "DeleteVersion", resource, ports, before={"status": version.status})
            ports.versions.save(replace(version, status=VersionStatus.DELETED), record)
        remains = ports.versions.page(plugin_id, PageRequest(limit=100)).items


def _owned(caller: Caller, plugin_id: str, ports: Ports) -> Plugin:
    plugin = ports.plugins.get(plugin_id)
    require_plugin_owner(caller, plugin.owner, plugin.id)
    return plugin
