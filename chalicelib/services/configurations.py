"""Configurations of installations: checked against the version that serves, with a history to go back in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.authorization import require_tenant
from chalicelib.domain.errors import FieldError, PayloadTooLargeError, ValidationError
from chalicelib.domain.ids import Environment
from chalicelib.domain.installations import ConfigRevision, Installation
from chalicelib.domain.json_schemas import instance_errors
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.resolution import resolve
from chalicelib.domain.tenants import TenantStatus
from chalicelib.domain.times import rfc3339
from chalicelib.domain.versions import Version
from chalicelib.services.installation_writes import Change, require_seen, write_seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports

MAX_CONFIG_BYTES = 64 * 1024


class PutConfig(NamedTuple):
    """
    Replace a configuration as a whole; *config_bytes* is its size as it was sent.

    *expected_revision* is the installation's that the caller has seen (None: any). *version*, in a dry run
    only, is one whose schema it is to be checked against.
    """

    caller: Caller
    tenant_id: str
    plugin_id: str
    config: Mapping[str, Any]
    config_bytes: int = 0
    expected_revision: int | None = None
    version: str | None = None
    validate_only: bool = False


class RestoreConfig(NamedTuple):
    """Make the configuration number *number* of the history the current one again."""

    caller: Caller
    tenant_id: str
    plugin_id: str
    number: int
    expected_revision: int | None = None
    validate_only: bool = False


class Configured(NamedTuple):
    """An installation, and the version whose ``configSchema`` its configuration is checked against, if any."""

    installation: Installation
    version: Version | None


def show_config(caller: Caller, tenant_id: str, plugin_id: str, ports: Ports) -> Configured:
    """
    Show what a tenant has configured.

    Raises:
        NotFoundError: There is no such tenant (for this caller), or it has not installed the plugin (404).
    """
    require_tenant(caller, tenant_id)
    installation = ports.installations.get(tenant_id, plugin_id)
    return Configured(installation, deciding_version(installation, ports))


def put_config(command: PutConfig, ports: Ports) -> Configured:
    """
    Replace a configuration; the same one again changes nothing.

    Raises:
        NotFoundError: There is no such tenant (for this caller), installation or version (404).
        PayloadTooLargeError: It has more than 64 KiB (413).
        PreconditionFailedError: The installation was changed since the caller read it (412).
        ValidationError: It breaks the schema; each error says where and how to mend it (400).
        VersionNotReadyError: The version to check against has no verified manifest (422).
    """
    require_tenant(command.caller, command.tenant_id)
    require_small(command.config_bytes)
    installation = ports.installations.get(command.tenant_id, command.plugin_id)
    require_seen(installation, command.expected_revision)
    version = _asked_version(command, ports) or deciding_version(installation, ports)
    require_fitting(command.config, version)
    return _replace(installation, command, version, ports)


def restore_config(command: RestoreConfig, ports: Ports) -> Configured:
    """
    Make a configuration of the past the current one; it becomes a new revision, so the history only grows.

    Raises:
        NotFoundError: There is no such tenant (for this caller), installation or revision (404).
        PreconditionFailedError: The installation was changed since the caller read it (412).
        ValidationError: The version that serves now can't be configured so any more (400).
    """
    require_tenant(command.caller, command.tenant_id)
    installation = ports.installations.get(command.tenant_id, command.plugin_id)
    require_seen(installation, command.expected_revision)
    old = ports.installations.revision(command.tenant_id, command.plugin_id, command.number)
    version = deciding_version(installation, ports)
    require_fitting(old.config, version)
    return _replace(installation, command, version, ports, restored=old)


def require_small(config_bytes: int) -> None:
    """
    Refuse what is too large to be given to each invocation.

    Raises:
        PayloadTooLargeError: It has more than 64 KiB (413).
    """
    if config_bytes > MAX_CONFIG_BYTES:
        raise PayloadTooLargeError(
            f"The config has {config_bytes:,} bytes; the limit is {MAX_CONFIG_BYTES:,}.",
            fix="Keep large data elsewhere and configure where it lies.",
        )


def require_fitting(config: Mapping[str, Any], version: Version | None) -> None:
    """
    Check a configuration against the ``configSchema`` of *version*; without one, everything fits.

    Raises:
        ValidationError: It breaks the schema; each error has a JSON pointer and a fix (400).
    """
    schema = version.manifest.get("configSchema") if version else None
    if version is None or not schema:
        return
    errors = instance_errors(schema, dict(config), field="/configuration")
    if errors:
        raise ValidationError(
            f"The configuration does not fit {version.plugin_id} {version.version}: "
            f"{', '.join(error.field for error in errors[:5])}.",
            fix=errors[0].fix,
            errors=errors,
        )


def deciding_version(installation: Installation, ports: Ports) -> Version | None:
    """
    Name the version whose schema decides: the one that serves the tenant in the highest environment.

    Where none serves it yet, the newest Ready one decides; before there is any, nothing does.
    """
    plugin_id = installation.plugin_id
    tenant = ports.tenants.get(installation.tenant_id)._replace(status=TenantStatus.ACTIVE)
    enabled = installation._replace(is_enabled=True)
    now = rfc3339(ports.clock.now())
    routes = {route.environment: route for route in ports.routes.of_plugin(plugin_id)}
    for environment in reversed(Environment):
        route = routes.get(environment)
        target = resolve(route, tenant, enabled, now=now).target if route else None
        serving = ports.versions.find(plugin_id, target.version) if target else None
        if serving is not None:
            return serving
    return next(ready_versions(plugin_id, ports), None)


def ready_versions(plugin_id: str, ports: Ports) -> Iterator[Version]:
    """Go through the versions that may serve, newest first."""
    request = PageRequest(100)
    while True:
        page = ports.versions.page(plugin_id, request)
        yield from (version for version in page.items if version.may_be_chosen)
        if page.next_position is None:
            return
        request = PageRequest(100, page.next_position)


def _asked_version(command: PutConfig, ports: Ports) -> Version | None:
    if command.version is None:
        return None
    if not command.validate_only:
        fix = "Add validateOnly=true, or leave out version: what serves the tenant decides."
        raise ValidationError(
            "Another version's schema is for dry runs.", fix=fix, errors=(FieldError("/version", "not a dry run", fix),)
        )
    version = ports.versions.get(command.plugin_id, command.version)
    version.require_ready()
    return version


def _replace(
    installation: Installation,
    command: PutConfig | RestoreConfig,
    version: Version | None,
    ports: Ports,
    *,
    restored: ConfigRevision | None = None,
) -> Configured:
    config = restored.config if restored else command.config if isinstance(command, PutConfig) else {}
    if config == installation.config:
        return Configured(installation, version)
    now = rfc3339(ports.clock.now())
    changed = installation.with_config(config, now)
    if command.validate_only:
        return Configured(changed, version)
    number = changed.config_revision
    history = ConfigRevision(number, config, command.caller.username, now, restored.number if restored else None)
    action = "RestoreConfig" if restored else "PutConfig"
    after: dict[str, Any] = {"configRevision": number, "configKeys": sorted(config)}
    return Configured(
        write_seen(changed, Change(command.caller, action, after), ports, history=history),
        version,
    )
