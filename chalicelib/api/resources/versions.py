"""Versions: announcing, uploading and reading them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Resource, Text
from chalicelib.domain.authorization import Caller
from chalicelib.domain.errors import FieldError, UnprocessableError
from chalicelib.domain.findings import Finding
from chalicelib.domain.versions import Notice, Version, VersionStatus
from chalicelib.ports.artifacts import Upload
from chalicelib.services.versions import CreateVersion

_NO_SIGNATURES = (
    "This release checks no signatures, so it accepts none.",
    "Leave signature and keyId out; sha256 binds the package.",
)


class CreateVersionBody(Body):
    """A version to come: its number, and the SHA-256 and size that bind its package."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "version": "1.0.0",
                    # pragma: allowlist nextline secret
                    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "size": 48231,
                    "releaseNotes": "The first one.",
                }
            ]
        }
    )

    version: Annotated[str, Field(max_length=64, description="Use SemVer 2.0: 1.0.0, 2.1.0-beta.1, 1.0.0+build.5.")]
    sha256: Annotated[
        str, Field(pattern="^[0-9a-f]{64}$", description="Send the SHA-256 of the zip, 64 hex digits in lower case.")
    ]
    size: Annotated[int, Field(ge=1, description="Send the size of the zip in bytes.")]
    release_notes: Text = ""
    signature: Annotated[str | None, Field(max_length=1024, description="Not in this release: refused.")] = None
    key_id: Annotated[str | None, Field(max_length=128, description="Not in this release: refused.")] = None
    sandbox_enabled: bool = False

    def to_command(self, caller: Caller, plugin_id: str, *, validate_only: bool) -> CreateVersion:
        """
        Make the command of the use case.

        Raises:
            UnprocessableError: It brings a signature, which nobody would check (422).
        """
        given = [name for name, value in (("signature", self.signature), ("keyId", self.key_id)) if value is not None]
        if given:
            detail, fix = _NO_SIGNATURES
            errors = tuple(FieldError(f"/{name}", "It can't be honoured.", fix) for name in given)
            raise UnprocessableError(detail, fix=fix, errors=errors)
        return CreateVersion(
            caller=caller,
            plugin_id=plugin_id,
            version=self.version,
            sha256=self.sha256,
            size=self.size,
            release_notes=self.release_notes,
            is_sandbox_enabled=self.sandbox_enabled,
            validate_only=validate_only,
        )


class UploadResource(Resource):
    """Where to send the package: with exactly these headers, before it expires."""

    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expires_at: str

    @classmethod
    def of(cls, upload: Upload) -> UploadResource:
        """Present a permission to upload."""
        return cls.model_validate(
            {
                "method": upload.method,
                "url": upload.url,
                "headers": dict(upload.headers),
                "expires_at": upload.expires_at,
            }
        )


class FindingResource(Resource):
    """What a check of the package found, where, and how to fix it."""

    code: str
    severity: Literal["error", "warning"]
    where: str
    message: str
    fix: str

    @classmethod
    def of(cls, finding: Finding) -> FindingResource:
        """Present a finding."""
        return cls(
            code=finding.code,
            severity=finding.severity,
            where=finding.where,
            message=finding.message,
            fix=finding.fix,
        )


class NoticeResource(Resource):
    """Why a version is deprecated, yanked or blocked; who said so, and when."""

    reason: str
    by: str
    at: str

    @classmethod
    def of(cls, notice: Notice) -> NoticeResource:
        """Present a notice."""
        return cls(reason=notice.reason, by=notice.by, at=notice.at)


class VersionResource(Resource):
    """One immutable build of a plugin."""

    plugin_id: str
    version: str
    status: VersionStatus
    sha256: Annotated[str, Field(description="SHA-256 of the author's zip, in hex; empty until it is known.")]
    size: Annotated[int, Field(description="Bytes of the author's zip; 0 until it is known.")]
    release_notes: str
    entry_point: Annotated[str, Field(description="As its manifest says, or as it was announced.")]
    sandbox_enabled: bool
    manifest: Annotated[dict[str, Any], Field(description="Its plugin.json; empty before the intake has read it.")]
    findings: list[FindingResource]
    lambda_version: str | None
    init_ms: Annotated[float | None, Field(description="Cold start of the plugin's own code, as measured.")]
    created_at: str
    created_by: str
    ready_at: str | None
    deprecated: Annotated[NoticeResource | None, Field(description="It works as before, but should not be used.")]
    yanked: Annotated[NoticeResource | None, Field(description="It serves where it does; nobody may choose it.")]
    blocked: Annotated[NoticeResource | None, Field(description="It serves nobody any more.")]
    pinned_tenants: Annotated[
        int | None, Field(description="How many tenants are pinned to it; null where many versions are shown.")
    ]

    @classmethod
    def of(cls, version: Version, *, pinned_tenants: int | None = None) -> VersionResource:
        """Present a version."""
        return cls(**{**fields_of(version), "pinned_tenants": pinned_tenants})


class CreatedVersionResource(VersionResource):
    """A version as it was announced, and where its package goes (null in a dry run)."""

    upload: UploadResource | None

    @classmethod
    def made(cls, version: Version, upload: Upload | None) -> CreatedVersionResource:
        """Present a new version."""
        return cls(**fields_of(version), upload=UploadResource.of(upload) if upload else None)


class DownloadResource(Resource):
    """A link to the package, good for a few minutes."""

    url: str
    sha256: str
    size: int
    expires_at: datetime


def fields_of(version: Version) -> dict[str, Any]:
    """Say what every answer with a version says of it."""
    return {
        "plugin_id": version.plugin_id,
        "version": version.version,
        "status": version.status,
        "sha256": version.sha256,
        "size": version.size,
        "release_notes": version.release_notes,
        "entry_point": str(version.manifest.get("entryPoint") or version.declared_entry_point),
        "sandbox_enabled": version.is_sandbox_enabled,
        "manifest": dict(version.manifest),
        "findings": [FindingResource.of(each) for each in version.findings],
        "lambda_version": version.lambda_version,
        "init_ms": version.init_ms,
        "created_at": version.created_at,
        "created_by": version.created_by,
        "ready_at": version.ready_at,
        "pinned_tenants": None,
        **{
            name: NoticeResource.of(notice) if notice else None
            for name, notice in (
                ("deprecated", version.deprecated),
                ("yanked", version.yanked),
                ("blocked", version.blocked),
            )
        },
    }
