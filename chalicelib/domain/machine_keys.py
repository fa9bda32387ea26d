"""Machine keys: what a program proves itself with, what it may do with it, and when each of its secrets ends."""

from __future__ import annotations

import re
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple

from chalicelib.domain.authorization import PERMISSIONS, Caller, Role
from chalicelib.domain.credentials import Refusal
from chalicelib.domain.errors import ConflictError, FieldError, NotFoundError, ValidationError
from chalicelib.domain.ids import TENANT_ID

#: A key is found in logs and repositories by this; the id behind it is not secret.
PREFIX = "hsk_"
KEY_ID = re.compile(r"key_[0-9A-HJKMNP-TV-Z]{26}")
_TOKEN = re.compile(r"hsk_([0-9A-HJKMNP-TV-Z]{26})_([A-Za-z0-9_-]{43})")

#: What a host does; a key may do nothing that a host may not.
DEFAULT_ACTIONS = ("invoke_plugin", "post_observations")
#: All of them travel in the answer of the authorizer, which may hold a few kilobytes.
MAX_TENANTS = 50
#: Who rotates again before the one before has ended keeps several; beyond this, something is wrong.
MAX_SECRETS = 4


class KeyStatus(StrEnum):
    """Whether a key still opens anything."""

    ACTIVE = "Active"
    EXPIRED = "Expired"
    REVOKED = "Revoked"


class KeySecret(NamedTuple):
    """One secret of a key: its SHA-256, and when it ends (RFC 3339; None: with the key)."""

    digest: str
    expires_at: str | None = None


class MachineKey(NamedTuple):
    """
    A key of a program; its secrets are known only by their digests, the newest first.

    *actions* are names of the table of permissions; *tenants* None stands for every tenant. A secret has 256 random
    bits, so that a plain hash of it gives nothing away: what slow hashes protect are words that people think of.
    """

    id: str
    name: str
    actions: tuple[str, ...]
    tenants: tuple[str, ...] | None
    secrets: tuple[KeySecret, ...]
    created_by: str
    created_at: str
    expires_at: str | None = None
    rotated_at: str | None = None
    revoked_at: str | None = None
    revision: int = 1

    def status(self, now: str) -> KeyStatus:
        """Say whether it opens anything at *now*."""
        if self.revoked_at is not None:
            return KeyStatus.REVOKED
        return KeyStatus.EXPIRED if _is_over(self.expires_at, now) else KeyStatus.ACTIVE

    def admits(self, secret: str, now: str) -> bool:
        """Tell whether *secret* is one of the key's at *now*; how long this takes tells nothing about any of them."""
        digest = digest_of(secret)
        fits = [compare_digest(digest, each.digest) and not _is_over(each.expires_at, now) for each in self.secrets]
        return any(fits) and self.status(now) is KeyStatus.ACTIVE

    def refusal(self, now: str) -> Refusal:
        """Say why it does not admit who has just been turned away."""
        if self.revoked_at is not None:
            return Refusal.KEY_REVOKED
        return Refusal.KEY_EXPIRED if _is_over(self.expires_at, now) else Refusal.KEY_SECRET

    def caller(self) -> Caller:
        """Say who calls with it: a host, narrowed to what the key is for."""
        tenants = None if self.tenants is None else frozenset(self.tenants)
        return Caller(self.id, frozenset({Role.HOST}), only_actions=frozenset(self.actions), only_tenants=tenants)

    def rotated(self, digest: str, *, now: str, overlap_until: str) -> MachineKey:
        """
        Take a new secret; those there are last until *overlap_until*, or until their own end if that is sooner.

        Raises:
            ConflictError: It is over, or too many of its secrets are still good (409).
        """
        require_active(self, now)
        lasting = [each for each in self.secrets if not _is_over(each.expires_at, now)]
        if len(lasting) >= MAX_SECRETS:
            raise ConflictError(
                f"{self.id} was rotated {MAX_SECRETS - 1} times, and all of its secrets are still good.",
                fix="Wait until one has ended, or revoke the key and create another.",
            )
        ending = (each._replace(expires_at=min(each.expires_at or overlap_until, overlap_until)) for each in lasting)
        return self._replace(secrets=(KeySecret(digest), *ending), rotated_at=now)

    def revoked(self, now: str) -> MachineKey:
        """End it for good: nothing of its secrets stays."""
        return self if self.revoked_at else self._replace(secrets=(), revoked_at=now)

    def without_tenant(self, tenant_id: str, now: str) -> MachineKey:
        """Open nothing of a tenant any more, for a later one may get its id; what opened nothing else is revoked."""
        if tenant_id not in (self.tenants or ()):
            return self
        left = tuple(each for each in self.tenants or () if each != tenant_id)
        narrowed = self._replace(tenants=left)
        return narrowed if left else narrowed.revoked(now)


def token_of(key_id: str, secret: str) -> str:
    """Write what a program sends as its bearer token."""
    return f"{PREFIX}{key_id.removeprefix('key_')}_{secret}"


def parts_of(token: str) -> tuple[str, str] | None:
    """Read the key's id and the secret out of a bearer token; None if it is none of ours."""
    match = _TOKEN.fullmatch(token)
    return (f"key_{match[1]}", match[2]) if match else None


def digest_of(secret: str) -> str:
    """Hash a secret as it is stored."""
    return sha256(secret.encode()).hexdigest()


def require_active(key: MachineKey, now: str) -> None:
    """
    Raise unless *key* still opens something.

    Raises:
        ConflictError: It was revoked, or it has expired (409).
    """
    status = key.status(now)
    if status is not KeyStatus.ACTIVE:
        raise ConflictError(f"{key.id} is {status}.", fix="Create another key: POST /keys.")


def check_actions(actions: tuple[str, ...]) -> tuple[str, ...]:
    """
    Return *actions*, each once and in order, if a host may do each of them.

    Raises:
        ValidationError: There is none, or one that is no host's (400).
    """
    allowed = sorted(name for name, roles in PERMISSIONS.items() if Role.HOST in roles)
    wrong = [name for name in actions if name not in allowed]
    if actions and not wrong:
        return tuple(sorted(set(actions)))
    fix = f"Use some of {', '.join(allowed)}."
    named = ", ".join(name[:40] for name in wrong[:5]) or "none at all"
    raise ValidationError(
        f"A key can't be for this: {named}.", fix=fix, errors=(FieldError("/actions", f"{named} is no host's.", fix),)
    )


def check_tenants(tenants: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """
    Return *tenants*, each once and in order, if they can be ids of tenants; None (every tenant) as it is.

    Raises:
        ValidationError: There is none, there are too many, or one can't be a tenant (400).
    """
    if tenants is None:
        return None
    unique = tuple(sorted(set(tenants)))
    if 0 < len(unique) <= MAX_TENANTS and all(TENANT_ID.fullmatch(each) for each in unique):
        return unique
    fix = f"Send 1 to {MAX_TENANTS} ids of tenants; leave it out for every tenant."
    raise ValidationError(
        "These can't be the tenants of a key.", fix=fix, errors=(FieldError("/tenants", "Not a list of ids.", fix),)
    )


def key_not_found(key_id: str) -> NotFoundError:
    """Say that there is no such key."""
    return NotFoundError(f"There is no key {key_id[:40]!r}.", fix="GET /keys lists all of them.")


def _is_over(expires_at: str | None, now: str) -> bool:
    return expires_at is not None and expires_at <= now
