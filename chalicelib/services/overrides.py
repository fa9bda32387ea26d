"""Mint overrides: leave to call one version for a few minutes, also while nobody else gets it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import require_deployer
from chalicelib.domain.errors import FieldError, ValidationError
from chalicelib.domain.overrides import DEFAULT_LIFETIME, MAX_LIFETIME, Override, sign
from chalicelib.domain.times import rfc3339
from chalicelib.services.records import record_of
from chalicelib.services.targets import target_of

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.ids import Environment
    from chalicelib.ports import Ports


class MintOverride(NamedTuple):
    """Ask for leave to send single requests of an environment to a version."""

    caller: Caller
    plugin_id: str
    version: str
    environment: Environment
    lifetime: timedelta = DEFAULT_LIFETIME
    validate_only: bool = False


def mint_override(command: MintOverride, ports: Ports) -> tuple[Override, str]:
    """
    Sign an override; the token is ``""`` when it was only to be validated.

    Raises:
        ForbiddenError: The caller may not deploy there (403).
        NotFoundError: There is no such plugin or version (404).
        VersionNotReadyError: The version is not Ready (422).
        ValidationError: It is to hold for longer than 15 minutes, or for no time (400).
    """
    require_deployer(command.caller, command.environment)
    if not timedelta(0) < command.lifetime <= MAX_LIFETIME:
        fix = "Ask for at most 15 minutes: PT15M."
        errors = (FieldError("/ttl", "It is out of range.", fix),)
        raise ValidationError("An override can't hold for so long.", fix=fix, errors=errors)
    ports.plugins.get(command.plugin_id)
    version = ports.versions.get(command.plugin_id, command.version)
    version.require_ready()
    override = Override(
        plugin_id=command.plugin_id,
        environment=command.environment,
        target=target_of(version),
        author=command.caller.username,
        expires_at=rfc3339(ports.clock.now() + command.lifetime),
    )
    if command.validate_only:
        return override, ""
    token = sign(override, ports.override_key.ensure())
    after = {"environment": override.environment, "expiresAt": override.expires_at}
    resource = f"plugins/{override.plugin_id}/versions/{version.version}"
    ports.audit.append(record_of(command.caller, "MintOverride", resource, ports, after=after))
    return override, token
