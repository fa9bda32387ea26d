"""Plugins: registering, describing and deprecating them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field

from chalicelib.api.models import Body, Line, Listing, Resource, Text
from chalicelib.api.resources.versions import UploadResource
from chalicelib.domain.authorization import Caller
from chalicelib.domain.plugins import Plugin, PluginFilter, PluginStatus, PluginType
from chalicelib.domain.versions import SemVer, Version
from chalicelib.ports.artifacts import Upload
from chalicelib.services.plugins import DeprecatePlugin, RegisterPlugin, UpdatePlugin
from chalicelib.services.versions import CreateVersion


def _check_url(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in {"https", "http"} or not parts.hostname):
        raise ValueError("it is not an address of the web")
    return text


Url = Annotated[
    str,
    Field(max_length=2048, pattern=r"^[^\x00-\x20\x7f]*$", description="Send an http or https address."),
    AfterValidator(_check_url),
]
Tag = Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f,]+$")]
Tags = Annotated[tuple[Tag, ...], Field(max_length=20, description="Send up to 20 tags, without commas.")]
PluginName = Annotated[
    str,
    Field(
        description="Use 3 to 40 characters: a-z, 0-9 and '-'; begin with a letter, end with a letter or digit.",
        json_schema_extra={"pattern": "^[a-z][a-z0-9-]{1,38}[a-z0-9]$"},
    ),
]
Type = Annotated[PluginType, Field(description="Use one of " + ", ".join(PluginType) + ".")]


class RegisterPluginBody(Body):
    """A new plugin; with `version`, its first version is created too."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "payment-processor-stripe",
                    "type": "PaymentGateway",
                    "displayName": "Stripe payments",
                    "description": "Charges cards through Stripe.",
                    "tags": ["payments"],
                },
                {
                    "name": "payment-processor-stripe",
                    "version": "1.0.0",
                    "type": "PaymentGateway",
                    "entryPoint": "stripe_gateway:handle",
                    "sandboxEnabled": True,
                },
            ]
        }
    )

    name: PluginName
    type: Type
    display_name: Line = ""
    description: Text = ""
    author: Line = ""
    documentation_url: Url = ""
    tags: Tags = ()
    version: Annotated[
        str | None, Field(max_length=64, description="Send SemVer 2.0 to create the first version as well: 1.0.0.")
    ] = None
    entry_point: Annotated[
        Line | None, Field(description="What the package's plugin.json will name; goes with `version`.")
    ] = None
    sandbox_enabled: Annotated[bool | None, Field(description="Goes with `version`.")] = None

    def to_command(self, caller: Caller, *, validate_only: bool) -> RegisterPlugin:
        """Make the command that registers the plugin."""
        return RegisterPlugin(
            caller=caller,
            name=self.name,
            type=self.type,
            display_name=self.display_name,
            description=self.description,
            author=self.author,
            documentation_url=self.documentation_url,
            tags=self.tags,
            validate_only=validate_only,
        )

    def to_version_command(self, caller: Caller) -> CreateVersion | None:
        """
        Make the command that creates its first version, if one is asked for.

        Raises:
            InvalidSemVerError: The number is not SemVer 2.0 (400).
        """
        if self.version is None:
            return None
        return CreateVersion(
            caller=caller,
            plugin_id=self.name,
            version=str(SemVer.parse(self.version)),
            entry_point=self.entry_point or "",
            is_sandbox_enabled=bool(self.sandbox_enabled),
        )


class UpdatePluginBody(Body):
    """Changed words about a plugin; what is not sent stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"description": "Charges cards.", "tags": ["payments"]}]})

    display_name: Line = ""
    description: Text = ""
    author: Line = ""
    documentation_url: Url = ""
    tags: Tags = ()

    def to_command(self, caller: Caller, plugin_id: str, *, validate_only: bool) -> UpdatePlugin:
        """Make the command of the use case."""
        changes: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        return UpdatePlugin(caller, plugin_id, changes, validate_only=validate_only)


class DeprecatePluginBody(Body):
    """Why a plugin should not be used any more, and what to use instead."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Superseded.", "migrationGuide": "https://docs.example.com/v2"}]}
    )

    reason: Annotated[Text, Field(min_length=1, description="Say why.")]
    migration_guide: Annotated[Text, Field(description="Say what to use instead, or where that is written.")] = ""

    def to_command(self, caller: Caller, plugin_id: str, *, validate_only: bool) -> DeprecatePlugin:
        """Make the command of the use case."""
        return DeprecatePlugin(caller, plugin_id, self.reason, self.migration_guide, validate_only=validate_only)


class PluginListing(Listing):
    """Which plugins to list."""

    type: Annotated[PluginType | None, Field(description="Only plugins of this type.")] = None
    status: Annotated[PluginStatus | None, Field(description="Only plugins in this status.")] = None
    tags: Annotated[
        str | None, Field(max_length=1000, description="Only plugins with all of these tags, parted by commas.")
    ] = None

    def to_filter(self) -> PluginFilter:
        """Say which plugins are wanted."""
        tags = tuple(tag for tag in (self.tags or "").split(",") if tag)
        return PluginFilter(self.type, self.status, tags)


class DeprecationResource(Resource):
    """Why a plugin is deprecated."""

    reason: str
    migration_guide: str
    at: str


class PluginResource(Resource):
    """A registered plugin."""

    id: str
    name: str
    type: PluginType
    status: PluginStatus
    owner: str
    display_name: str
    description: str
    author: str
    documentation_url: str
    tags: list[str]
    deprecation: DeprecationResource | None
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, plugin: Plugin) -> PluginResource:
        """Present a plugin."""
        return cls(**_fields_of(plugin))


class RegisteredPluginResource(PluginResource):
    """A plugin as it was registered; with its first version and where to upload it, if that was asked for."""

    version: str | None
    upload: UploadResource | None

    @classmethod
    def made(cls, plugin: Plugin, first: tuple[Version, Upload] | None) -> RegisteredPluginResource:
        """Present a new plugin."""
        if first is None:
            return cls(**_fields_of(plugin), version=None, upload=None)
        version, upload = first
        return cls(**_fields_of(plugin), version=version.version, upload=UploadResource.of(upload))


def _fields_of(plugin: Plugin) -> dict[str, Any]:
    deprecation = plugin.deprecation
    return {
        "id": plugin.id,
        "name": plugin.id,
        "type": plugin.type,
        "status": plugin.status,
        "owner": plugin.owner,
        "display_name": plugin.display_name,
        "description": plugin.description,
        "author": plugin.author,
        "documentation_url": plugin.documentation_url,
        "tags": list(plugin.tags),
        "deprecation": deprecation
        and DeprecationResource(
            reason=deprecation.reason, migration_guide=deprecation.migration_guide, at=deprecation.at
        ),
        "created_at": plugin.created_at,
        "updated_at": plugin.updated_at,
    }
