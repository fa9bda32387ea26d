"""Pins: a tenant held on one version."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Line, Resource
from chalicelib.domain.ids import Environment
from chalicelib.domain.pins import Pin
from chalicelib.services.pins import PinWish


class PinBody(Body):
    """On which version a tenant is to be held."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": "1.0.0", "reason": "audit until February"}]})

    version: Annotated[str, Field(max_length=64, description="Send a version that is Ready.")]
    reason: Annotated[Line, Field(min_length=1, description="Say why the tenant must not move.")]
    environment: Annotated[Environment, Field(description="Use one of " + ", ".join(Environment) + ".")] = (
        Environment.PRODUCTION
    )
    expires_at: Annotated[
        str | None, Field(max_length=40, description="Send when it ends by itself, in RFC 3339; absent: never.")
    ] = None

    def to_wish(self) -> PinWish:
        """Say it to the use case."""
        return PinWish(self.version, self.reason, self.environment, self.expires_at)


class PinResource(Resource):
    """A tenant's hold on a version."""

    environment: Environment
    version: str
    reason: str
    author: str
    pinned_at: str
    expires_at: Annotated[str | None, Field(description="When it ends by itself; null: never.")]
    deployment_id: Annotated[
        str | None, Field(description="The deployment whose candidate failed for the tenant, of a pin by its guard.")
    ]

    @classmethod
    def of(cls, pin: Pin) -> PinResource:
        """Present a pin."""
        return cls(
            environment=Environment(pin.environment),
            version=pin.target.version,
            reason=pin.reason,
            author=pin.author,
            pinned_at=pin.pinned_at,
            expires_at=pin.expires_at,
            deployment_id=pin.deployment_id,
        )
