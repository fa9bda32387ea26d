"""Versions: immutable builds of a plugin, and the upload that makes one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from hotswap.resources.pages import walk
from hotswap.resources.reading import Document, number_of, text_of, time_of
from hotswap.transport import Transport


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check of a package found: where, what, and how to fix it."""

    code: str
    where: str
    message: str
    fix: str
    severity: str

    @classmethod
    def of(cls, document: Document) -> Finding:
        """Read one entry of a version's ``findings``."""
        return cls(
            code=text_of(document, "code"),
            where=text_of(document, "where", "field"),
            message=text_of(document, "message"),
            fix=text_of(document, "fix"),
            severity=text_of(document, "severity") or "error",
        )


@dataclass(frozen=True, slots=True)
class Upload:
    """Where to send a package, with the headers that the signature covers."""

    method: str
    url: str = field(repr=False)
    headers: dict[str, str]
    expires_at: datetime | None

    @classmethod
    def of(cls, document: Document) -> Upload:
        """Read the ``upload`` of a new version."""
        headers = document.get("headers") or {}

        return cls(
            method=text_of(document, "method") or "PUT",
            url=text_of(document, "url"),
            headers={str(name): str(value) for name, value in headers.items()},
            expires_at=time_of(document, "expiresAt"),
        )


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable build of a plugin."""

    plugin_id: str
    version: str
    status: str
    sha256: str
    size: int
    init_ms: float | None
    lambda_version: str
    findings: tuple[Finding, ...]
    release_notes: str
    created_at: datetime | None
    upload: Upload | None
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Version:
        """Read a version."""
        return cls(
            plugin_id=text_of(document, "pluginId"),
            version=text_of(document, "version"),
            status=text_of(document, "status"),
            sha256=text_of(document, "sha256"),
            size=int(number_of(document, "size") or 0),
            init_ms=number_of(document, "initMs"),
            lambda_version=text_of(document, "lambdaVersion"),
            findings=tuple(Finding.of(each) for each in document.get("findings") or ()),
            release_notes=text_of(document, "releaseNotes"),
            created_at=time_of(document, "createdAt"),
            upload=Upload.of(document["upload"]) if document.get("upload") else None,
            raw=document,
        )

    @property
    def is_settled(self) -> bool:
        """Tell whether its intake is over."""
        return self.status in {"Ready", "Rejected", "Deprecated", "Yanked", "Blocked"}


class Versions:
    """Requests about the versions of plugins."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        plugin_id: str,
        version: str,
        *,
        sha256: str,
        size: int,
        release_notes: str = "",
        validate_only: bool = False,
    ) -> Version:
        """Announce a version, *sha256* in hex, *size* in bytes; the ``upload`` says where the package goes."""
        body: dict[str, Any] = {"version": version, "sha256": sha256, "size": size}
        if release_notes:
            body["releaseNotes"] = release_notes
        path = f"/plugins/{plugin_id}/versions"

        return Version.of(self._transport.request("POST", path, body=body, validate_only=validate_only).document)

    def finalize(self, plugin_id: str, version: str) -> Version:
        """Begin the intake of an uploaded package; poll `get` until the version is settled."""
        return Version.of(self._transport.request("POST", f"{_path(plugin_id, version)}/finalize", body={}).document)

    def get(self, plugin_id: str, version: str) -> Version:
        """Read one version."""
        return Version.of(self._transport.request("GET", _path(plugin_id, version)).document)

    def retire(self, plugin_id: str, version: str, verb: str, *, reason: str, validate_only: bool = False) -> Version:
        """Say *verb* (``deprecate``, ``yank``, ``unyank``, ``block``) of a version; the same again changes nothing."""
        path = f"{_path(plugin_id, version)}/{verb}"
        body = {"reason": reason}

        return Version.of(self._transport.request("POST", path, body=body, validate_only=validate_only).document)

    def list(self, plugin_id: str, *, status: str | None = None, limit: int | None = None) -> Iterator[Version]:
        """Walk through the versions of a plugin."""
        path = f"/plugins/{plugin_id}/versions"

        return walk(self._transport, path, Version.of, limit=limit, filters={"status": status})


def _path(plugin_id: str, version: str) -> str:
    return f"/plugins/{plugin_id}/versions/{quote(version, safe='')}"
