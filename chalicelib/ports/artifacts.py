"""The artifact store: packages, builds, and permissions to send and fetch them."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import timedelta


class StoredObject(NamedTuple):
    """What the artifact store says of an object: size in bytes, SHA-256 in hex, its version id."""

    size: int
    sha256: str
    version_id: str


class Upload(NamedTuple):
    """A permission to put one object once: send exactly these headers, before *expires_at*."""

    method: str
    url: str
    headers: Mapping[str, str]
    expires_at: str


class ArtifactStore(Protocol):
    """Packages and builds."""

    def allow_upload(self, key: str, *, sha256: str, size: int, lifetime: timedelta) -> Upload:
        """
        Sign a PUT that the store accepts only with these bytes: size and SHA-256 (hex) are bound.

        ``""`` and 0 bind nothing: the intake then records what it reads.
        """

    def allow_download(self, key: str, *, version_id: str, lifetime: timedelta) -> str:
        """Sign a GET of exactly that version of the object; return its URL."""

    def stat(self, key: str) -> StoredObject | None:
        """Describe the newest version of an object; None when there is none."""

    def open(self, key: str, *, version_id: str) -> AbstractContextManager[BinaryIO]:
        """Give that version of the object as a seekable file on local disk, removed on leaving."""

    def put_build(self, key: str, content: bytes) -> None:
        """Store a package with its runtime in it; the same key always has the same bytes."""
