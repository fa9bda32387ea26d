"""Installations: what a tenant uses, with which configuration and secrets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Line, Resource
from chalicelib.api.resources.configurations import bytes_of
from chalicelib.api.resources.pins import PinResource
from chalicelib.domain.authorization import Caller
from chalicelib.domain.errors import FieldError, ValidationError
from chalicelib.domain.installations import Installation, is_reference
from chalicelib.services.installations import EnablePlugin, PutSecret
from chalicelib.services.pins import PinWish

_ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:hotswap/acme/stripe-AbCdEf"


class EnablePluginBody(Body):
    """How a plugin is to serve a tenant."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"configuration": {"currency": "eur", "apiBase": "https://api.stripe.com"}}]}
    )

    configuration: Annotated[
        dict[str, Any], Field(default_factory=dict, description="Send an object that fits the plugin's configSchema.")
    ]
    pinned_version: Annotated[
        str | None, Field(max_length=64, description="Send a version to hold the tenant on in Production.")
    ] = None
    pin_reason: Annotated[Line | None, Field(min_length=1, description="Say why; pinnedVersion needs it.")] = None
    quotas: Annotated[
        dict[str, int],
        Field(
            default_factory=dict,
            description="Send requestsPerMinute, concurrentExecutions or executionSecondsPerMinute, as whole numbers.",
        ),
    ]

    def to_command(self, caller: Caller, tenant_id: str, plugin_id: str, *, validate_only: bool) -> EnablePlugin:
        """
        Make the command of the use case.

        Raises:
            ValidationError: Pinned version and reason don't come together (400).
        """
        return EnablePlugin(
            caller,
            tenant_id,
            plugin_id,
            self.configuration,
            config_bytes=bytes_of(self.configuration),
            pin=self._wish(),
            quotas=self.quotas,
            validate_only=validate_only,
        )

    def _wish(self) -> PinWish | None:
        if (self.pinned_version is None) is not (self.pin_reason is None):
            missing = "/pinReason" if self.pin_reason is None else "/pinnedVersion"
            fix = "Send both pinnedVersion and pinReason, or neither."
            errors = (FieldError(missing, "It is missing.", fix),)
            raise ValidationError("A pin has a version and a reason.", fix=fix, errors=errors)
        if self.pinned_version is None or self.pin_reason is None:
            return None
        return PinWish(self.pinned_version, self.pin_reason)


class SecretBody(Body):
    """The value of a secret, encrypted at once and never shown again, or a reference to where it is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"value": "sk_live_…"}, {"reference": _ARN}]})

    value: Annotated[
        str | None, Field(min_length=1, description="Send the secret's value, at most 4 KiB.", repr=False)
    ] = None
    reference: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=2048,
            description="Or send the ARN of a secret in AWS Secrets Manager whose name begins with <stack>/<tenant>/.",
        ),
    ] = None

    def to_command(self, caller: Caller, names: tuple[str, str, str], *, validate_only: bool) -> PutSecret:
        """Make the command of the use case; *names* are tenant, plugin and secret."""
        tenant_id, plugin_id, name = names
        return PutSecret(
            caller, tenant_id, plugin_id, name, self.value or "", self.reference, validate_only=validate_only
        )


class InstallationResource(Resource):
    """One tenant's use of one plugin."""

    tenant_id: str
    plugin_id: str
    status: Literal["Enabled", "Disabled"]
    enabled: bool
    configuration: dict[str, Any]
    secrets: Annotated[list[str], Field(description="Names of the secrets that are set; values are never returned.")]
    secret_references: Annotated[dict[str, str], Field(description="Where those are that are kept elsewhere.")]
    quotas: Annotated[dict[str, int], Field(description="Its own limits; those of the tier hold where none is.")]
    pinned_version: Annotated[str | None, Field(description="The version of its pin, be it ended or not.")]
    pin: PinResource | None
    revision: Annotated[int, Field(description="Its ETag without quotes, for If-Match.")]
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
            secret_references={
                name: kept for name, kept in sorted(installation.sealed_secrets.items()) if is_reference(kept)
            },
            quotas=dict(installation.quotas),
            pinned_version=installation.pin.target.version if installation.pin else None,
            pin=PinResource.of(installation.pin) if installation.pin else None,
            revision=installation.revision,
            created_at=installation.created_at,
            updated_at=installation.updated_at,
        )
