"""Enable and disable plugins for a tenant, and keep its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.authorization import require_tenant
from chalicelib.domain.errors import (
    ConflictError,
    FieldError,
    NotFoundError,
    PayloadTooLargeError,
    UnprocessableError,
    ValidationError,
)
from chalicelib.domain.installations import ConfigRevision, Installation, secret_context
from chalicelib.domain.quotas import effective_limits, require_quotas
from chalicelib.domain.times import rfc3339
from chalicelib.services.configurations import deciding_version, ready_versions, require_fitting, require_small
from chalicelib.services.installation_writes import Change, write
from chalicelib.services.pins import PinWish, pin_of

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports

#: KMS encrypts at most this many bytes directly.
MAX_SECRET_BYTES = 4096
MAX_SECRET_NAME = 64


@dataclass(frozen=True, slots=True)
class EnablePlugin:
    """
    Ask for a plugin to serve a tenant; *config_bytes* is the size of the configuration as it was sent.

    *quotas* replace limits of the tier by name; sent alone they also change an installation that is enabled.
    A *pin* holds the tenant on a version from the first call on, by the rules of every pin.
    """

    caller: Caller
    tenant_id: str
    plugin_id: str
    config: Mapping[str, Any] = field(default_factory=dict)
    config_bytes: int = 0
    pin: PinWish | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)
    validate_only: bool = False


class DisablePlugin(NamedTuple):
    """Ask for a plugin to stop serving a tenant; config and secrets stay."""

    caller: Caller
    tenant_id: str
    plugin_id: str
    validate_only: bool = False


@dataclass(frozen=True, slots=True)
class PutSecret:
    """Set one secret of one tenant's plugin: its *value*, or a *reference* to where it is kept (one of them)."""

    caller: Caller
    tenant_id: str
    plugin_id: str
    name: str
    value: str = field(default="", repr=False)
    reference: str | None = None
    validate_only: bool = False


class DeleteSecret(NamedTuple):
    """Forget one secret of one tenant's plugin."""

    caller: Caller
    tenant_id: str
    plugin_id: str
    name: str
    validate_only: bool = False


def enable_plugin(command: EnablePlugin, ports: Ports) -> Installation:
    """
    Install a plugin for a tenant, or enable it again with the config given.

    Raises:
        NotFoundError: There is no such tenant (for this caller) or plugin (404).
        PayloadTooLargeError: The config has more than 64 KiB (413).
        ValidationError: The config breaks the schema of the version that will serve (400).
        ForbiddenError: A quota is above what holds now, and the caller is no Admin (403).
        ConflictError: It is enabled already (409).
        UnprocessableError: The tenant can't be pinned to that version (422).
    """
    _require_both(command.caller, command.tenant_id, command.plugin_id, ports)
    require_small(command.config_bytes)
    now = rfc3339(ports.clock.now())
    existing = _find(command.tenant_id, command.plugin_id, ports)
    if existing is not None and existing.is_enabled:
        _require_quotas_alone(command)
    base = existing or Installation(command.tenant_id, command.plugin_id, created_at=now, updated_at=now)
    enabled = base._replace(is_enabled=True, quotas=_quotas_of(command, base, ports), updated_at=now)
    is_new_config = existing is None or bool(command.config and command.config != base.config)
    if is_new_config:
        enabled = enabled.with_config(command.config, now)
    if command.pin is not None:
        enabled = enabled._replace(pin=pin_of(command.caller, command.plugin_id, command.pin, ports))
    if existing is None or not existing.is_enabled:
        require_fitting(enabled.config, deciding_version(enabled, ports))
    if command.validate_only:
        return enabled
    number = enabled.config_revision
    history = ConfigRevision(number, enabled.config, command.caller.username, now) if is_new_config else None
    return write(enabled, _enabling(command, enabled), ports, history=history)


def _enabling(command: EnablePlugin, enabled: Installation) -> Change:
    after: dict[str, Any] = {"configKeys": sorted(enabled.config)}
    if command.quotas:
        after["quotas"] = dict(enabled.quotas)
    if command.pin is not None:
        after["pinnedVersion"] = command.pin.version
    return Change(command.caller, "EnablePlugin", after, command.pin.reason if command.pin else "")


def _require_quotas_alone(command: EnablePlugin) -> None:
    if not command.quotas or command.config or command.pin is not None:
        raise ConflictError(
            f"{command.plugin_id} is enabled for {command.tenant_id} already.",
            fix="Disable it first to enable it anew; only quotas, sent alone, change it as it is.",
        )


