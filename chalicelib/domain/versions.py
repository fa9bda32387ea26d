"""Versions: SemVer 2.0 in full, and one immutable build of a plugin with its life."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import total_ordering
from typing import Any

from chalicelib.domain.errors import ConflictError, FieldError, UnprocessableError, ValidationError
from chalicelib.domain.findings import Finding

#: The expression that semver.org publishes (§ FAQ), anchored by fullmatch; ASCII digits only.
_SEMVER = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(?:-((?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?"
)
#: Lambda takes 128 characters for an alias; a letter `v` and doubled separators must fit.
MAX_LENGTH = 64

_FIX = "Use SemVer 2.0, at most 64 characters, without leading zeros: 1.0.0, 2.1.0-beta.1, 1.0.0+build.5."


class InvalidSemVerError(ValidationError):
    """The text is not SemVer 2.0 (400)."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class SemVer:
    """A version number; ordered by SemVer precedence, where build metadata does not count."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()
    build: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, *, field: str = "/version") -> SemVer:
        """
        Read *text*.

        Raises:
            InvalidSemVerError: It is not SemVer 2.0, or longer than 64 characters (400).
        """
        match = _SEMVER.fullmatch(text) if len(text) <= MAX_LENGTH else None
        if match is None:
            message = f"{text[:80]!r} is not SemVer 2.0"
            raise InvalidSemVerError(message + ".", fix=_FIX, errors=(FieldError(field, message, _FIX),))
        major, minor, patch, prerelease, build = match.groups()
        return cls(
            int(major),
            int(minor),
            int(patch),
            tuple(prerelease.split(".")) if prerelease else (),
            tuple(build.split(".")) if build else (),
        )

    def __str__(self) -> str:
        """Write it back exactly as it was read."""
        core = f"{self.major}.{self.minor}.{self.patch}"
        prerelease = "-" + ".".join(self.prerelease) if self.prerelease else ""
        return core + prerelease + ("+" + ".".join(self.build) if self.build else "")

    def _precedence(self) -> tuple[Any, ...]:
        ranked = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.prerelease)
        return self.major, self.minor, self.patch, not self.prerelease, ranked

    def __eq__(self, other: object) -> bool:
        """Compare everything, also the build: equal means the same text."""
        return isinstance(other, SemVer) and str(self) == str(other)

    def __hash__(self) -> int:
        """Agree with ``==``."""
        return hash(str(self))

    def __lt__(self, other: SemVer) -> bool:
        """Order by precedence; equal precedence falls back to the build text, so that sorting is total."""
        return (self._precedence(), self.build) < (other._precedence(), other.build)

    @property
    def sort_key(self) -> str:
        """
        A text whose byte order is this order: for a table's sort key.

        Numbers carry their length in front (``01`` + ``5``, ``02`` + ``10``), a release sorts after its
        pre-releases, and the separators sort below every character of an identifier.
        """
        core = ".".join(_sortable(str(number)) for number in (self.major, self.minor, self.patch))
        parts = ("1" + _sortable(part) if part.isdigit() else "2" + part for part in self.prerelease)
        tail = "-" + "!".join(parts) if self.prerelease else "~"
        return core + tail + (" " + ".".join(self.build) if self.build else "")

    @property
    def alias(self) -> str:
        """
        Name of the Lambda alias of this version: ``2.0.0`` is ``v2-0-0``.

        No two versions share one: ``.`` becomes ``-``, ``-`` becomes ``_`` and ``+`` becomes ``--``,
        which no dots can make since SemVer has no empty identifiers.
        """
        return "v" + str(self).translate({ord("."): "-", ord("-"): "_", ord("+"): "--"})


def _sortable(digits: str) -> str:
    return f"{len(digits):02d}{digits}"


class VersionStatus(StrEnum):
    """Life of a version: Draft → Verifying → Ready or Rejected; a Ready one may be retired."""

    DRAFT = "Draft"
    VERIFYING = "Verifying"
    READY = "Ready"
    REJECTED = "Rejected"
    DEPRECATED = "Deprecated"
    YANKED = "Yanked"
    BLOCKED = "Blocked"
    DELETED = "Deleted"

    @property
    def is_being_taken_in(self) -> bool:
        """Tell whether its intake has not decided yet."""
        return self in (VersionStatus.DRAFT, VersionStatus.VERIFYING)


def package_key(plugin_id: str, version: str, sha256: str) -> str:
    """Say where a package goes in the artifact bucket; its own hash, when announced, is part of the name."""
    return f"packages/{plugin_id}/{version}/{sha256 or 'unannounced'}.zip"


class VersionNotReadyError(UnprocessableError):
    """The version has not passed its intake (422)."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Why a version is deprecated, yanked or blocked; who said so, and when."""

    reason: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Version:
    """
    One immutable build of a plugin.

    *sha256* (hex) and *size* (bytes) are of the author's package; ``""`` and 0 until the intake has read
    one that was announced without them. *package_key* and *object_version* say where it lies.
    *code_sha256* is Lambda's hash of what was published as *lambda_version*; *init_ms* the measured cold
    start of the plugin's own code. *intake_attempt* counts the executions that were asked to take it in.
    *deprecated*, *yanked* and *blocked* say why it should not, may not newly, or may never serve.
    *revision* grows with each write and guards it.
    """

    plugin_id: str
    version: str
    sha256: str
    size: int
    status: VersionStatus
    created_at: str
    created_by: str
    package_key: str
    release_notes: str = ""
    declared_entry_point: str = ""
    is_sandbox_enabled: bool = False
    object_version: str | None = None
    findings: tuple[Finding, ...] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    lambda_version: str | None = None
    code_sha256: str | None = None
    init_ms: float | None = None
    ready_at: str | None = None
    intake_attempt: int = 0
    verifying_since: str | None = None
    deprecated: Notice | None = None
    yanked: Notice | None = None
    blocked: Notice | None = None
    revision: int = 0

    @property
    def semver(self) -> SemVer:
        """The number, parsed."""
        return SemVer.parse(self.version)

    @property
    def alias(self) -> str:
        """Name of the Lambda alias of this version."""
        return self.semver.alias

    @property
    def build_key(self) -> str:
        """Where the package with the runtime in it lies; the name is its own digest, once that is known."""
        digest = b64decode(self.code_sha256).hex() if self.code_sha256 else "unbuilt"
        return f"builds/{self.plugin_id}/{self.version}/{digest}.zip"

    def begin_verification(self, now: str, *, dead_before: str) -> Version:
        """
        Go from Draft to Verifying, the next attempt; a version that is already there stays.

        One that has been there since before *dead_before* begins another attempt: its execution is over
        by then, whatever ended it, and nothing else would ever decide it.

        Raises:
            ConflictError: It has been decided already (409).
        """
        if self.status is VersionStatus.VERIFYING and (self.verifying_since or "") > dead_before:
            return self
        if self.status not in (VersionStatus.DRAFT, VersionStatus.VERIFYING):
            raise ConflictError(
                f"Version {self.version} is {self.status} already: it can't be finalized again.",
                fix="A version never changes. Publish the next version number instead.",
            )
        return replace(
            self,
            status=VersionStatus.VERIFYING,
            verifying_since=now,
            intake_attempt=self.intake_attempt + 1,
            findings=(),
        )

    def reject(self, findings: tuple[Finding, ...]) -> Version:
        """End the intake: the findings say why."""
        return replace(self, status=VersionStatus.REJECTED, findings=findings)

    def reopen(self, finding: Finding) -> Version:
        """Give it back as a Draft: the intake failed, not the package, so the same bytes may try again."""
        return replace(self, status=VersionStatus.DRAFT, findings=(finding,))

    @property
    def may_be_chosen(self) -> bool:
        """Tell whether it may be deployed or pinned to; a deprecated one may."""
        return self.status in (VersionStatus.READY, VersionStatus.DEPRECATED)

    def require_ready(self) -> None:
        """
        Raise unless this version may be deployed or pinned to; a deprecated one may.

        Raises:
            VersionNotReadyError: It is not Ready, or was yanked or blocked (422).
        """
        if self.may_be_chosen:
            return
        fixes = {
            VersionStatus.DRAFT: "Upload the package, then POST …/finalize and wait for Ready.",
            VersionStatus.VERIFYING: "Wait: its intake is still running.",
            VersionStatus.REJECTED: "Read its findings, then publish a new version.",
            VersionStatus.YANKED: "Choose another version; POST …/unyank takes that back.",
        }
        notice = self.blocked or self.yanked
        why = f": {notice.reason}" if notice else ""
        raise VersionNotReadyError(
            f"Version {self.version} of {self.plugin_id} is {self.status}, not Ready{why}.",
            fix=fixes.get(self.status, "Choose a version that is Ready."),
        )
