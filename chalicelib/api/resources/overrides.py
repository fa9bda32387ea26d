"""Overrides: leave to call one version for a few minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Resource
from chalicelib.domain.authorization import Caller
from chalicelib.domain.ids import Environment
from chalicelib.domain.overrides import DEFAULT_LIFETIME, HEADER, Override
from chalicelib.services.overrides import MintOverride


class OverrideBody(Body):
    """Where the version is to be called, and for how long."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"environment": "Development", "ttl": "PT5M"}]})

    environment: Annotated[Environment, Field(description="Use one of " + ", ".join(Environment) + ".")]
    ttl: Annotated[timedelta, Field(description="Send an ISO 8601 duration of at most 15 minutes, like PT5M.")] = (
        DEFAULT_LIFETIME
    )

    def to_command(self, caller: Caller, plugin_id: str, version: str, *, validate_only: bool) -> MintOverride:
        """Make the command of the use case."""
        return MintOverride(caller, plugin_id, version, self.environment, self.ttl, validate_only=validate_only)


class OverrideResource(Resource):
    """What to send with an invocation."""

    header: Annotated[str, Field(description="Name of the header.")]
    token: Annotated[str | None, Field(description="Value of the header; null in a dry run.")]
    expires_at: str
    plugin_id: str
    version: str
    environment: Environment

    @classmethod
    def of(cls, override: Override, token: str) -> OverrideResource:
        """Present an override."""
        return cls(
            header=HEADER,
            token=token or None,
            expires_at=override.expires_at,
            plugin_id=override.plugin_id,
            version=override.target.version,
            environment=Environment(override.environment),
        )
