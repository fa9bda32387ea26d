"""A package on this machine, from a folder or a zip: checked by the same rules as the intake's."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hotswap.errors import FieldProblem, UsageError
from hotswap.views.times import size

if TYPE_CHECKING:
    from chalicelib.domain.findings import Finding
    from chalicelib.domain.manifest import Manifest
    from chalicelib.domain.packages import PackageReport

#: More cannot be uploaded; reading a file of any size into memory would be a trap.
MAX_PACKAGE_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Package:
    """The bytes to publish and what their manifest says; *warnings* do not keep it from being published."""

    name: str
    version: str
    type: str
    content: bytes = field(repr=False)
    sha256: str
    files: int
    warnings: tuple[Finding, ...]

    @property
    def size_text(self) -> str:
        """How big it is, for people."""
        return size(len(self.content))


def read_package(source: Path) -> Package:
    """
    Pack the folder *source*, or read the zip *source*, and check it.

    Raises:
        UsageError: There is no such thing, or the checks found errors; ``problems`` lists them.
    """
    content = _content_of(source)
    report = _inspect(content)
    if not report.is_accepted or report.manifest is None:
        raise rejected(source, report.findings)

    return _package_of(content, report, report.manifest)


def check(source: Path) -> PackageReport:
    """
    Say everything that the checks find about a folder or a zip.

    Raises:
        UsageError: There is no such thing.
    """
    return _inspect(_content_of(source))


def rejected(source: Path, findings: Sequence[Finding]) -> UsageError:
    """Make the error of a package whose checks found *findings*."""
    errors = [finding for finding in findings if finding.severity == "error"]
    count = f"{len(errors)} thing{'s' if len(errors) != 1 else ''}"

    return UsageError(
        f"{source} cannot be published: {count} must be corrected.",
        fix=f"correct them, then check again with `hotswap plugin validate {source}`",
        problems=tuple(FieldProblem(each.where, each.message, each.fix) for each in errors),
    )


def _content_of(source: Path) -> bytes:
    if source.is_dir():
        from hotswap.packing import pack

        return pack(source)
    if not source.is_file():
        raise UsageError(f"There is neither a folder nor a file {source}.", fix="name a plugin's folder or its zip")
    if source.stat().st_size > MAX_PACKAGE_BYTES:
        raise UsageError(
            f"{source} has {size(source.stat().st_size)}; a package may have 100 MB.",
            fix="leave out what the plugin does not need when it runs",
        )

    return source.read_bytes()


def _inspect(content: bytes) -> PackageReport:
    from chalicelib.domain.packages import inspect_package

    return inspect_package(io.BytesIO(content), len(content))


def _package_of(content: bytes, report: PackageReport, manifest: Manifest) -> Package:
    return Package(
        name=manifest.name,
        version=manifest.version,
        type=manifest.type.value,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        files=report.files,
        warnings=tuple(finding for finding in report.findings if finding.severity != "error"),
    )
