"""Register a plugin together with its first version, or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.errors import ConflictError
from chalicelib.services.plugins import RegisterPlugin, register_plugin
from chalicelib.services.versions import CreateVersion, create_version

if TYPE_CHECKING:
    from chalicelib.domain.plugins import Plugin
    from chalicelib.domain.versions import Version
    from chalicelib.ports import Ports, Upload


def register_with_version(
    command: RegisterPlugin, first: CreateVersion | None, ports: Ports
) -> tuple[Plugin, tuple[Version, Upload] | None]:
    """
    Register a plugin; with *first*, create its first version too. A dry run signs no upload.

    The version is checked before the plugin is written, so nothing is left half-made. If we die in between,
    the plugin is there without a version, as if it had been registered alone.

    Raises:
        ValidationError: The name breaks its pattern (400).
        ConflictError: The name is taken, or a plugin of that name used the version before it was deleted (409).
    """
    if first is not None and ports.versions.find(command.name, first.version) is not None:
        raise ConflictError(
            f"Version {first.version} of {command.name} was used before; a version never changes and is never reused.",
            fix="Register the plugin with the next version number.",
        )
    plugin = register_plugin(command, ports)
    if first is None or command.validate_only:
        return plugin, None
    return plugin, create_version(first, ports)