def _quotas_of(command: EnablePlugin, base: Installation, ports: Ports) -> Mapping[str, int]:
    """Put the quotas asked for in the place of those that were, if the caller may."""
    if not command.quotas:
        return base.quotas
    tier = ports.tenants.get(command.tenant_id).tier
    held = effective_limits(tier, base.quotas, factor=ports.limit_factor)
    require_quotas(command.quotas, held, is_admin=command.caller.is_admin)
    return {**base.quotas, **command.quotas}


def disable_plugin(command: DisablePlugin, ports: Ports) -> Installation:
    """
    Stop serving a tenant; disabling twice is the same.

    Raises:
        NotFoundError: There is no such tenant (for this caller), or it has not installed the plugin (404).
    """
    require_tenant(command.caller, command.tenant_id)
    existing = ports.installations.get(command.tenant_id, command.plugin_id)
    if not existing.is_enabled:
        return existing
    disabled = existing._replace(is_enabled=False, updated_at=rfc3339(ports.clock.now()))
    if command.validate_only:
        return disabled
    return write(disabled, Change(command.caller, "DisablePlugin", {"enabled": False}), ports)


def put_secret(command: PutSecret, ports: Ports) -> Installation:
    """
    Encrypt a secret under {tenant, plugin, name} and keep it with the installation; it is never read back.

    Of one that stays in Secrets Manager only the reference is kept, once a call could read it.

    Raises:
        NotFoundError: There is no such tenant (for this caller), or it has not installed the plugin (404).
        ValidationError: The value is empty, or the name too long (400).
        PayloadTooLargeError: The value has more than 4 KiB (413).
        UnprocessableError: No version of the plugin asks for a secret of that name, or no call could read what
            is referred to (422).
    """
    require_tenant(command.caller, command.tenant_id)
    existing = ports.installations.get(command.tenant_id, command.plugin_id)
    _check_secret(command)
    _require_declared(command.plugin_id, command.name, ports)
    after = {"secret": command.name}
    if command.reference is not None:
        ports.references.check(command.tenant_id, command.reference)
        after["reference"] = command.reference
    if command.validate_only:
        return existing
    context = secret_context(command.tenant_id, command.plugin_id, command.name)
    kept = command.reference or ports.secrets.seal(command.value, context)
    changed = existing.with_secret(command.name, kept, rfc3339(ports.clock.now()))
    return write(changed, Change(command.caller, "PutSecret", after), ports)


def delete_secret(command: DeleteSecret, ports: Ports) -> Installation:
    """
    Forget a secret; forgetting twice is the same.

    Raises:
        NotFoundError: There is no such tenant (for this caller), or it has not installed the plugin (404).
    """
    require_tenant(command.caller, command.tenant_id)
    existing = ports.installations.get(command.tenant_id, command.plugin_id)
    if command.name not in existing.sealed_secrets:
        return existing
    changed = existing.without_secret(command.name, rfc3339(ports.clock.now()))
    if command.validate_only:
        return changed
    return write(changed, Change(command.caller, "DeleteSecret", {"secret": command.name}), ports)


def _check_secret(command: PutSecret) -> None:
    if bool(command.value) is (command.reference is not None) or not 0 < len(command.name) <= MAX_SECRET_NAME:
        fix = f"Send a value that is not empty, or a reference, under a name of 1 to {MAX_SECRET_NAME} characters."
        raise ValidationError(
            "That can't be a secret.", fix=fix, errors=(FieldError("/value", "empty or misnamed", fix),)
        )
    if len(command.value.encode()) > MAX_SECRET_BYTES:
        raise PayloadTooLargeError(
            f"A secret holds at most {MAX_SECRET_BYTES:,} bytes.", fix="Store a reference to a larger secret."
        )


def _require_declared(plugin_id: str, name: str, ports: Ports) -> None:
    """Refuse what no version would ever be given: a misspelt name would be found out only when a call fails."""
    declared: set[str] = set()
    for version in ready_versions(plugin_id, ports):
        declared |= {*version.manifest.get("secrets", ())}
        if name in declared:
            return
    if declared:
        fix = f"Use one of: {', '.join(sorted(declared))}."
    else:
        fix = 'Name it under "secrets" in plugin.json, and publish that version first.'
    raise UnprocessableError(f"No version of {plugin_id} asks for a secret {name[:MAX_SECRET_NAME]!r}.", fix=fix)


def _require_both(caller: Caller, tenant_id: str, plugin_id: str, ports: Ports) -> None:
    require_tenant(caller, tenant_id)
    ports.tenants.get(tenant_id)
    ports.plugins.get(plugin_id)


def _find(tenant_id: str, plugin_id: str, ports: Ports) -> Installation | None:
    try:
        return ports.installations.get(tenant_id, plugin_id)
    except NotFoundError:
        return None
