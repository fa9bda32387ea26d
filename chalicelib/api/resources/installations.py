"""Installations: what a tenant uses, with which configuration and secrets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Resource
from chalicelib.api.resources.configurations import bytes_of
from chalicelib.domain.authorization import Caller
from chalicelib.domain.errors import FieldError, UnprocessableError
from chalicelib.domain.installations import Installation
from chalicelib.services.installations import EnablePlugin, PutSecret


class EnablePluginBody(Body):
    """How a plugin is to serve a tenant."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"configuration": {"currency": "eur", "apiBase": "https://api.stripe.com"}}]}
    )

    configuration: Annotated[
        dict[str, Any], Field(default_factory=dict, description="Send an object that fits the plugin's configSchema.")
    ]
    pinned_version: Annotated[str | None, Field(max_length=64, description="Not in this release: refused.")] = None
    quotas: Annotated[dict[str, Any] | None, Field(description="Not in this release: refused.")] = None

    def to_command(self, caller: Caller, tenant_id: str, plugin_id: str, *, validate_only: bool) -> EnablePlugin:
        """
        Make the command of the use case.

        Raises:
            UnprocessableError: It asks for a pin or for quotas, which nothing would hold to (422).
        """
        given = {"pinnedVersion": self.pinned_version, "quotas": self.quotas}
        unknown = [name for name, value in given.items() if value is not None]
        if unknown:
            fix = "Leave it out: the environment's route decides the version, and there are no quotas yet."
            errors = tuple(FieldError(f"/{name}", "It can't be honoured in this release.", fix) for name in unknown)
            raise UnprocessableError("This release has neither pins nor quotas.", fix=fix, errors=errors)
        size = bytes_of(self.configuration)
        return EnablePlugin(
            caller, tenant_id, plugin_id, self.configuration, config_bytes=size, validate_only=validate_only
        )


class SecretBody(Body):
    """The value of a secret; it is encrypted at once and never shown again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"value": "sk_live_…"}]})

    value: Annotated[
        str | None, Field(min_length=1, description="Send the secret's value, at most 4 KiB.", repr=False)
    ] = None
    secret_arn: Annotated[str | None, Field(max_length=2048, description="Not in this release: refused.")] = None

    def to_command(self, caller: Caller, names: tuple[str, str, str], *, validate_only: bool) -> PutSecret:
        """
        Make the command of the use case; *names* are tenant, plugin and secret.

        Raises:
            UnprocessableError: It refers to a secret elsewhere, which no invocation could read (422).
        """
        if self.secret_arn is not None:
            fix = "Send the value itself: it is encrypted under this tenant, plugin and name."
            errors = (FieldError("/secretArn", "It can't be honoured in this release.", fix),)
            raise UnprocessableError("References to Secrets Manager are not resolved yet.", fix=fix, errors=errors)
        tenant_id, plugin_id, name = names
        return PutSecret(caller, tenant_id, plugin_id, name, self.value or "", validate_only=validate_only)


class InstallationResource(Resource):
    """One tenant's use of one plugin."""

    tenant_id: str
    plugin_id: str
    status: Literal["Enabled", "Disabled"]
    enabled: bool
    configuration: dict[str, Any]
    secrets: Annotated[list[str], Field(description="Names of the secrets that are set; values are never returned.")]
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, installation: Installation) -> InstallationResource:
        """Present an installation, without any secret's value."""
        return cls(
            tenant_id=installation.tenant_id,
            plugin_id=installation.plugin_id,
            status="Enabled" if installation.is_enabled else "Disabled",
            enabled=installation.is_enabled,
            configuration=dict(installation.config),
            secrets=sorted(installation.sealed_secrets),
            created_at=installation.created_at,
            updated_at=installation.updated_at,
        )
