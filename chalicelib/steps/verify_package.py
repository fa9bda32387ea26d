"""State ``VerifyPackage``: see that what was uploaded is what was announced, and a plugin that we can run."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import BinaryIO

from chalice.app import Blueprint

from chalicelib.domain.findings import Finding
from chalicelib.domain.manifest import Manifest
from chalicelib.domain.packages import inspect_package
from chalicelib.domain.versions import Version, VersionStatus
from chalicelib.plugin_runtime.build import UncheckableSchemaError, inject_runtime
from chalicelib.ports import Ports
from chalicelib.steps._given import Result, VersionGiven
from chalicelib.steps._intake import open_version, save_version
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)

_CHUNK_BYTES = 1 << 20


class VerifyPackageResult(Result):
    """Whether the package may be published; what is wrong with it stands in the version's findings."""

    is_sound: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look at the stored bytes gave; *build* is None unless the package is sound."""

    sha256: str
    size: int
    findings: tuple[Finding, ...]
    manifest: Manifest | None = None
    build: bytes | None = None


@blueprint.lambda_function(name="verify_package")
@step(VersionGiven)
def verify_package(given: VersionGiven, ports: Ports) -> VerifyPackageResult:
    """
    State ``VerifyPackage``: compare the stored bytes with the announcement, inspect them, store the build.

    Idempotent: the object version read first is the one read ever after, the build is the same bytes for
    the same package, and it is stored before the version that names it is written.

    Reads ``$.plugin_id``, ``$.version``; writes ``$.package``.

    Raises:
        IntakeEndedError: The version was deleted meanwhile; the state catches it, next ``RejectVersion``.
    """
    version = open_version(given, ports)
    if version.lambda_version is not None:
        # An earlier attempt has published what it verified; another build of it would be other bytes.
        return VerifyPackageResult(is_sound=True)
    object_version = _object_version(version, ports)
    if object_version is None:
        return _judge(version, replace(version, findings=(_missing(),)), given, ports)

    with ports.artifacts.open(version.package_key, version_id=object_version) as package:
        seen = _look(package, version, ports)
    verified = replace(
        version, status=VersionStatus.VERIFYING, object_version=object_version, findings=_without_repeats(seen.findings)
    )
    if seen.manifest is not None and seen.build is not None:
        verified = replace(
            verified,
            sha256=seen.sha256,
            size=seen.size,
            manifest=seen.manifest.document(),
            code_sha256=base64.b64encode(hashlib.sha256(seen.build).digest()).decode(),
        )
        ports.artifacts.put_build(verified.build_key, seen.build)

    return _judge(version, verified, given, ports)


def _object_version(version: Version, ports: Ports) -> str | None:
    if version.object_version is not None:
        return version.object_version
    stored = ports.artifacts.stat(version.package_key)
    return stored.version_id if stored else None


def _look(package: BinaryIO, version: Version, ports: Ports) -> _Seen:
    """Hash the bytes ourselves: what the store says of an object is not what we publish."""
    size = package.seek(0, 2)
    package.seek(0)
    digest = _sha256(package)
    if mismatches := _mismatches(version, digest, size):
        return _Seen(digest, size, mismatches)
    package.seek(0)
    report = inspect_package(package, size)
    if report.manifest is None:
        return _Seen(digest, size, report.findings)
    findings = (*report.findings, *_disagreements(report.manifest, version, ports))
    if _has_errors(findings):
        return _Seen(digest, size, findings, report.manifest)
    package.seek(0)
    try:
        build = inject_runtime(package.read(), manifest=report.manifest.document(), sha256=digest)
    except UncheckableSchemaError as error:
        fix = "Say it in simpler words of JSON Schema draft-07."
        uncheckable = Finding("SCHEMA_UNCHECKABLE", error.where, f"No check can be made of it: {error.reason}", fix)
        return _Seen(digest, size, (*findings, uncheckable), report.manifest)
    return _Seen(digest, size, findings, report.manifest, build)


def _sha256(package: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := package.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _mismatches(version: Version, digest: str, size: int) -> tuple[Finding, ...]:
    fix = "Upload exactly the file that you announced, or announce the next version for these bytes."
    found = []
    if version.sha256 and version.sha256 != digest:
        message = f"The uploaded file has SHA-256 {digest}; {version.sha256} was announced."
        found.append(Finding("CHECKSUM_MISMATCH", "the archive", message, fix))
    if version.size and version.size != size:
        message = f"The uploaded file has {size:,} bytes; {version.size:,} were announced."
        found.append(Finding("SIZE_MISMATCH", "the archive", message, fix))
    return tuple(found)


def _disagreements(manifest: Manifest, version: Version, ports: Ports) -> tuple[Finding, ...]:
    plugin = ports.plugins.get(version.plugin_id)
    found = manifest.disagreements(name=plugin.id, version=version.version, type_=plugin.type)
    declared = version.declared_entry_point
    if not declared or declared == manifest.entry_point:
        return found
    message = f"The manifest says {manifest.entry_point}, but the registration said {declared}."
    fix = f'Write "entryPoint": "{declared}" in plugin.json, or publish the next version without an entryPoint.'
    return (*found, Finding("MANIFEST_DISAGREES", "plugin.json#/entryPoint", message, fix))


def _missing() -> Finding:
    return Finding(
        "PACKAGE_MISSING",
        "the archive",
        "No package is uploaded.",
        "PUT the package to upload.url with upload.headers before you finalize the next version.",
    )


def _without_repeats(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(findings))


def _has_errors(findings: tuple[Finding, ...]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def _judge(before: Version, after: Version, given: VersionGiven, ports: Ports) -> VerifyPackageResult:
    codes = [finding.code for finding in after.findings]
    save_version(before, after, "VerifyPackage", given, ports, sha256=after.sha256, findings=codes)
    return VerifyPackageResult(is_sound=not _has_errors(after.findings))
