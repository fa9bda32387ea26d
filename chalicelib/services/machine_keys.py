"""Create, rotate and revoke the keys of machines; a secret is told once, to whoever asked for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.errors import FieldError, ValidationError
from chalicelib.domain.machine_keys import (
    DEFAULT_ACTIONS,
    KEY_ID,
    KeySecret,
    MachineKey,
    check_actions,
    check_tenants,
    digest_of,
    key_not_found,
    token_of,
)
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.times import rfc3339
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports

DEFAULT_OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=30)
LONGEST_LIFETIME = timedelta(days=366)


class CreateKey(NamedTuple):
    """Ask for a key; *tenants* None is every tenant, *lifetime* None is until it is revoked."""

    caller: Caller
    name: str
    actions: tuple[str, ...] = DEFAULT_ACTIONS
    tenants: tuple[str, ...] | None = None
    lifetime: timedelta | None = None
    validate_only: bool = False


class RotateKey(NamedTuple):
    """Ask for a new secret; those there are end after *overlap*, at once if it is nothing."""

    caller: Caller
    key_id: str
    overlap: timedelta = DEFAULT_OVERLAP
    validate_only: bool = False


class RevokeKey(NamedTuple):
    """Ask for the end of a key."""

    caller: Caller
    key_id: str
    validate_only: bool = False


class Told(NamedTuple):
    """A key, and the token that is told this once; None in a dry run."""

    key: MachineKey
    token: str | None


def create_key(command: CreateKey, ports: Ports) -> Told:
    """
    Create a key.

    Raises:
        ValidationError: It would be for what is no host's, for no tenants, or for longer than a year (400).
    """
    now = ports.clock.now()
    _require_within(command.lifetime, LONGEST_LIFETIME, "/lifetime", "P366D")
    secret = ports.ids.new_secret()
    key = MachineKey(
        id=ports.ids.new("key"),
        name=command.name,
        actions=check_actions(command.actions),
        tenants=check_tenants(command.tenants),
        secrets=(KeySecret(digest_of(secret)),),
        created_by=command.caller.username,
        created_at=rfc3339(now),
        expires_at=None if command.lifetime is None else rfc3339(now + command.lifetime),
    )
    if command.validate_only:
        return Told(key, None)
    after = {"name": key.name, "actions": list(key.actions), "tenants": _listed(key), "expiresAt": key.expires_at}
    ports.machine_keys.add(key, record_of(command.caller, "CreateKey", f"keys/{key.id}", ports, after=after))
    return Told(key, token_of(key.id, secret))


def rotate_key(command: RotateKey, ports: Ports) -> Told:
    """
    Give a key a new secret; hosts change over while both are good.

    Raises:
        NotFoundError: There is no such key (404).
        ConflictError: It is over, too many of its secrets are still good, or somebody else changed it (409).
        ValidationError: The overlap is longer than 30 days (400).
    """
    _require_within(command.overlap, LONGEST_OVERLAP, "/overlap", "P30D")
    key = find_key(command.key_id, ports)
    now = ports.clock.now()
    secret, overlap_until = ports.ids.new_secret(), rfc3339(now + command.overlap)
    rotated = key.rotated(digest_of(secret), now=rfc3339(now), overlap_until=overlap_until)
    if command.validate_only:
        return Told(rotated, None)
    record = record_of(command.caller, "RotateKey", f"keys/{key.id}", ports, after={"overlapUntil": overlap_until})
    return Told(ports.machine_keys.save(rotated, record), token_of(key.id, secret))


def revoke_key(command: RevokeKey, ports: Ports) -> MachineKey:
    """
    End a key for good; again it changes nothing.

    Raises:
        NotFoundError: There is no such key (404).
        StaleRevisionError: Somebody else changed it at the same moment (409).
    """
    key = find_key(command.key_id, ports)
    revoked = key.revoked(rfc3339(ports.clock.now()))
    if revoked is key or command.validate_only:
        return revoked
    after = {"revokedAt": revoked.revoked_at}
    record = record_of(command.caller, "RevokeKey", f"keys/{key.id}", ports, after=after)
    return ports.machine_keys.save(revoked, record)


def take_tenant_from_keys(caller: Caller, tenant_id: str, ports: Ports) -> int:
    """
    Narrow each key that names a tenant, for it is erased; return how many did. Again it changes nothing.

    Raises:
        StaleRevisionError: Somebody else changed one at the same moment (409).
    """
    now, count = rfc3339(ports.clock.now()), 0
    for key in keys_of(tenant_id, ports):
        left = key.without_tenant(tenant_id, now)
        action = "RevokeKey" if left.revoked_at != key.revoked_at else "NarrowKey"
        after = {"tenants": _listed(left), "revokedAt": left.revoked_at}
        ports.machine_keys.save(left, record_of(caller, action, f"keys/{key.id}", ports, after=after))
        count += 1
    return count


def keys_of(tenant_id: str, ports: Ports) -> Iterator[MachineKey]:
    """Go through all keys that name a tenant."""
    request = PageRequest(100)
    while True:
        page = ports.machine_keys.page(request)
        yield from (key for key in page.items if tenant_id in (key.tenants or ()))
        if page.next_position is None:
            return
        request = PageRequest(100, page.next_position)


def find_key(key_id: str, ports: Ports) -> MachineKey:
    """
    Return a key.

    Raises:
        NotFoundError: There is none of that id (404).
    """
    if not KEY_ID.fullmatch(key_id):
        raise key_not_found(key_id)
    return ports.machine_keys.get(key_id)


def _listed(key: MachineKey) -> list[str] | None:
    return None if key.tenants is None else list(key.tenants)


def _require_within(asked: timedelta | None, longest: timedelta, field: str, told: str) -> None:
    if asked is None or timedelta() <= asked <= longest:
        return
    fix = f"Send an ISO 8601 duration of at most {told}."
    raise ValidationError("It can't be that long.", fix=fix, errors=(FieldError(field, "Out of bounds.", fix),))
