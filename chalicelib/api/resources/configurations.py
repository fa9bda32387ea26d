"""Configurations of installations, and their history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from chalicelib.api.contracts import ChangeQuery
from chalicelib.api.models import Body, Resource
from chalicelib.domain.installations import ConfigRevision
from chalicelib.services.configurations import Configured


class PutConfigQuery(ChangeQuery):
    """What a change of a configuration takes."""

    version: Annotated[
        str | None,
        Field(max_length=64, description="Check against this version's schema; with `validateOnly=true` only."),
    ] = None


class PutConfigBody(Body):
    """A whole configuration."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"configuration": {"currency": "eur"}}]})

    configuration: Annotated[dict[str, Any], Field(description="Send an object that fits the plugin's configSchema.")]


class RestoreConfigBody(Body):
    """Which configuration of the past is to be the current one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"revision": 3}]})

    revision: Annotated[int, Field(ge=1, description="Send a revision that GET …/config/revisions lists.")]


class ConfigResource(Resource):
    """What a tenant has configured; its ETag is what a change sends as If-Match."""

    tenant_id: str
    plugin_id: str
    configuration: dict[str, Any]
    revision: Annotated[int, Field(description="How many configurations it has had; 0 before the first.")]
    checked_against: Annotated[str | None, Field(description="The version whose configSchema decides, if any.")]
    updated_at: str

    @classmethod
    def of(cls, configured: Configured) -> ConfigResource:
        """Present a configuration."""
        installation = configured.installation
        return cls(
            tenant_id=installation.tenant_id,
            plugin_id=installation.plugin_id,
            configuration=dict(installation.config),
            revision=installation.config_revision,
            checked_against=configured.version.version if configured.version else None,
            updated_at=installation.updated_at,
        )


class ConfigRevisionResource(Resource):
    """A configuration that an installation has had."""

    revision: int
    configuration: dict[str, Any]
    author: str
    at: str
    restored_from: Annotated[int | None, Field(description="The older revision that it repeats.")]

    @classmethod
    def of(cls, revision: ConfigRevision) -> ConfigRevisionResource:
        """Present a revision."""
        return cls(
            revision=revision.number,
            configuration=dict(revision.config),
            author=revision.author,
            at=revision.at,
            restored_from=revision.restored_from,
        )


def bytes_of(configuration: Mapping[str, Any]) -> int:
    """Measure a configuration: UTF-8, without spaces."""
    return len(json.dumps(configuration, separators=(",", ":"), ensure_ascii=False).encode())
