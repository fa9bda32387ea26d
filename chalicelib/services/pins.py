"""Pins: hold a tenant on a version, with a reason; never a way around what an environment asks of a deployment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import require_tenant
from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.errors import FieldError, UnprocessableError, ValidationError
from chalicelib.domain.ids import Environment
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.pins import Pin
from chalicelib.domain.times import rfc3339
from chalicelib.services.deployments import target_of
from chalicelib.services.installation_writes import Change, require_seen, write_seen

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.installations import Installation
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
        UnprocessableError: The environment asks for approvals that the version never had there (422).
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
        UnprocessableError: The environment asks for approvals that the version never had there (422).
    """
    now = rfc3339(ports.clock.now())
    if not wish.reason.strip():
        fix = "Say why: whoever wonders later why this tenant does not move reads it."
        raise ValidationError("A pin needs a reason.", fix=fix, errors=(FieldError("/reason", "empty", fix),))
    version = ports.versions.get(plugin_id, wish.version)
    version.require_ready()
    _require_no_side_door(plugin_id, version.version, wish.environment, ports)
    return Pin(
        environment=wish.environment,
        target=target_of(version),
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


def _require_no_side_door(plugin_id: str, version: str, environment: Environment, ports: Ports) -> None:
    """Refuse a version that the environment's approvers have never let in; a pin would let it in without them."""
    approvals = ports.policies.get(environment).approvals.needed
    if not approvals or _has_completed(plugin_id, version, environment, ports):
        return
    raise UnprocessableError(
        f"{plugin_id} {version} has never completed a deployment to {environment}, which needs {approvals} "
        "approval(s).",
        fix=f"Deploy it to {environment} first, or pin to a version that has been there.",
    )


def _has_completed(plugin_id: str, version: str, environment: Environment, ports: Ports) -> bool:
    request = PageRequest(100)
    while True:
        page = ports.deployments.page(
            request, plugin_id=plugin_id, environment=environment, status=DeploymentStatus.COMPLETED
        )
        if any(deployment.target.version == version for deployment in page.items):
            return True
        if page.next_position is None:
            return False
        request = PageRequest(100, page.next_position)
