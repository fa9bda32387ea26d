"""The manifest of a plugin package, ``plugin.json``: its fields, their defaults and their limits."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from chalicelib.domain.findings import Finding
from chalicelib.domain.ids import PLUGIN_ID
from chalicelib.domain.json_schemas import DIALECT
from chalicelib.domain.plugins import PluginType
from chalicelib.domain.versions import InvalidSemVerError, SemVer

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_COMPARISON = r"(>=|<=|>|<|==|!=)?[0-9]+(\.[0-9]+){0,2}"
_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"


def _check_semver(text: str) -> str:
    try:
        SemVer.parse(text)
    except InvalidSemVerError as error:
        raise PydanticCustomError("semver", "{reason}", {"reason": str(error).rstrip(".")}) from error
    return text


def _check_unique(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PydanticCustomError("twice", "{names} stands there more than once", {"names": ", ".join(twice)})
    return names


PluginName = Annotated[str, Field(pattern=f"^{PLUGIN_ID.pattern}$")]
VersionNumber = Annotated[str, AfterValidator(_check_semver)]
OperationName = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_.-]{0,63}$")]
SecretName = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_-]{0,62}$")]
#: A host name in ASCII and lower case; ``*.`` in front stands for any one label.
HostName = Annotated[str, Field(max_length=253, pattern=rf"^(\*\.)?({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?$")]
EntryPoint = Annotated[str, Field(max_length=200, pattern=rf"^{_IDENTIFIER}(\.{_IDENTIFIER})*:{_IDENTIFIER}$")]
VersionRange = Annotated[str, Field(pattern=r"^[\^~<>=!*0-9a-zA-Z.,|+ -]{1,100}$")]
JsonObject = dict[str, Any]
JsonSchema = Annotated[JsonObject, WithJsonSchema({"allOf": [{"$ref": DIALECT}], "type": "object"})]


class _Part(BaseModel):
    """A piece of the manifest: camelCase outside, nothing unknown, nothing converted, never changed."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, strict=True)


class Operation(_Part):
    """One thing that the plugin does; empty schemas take and give any JSON object."""

    input: JsonSchema = Field(default_factory=dict, description="JSON Schema (draft-07) of the input.")
    output: JsonSchema = Field(default_factory=dict, description="JSON Schema (draft-07) of the result.")
    retryable: bool = Field(
        default=False,
        description="Whether a failed call may be repeated on another version, because twice is as good as once.",
    )


class Permissions(_Part):
    """What the plugin may reach."""

    network: Annotated[tuple[HostName, ...], AfterValidator(_check_unique)] = Field(
        default=(), max_length=100, description="Names of the hosts that the plugin calls."
    )


class Resources(_Part):
    """What the plugin's function gets; the limits are Lambda's own (its quotas, "Function configuration")."""

    memory_mb: int = Field(default=512, ge=128, le=10_240, description="MiB; the share of CPU grows with it.")
    timeout_seconds: int = Field(default=30, ge=1, le=900, description="How long one call may take.")
    max_concurrency: int | None = Field(
        default=None, ge=1, le=1_000, description="How many calls may run at once; absent: no limit of its own."
    )
    provisioned_concurrency: int | None = Field(
        default=None, ge=1, le=1_000, description="How many containers are kept started; absent: none."
    )


class HealthCheck(_Part):
    """The call that tells whether a version is well; it gets no tenant's config and no secrets."""

    operation: OperationName
    input: JsonObject = Field(default_factory=dict)


class SandboxTest(_Part):
    """A call that the intake tries in the sandbox, and what must be in its result."""

    name: str = Field(min_length=1, max_length=200)
    operation: OperationName
    config: JsonObject = Field(default_factory=dict)
    input: JsonObject = Field(default_factory=dict)
    expect: JsonObject = Field(default_factory=dict, description="What the result must hold; it may hold more.")


def _open_operation() -> dict[str, Operation]:
    return {"handle": Operation()}


class Manifest(_Part):
    """A plugin's description of one version of itself."""

    #: Editors find the schema through it; it means nothing to us.
    schema_address: str | None = Field(default=None, alias="$schema", max_length=500, exclude=True)
    name: PluginName = Field(description="The plugin's id, as registered.")
    version: VersionNumber = Field(description="SemVer 2.0, as registered, at most 64 characters.")
    type: PluginType
    entry_point: EntryPoint = Field(
        description="`module:function` or `package.module:function`: def handle(operation, input, context)."
    )
    runtime: Literal["python3.11", "python3.12", "python3.13", "python3.14"] = "python3.13"
    operations: dict[OperationName, Operation] = Field(default_factory=_open_operation, min_length=1, max_length=100)
    config_schema: JsonSchema = Field(
        default_factory=dict, description="JSON Schema (draft-07) of what a tenant may configure."
    )
    secrets: Annotated[tuple[SecretName, ...], AfterValidator(_check_unique)] = Field(
        default=(), max_length=50, description="Names of the secrets that each tenant gives."
    )
    dependencies: dict[PluginName, VersionRange] = Field(
        default_factory=dict, max_length=100, description="Other plugins, and the range of versions that will do."
    )
    host_api: Annotated[str, Field(pattern=rf"^{_COMPARISON}(, ?{_COMPARISON})*$")] = ">=1,<2"
    permissions: Permissions = Field(default_factory=Permissions)
    resources: Resources = Field(default_factory=Resources)
    state_schema: int = Field(default=0, ge=0, le=1_000_000, description="Grows when the shape of the state changes.")
    isolation: Literal["shared", "per_tenant", "dedicated"] = Field(
        default="shared",
        description="Whether containers serve all tenants in turn or one each; the same in all versions of a plugin.",
    )
    health_check: HealthCheck | None = None
    sandbox_tests: tuple[SandboxTest, ...] = Field(default=(), max_length=100)

    @property
    def module(self) -> str:
        """Dotted name of the module that holds the entry point."""
        return self.entry_point.partition(":")[0]

    @property
    def function(self) -> str:
        """Name of the entry point within its module."""
        return self.entry_point.partition(":")[2]

    def document(self) -> JsonObject:
        """Return it as JSON data with every default written out, in the words of ``plugin.json``."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def disagreements(self, *, name: str, version: str, type_: PluginType | None = None) -> tuple[Finding, ...]:
        """Say where it contradicts what was registered; None for *type_* compares no type."""
        registered = {"name": name, "version": version, "type": type_ and type_.value}
        stated = {"name": self.name, "version": self.version, "type": self.type.value}
        return tuple(
            Finding(
                "MANIFEST_DISAGREES",
                f"plugin.json#/{field}",
                f"The manifest says {stated[field]}, but this upload was registered as {value}.",
                f'Write "{field}": "{value}" in plugin.json, or register what the manifest says.',
            )
            for field, value in registered.items()
            if value is not None and value != stated[field]
        )


def manifest_schema() -> JsonObject:
    """Return the JSON Schema of ``plugin.json``, for editors and for ``docs/plugin.schema.json``."""
    document = Manifest.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document, "title": "HotSwap plugin manifest"}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(manifest_schema(), indent=2) + "\n")
