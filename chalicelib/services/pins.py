"""Pins: hold a tenant on a version, with a reason; never a way around what an environment asks of a deployment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import require_tenant
from chalicelib.domain.errors import FieldError, UnprocessableError, ValidationError
from chalicelib.domain.ids import Environment
from chalicelib.domain.pins import Pin
from chalicelib.domain.times import rfc3339
from chalicelib.domain.windows import may_begin
from chalicelib.services.installation_writes import Change, require_seen, write_seen
from chalicelib.services.policies import has_been_there, require_climbed
from chalicelib.services.targets import target_of

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.installations import Installation
    from chalicelib.domain.routes import Target
    from chalicelib.ports import Ports


class PinWish(NamedTuple):
    """On which version a tenant is to be held, where, why, and until when (RFC 3339 with an offset; None: for ever)."""

    version: str
    reason: str
    environment: Environment = Environment.PRODUCTION
    expires_at: str | None = None


class PutPin(NamedTuple):
    """Hold a tenant; *expected_revision* is the installation's that the caller has seen (None: any)."""

    caller: Caller
    tenant_id: str
    plugin_id: str
    wish: PinWish
    expected_revision: int | None = None
    validate_only: bool = False


class DeletePin(NamedTuple):
    """Let a tenant go: the route decides again."""

    caller: Caller
    tenant_id: str
    plugin_id: str
    expected_revision: int | None = None
    validate_only: bool = False


def put_pin(command: PutPin, ports: Ports) -> Installation:
    """
    Hold a tenant on a version; a pin that was there is replaced.

    Raises:
        NotFoundError: There is no such tenant (for this caller), installation or version (404).
        PreconditionFailedError: The installation was changed since the caller read it (412).
        ValidationError: It has no reason, or ends before it begins (400).
        VersionNotReadyError: The version may not serve (422).
        UnprocessableError: The environment's policy would not let the version in, and it never was there (422).
    """
    require_tenant(command.caller, command.tenant_id)
    installation = ports.installations.get(command.tenant_id, command.plugin_id)
    require_seen(installation, command.expected_revision)
    pin = pin_of(command.caller, command.plugin_id, command.wish, ports)
    pinned = installation._replace(pin=pin, updated_at=pin.pinned_at)
    if command.validate_only:
        return pinned
    after = {"version": pin.target.version, "environment": pin.environment, "expiresAt": pin.expires_at}
    return write_seen(pinned, Change(command.caller, "PutPin", after, pin.reason), ports)


def delete_pin(command: DeletePin, ports: Ports) -> Installation:
    """
    Let a tenant go; letting go twice is the same.

    Raises:
        NotFoundError: There is no such tenant (for this caller), or it has not installed the plugin (404).
        PreconditionFailedError: The installation was changed since the caller read it (412).
    """
    require_tenant(command.caller, command.tenant_id)
    installation = ports.installations.get(command.tenant_id, command.plugin_id)
    require_seen(installation, command.expected_revision)
    freed = installation._replace(pin=None, updated_at=rfc3339(ports.clock.now()))
    if installation.pin is None or command.validate_only:
        return installation if installation.pin is None else freed
    after = {"version": installation.pin.target.version, "environment": installation.pin.environment}
    return write_seen(freed, Change(command.caller, "DeletePin", after), ports)


def pin_of(caller: Caller, plugin_id: str, wish: PinWish, ports: Ports) -> Pin:
    """
    Make the pin that is wished for, if the version may serve there.

    Raises:
        NotFoundError: There is no such version (404).
        ValidationError: It has no reason, or ends before it begins (400).
        VersionNotReadyError: The version may not serve (422).
        UnprocessableError: The environment's policy would not let the version in, and it never was there (422).
    """
    now = rfc3339(ports.clock.now())
    if not wish.reason.strip():
        fix = "Say why: whoever wonders later why this tenant does not move reads it."
        raise ValidationError("A pin needs a reason.", fix=fix, errors=(FieldError("/reason", "empty", fix),))
    version = ports.versions.get(plugin_id, wish.version)
    version.require_ready()
    target = target_of(version)
    _require_no_side_door(plugin_id, target, wish.environment, ports)
    return Pin(
        environment=wish.environment,
        target=target,
        reason=wish.reason,
        author=caller.username,
        pinned_at=now,
        expires_at=_expiry_of(wish, now),
    )


def _expiry_of(wish: PinWish, now: str) -> str | None:
    if wish.expires_at is None:
        return None
    try:
        moment = datetime.fromisoformat(wish.expires_at)
    except ValueError:
        moment = None
    expires_at = rfc3339(moment.astimezone(UTC)) if moment and moment.tzinfo else ""
    if expires_at > now:
        return expires_at
    fix = "Send a moment to come, in RFC 3339: 2027-01-31T12:00:00Z."
    raise ValidationError(
        "The pin would end before it begins.", fix=fix, errors=(FieldError("/expiresAt", "not a moment to come", fix),)
    )


def _require_no_side_door(plugin_id: str, target: Target, environment: Environment, ports: Ports) -> None:
    """
    Hold a pin to what the environment asks of a deployment, unless the version has come in by its front door before.

    A pin to what was there before is a way back, and never has to wait; a pin to anything else would move a tenant
    without its approvals, past its ladder, or while nothing may move.
    """
    if has_been_there(environment, plugin_id, target, ports):
        return
    policy = ports.policies.get(environment)
    if policy.approvals.needed:
        raise UnprocessableError(
            f"{plugin_id} {target.version} has never completed a deployment to {environment}, which needs "
            f"{policy.approvals.needed} approval(s).",
            fix=f"Deploy it to {environment} first, or pin to a version that has been there.",
        )
    require_climbed(policy, plugin_id, target, ports)
    opening = may_begin(policy, ports.clock.now(), 0)
    if not opening.is_open:
        raise UnprocessableError(
            f"{plugin_id} {target.version} has never completed a deployment to {environment}, and nothing new may "
            f"come in now: {opening.reason}.",
            fix=f"Pin to a version that has been there, or look when it opens: GET /environments/{environment}/policy.",
        )
