"""Keys of machines: what is asked for, and what is shown of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Line, Listing, Resource
from chalicelib.domain.authorization import Caller
from chalicelib.domain.machine_keys import DEFAULT_ACTIONS, MAX_TENANTS, KeyStatus, MachineKey
from chalicelib.services.machine_keys import DEFAULT_OVERLAP, CreateKey, RotateKey, Told

_ACTIONS = "Name what it may do, of what a Host may do in docs/permissions.md."
_TENANTS = f"Name at most {MAX_TENANTS} tenants; leave it out for every tenant."


class CreateKeyBody(Body):
    """A new key, and what it is for."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "shop backend", "tenants": ["acme"], "lifetime": "P90D"}]}
    )

    name: Annotated[Line, Field(min_length=1, description="Say which program has it.")]
    actions: Annotated[tuple[str, ...], Field(min_length=1, max_length=100, description=_ACTIONS)] = DEFAULT_ACTIONS
    tenants: Annotated[list[str] | None, Field(min_length=1, max_length=MAX_TENANTS, description=_TENANTS)] = None
    lifetime: Annotated[
        timedelta | None, Field(description="Send an ISO 8601 duration of at most P366D; absent: until revoked.")
    ] = None

    def to_command(self, caller: Caller, *, validate_only: bool) -> CreateKey:
        """Make the command of the use case."""
        tenants = None if self.tenants is None else tuple(self.tenants)
        return CreateKey(caller, self.name, self.actions, tenants, self.lifetime, validate_only=validate_only)


class RotateKeyBody(Body):
    """How long the secrets that there are stay good."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap": "PT24H"}]})

    overlap: Annotated[
        timedelta, Field(description="Send an ISO 8601 duration of at most P30D; PT0S ends the others at once.")
    ] = DEFAULT_OVERLAP

    def to_command(self, caller: Caller, key_id: str, *, validate_only: bool) -> RotateKey:
        """Make the command of the use case."""
        return RotateKey(caller, key_id, self.overlap, validate_only=validate_only)


class KeyListing(Listing):
    """Which page of the keys."""


class KeyResource(Resource):
    """A key of a program; its secrets are not told again."""

    id: Annotated[str, Field(description="Also the actor of what is done with it, in the audit trail.")]
    name: str
    actions: list[str]
    tenants: Annotated[list[str] | None, Field(description="Null: every tenant.")]
    status: KeyStatus
    created_by: str
    created_at: str
    expires_at: Annotated[str | None, Field(description="Null: until it is revoked.")]
    rotated_at: str | None
    revoked_at: str | None
    overlaps_until: Annotated[
        str | None, Field(description="Until then a secret from before the last rotation is good; null: none is.")
    ]

    @classmethod
    def of(cls, key: MachineKey, now: str) -> KeyResource:
        """Present a key as it is *now*."""
        return cls.model_validate(_shown(key, now))


class ToldKeyResource(KeyResource):
    """A key with its newest secret, which is told this once."""

    key: Annotated[str | None, Field(description="Send it as `Authorization: Bearer <key>`; null in a dry run.")]

    @classmethod
    def of_told(cls, told: Told, now: str) -> ToldKeyResource:
        """Present a key and its token."""
        return cls.model_validate({**_shown(told.key, now), "key": told.token})


def _shown(key: MachineKey, now: str) -> dict[str, object]:
    ends = [each.expires_at for each in key.secrets if each.expires_at and each.expires_at > now]
    return {
        "id": key.id,
        "name": key.name,
        "actions": list(key.actions),
        "tenants": None if key.tenants is None else list(key.tenants),
        "status": key.status(now),
        "created_by": key.created_by,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "rotated_at": key.rotated_at,
        "revoked_at": key.revoked_at,
        "overlaps_until": max(ends, default=None),
    }
