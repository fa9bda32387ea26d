"""Create a version, take its package, and send it through the intake."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import require_plugin_owner
from chalicelib.domain.errors import ConflictError, FieldError, PayloadTooLargeError, ValidationError
from chalicelib.domain.times import rfc3339
from chalicelib.domain.versions import SemVer, Version, VersionStatus, package_key
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports, Upload

#: CONTRACT §2.
MAX_PACKAGE_BYTES = 100 * 1024 * 1024
UPLOAD_LIFETIME = timedelta(minutes=15)
DOWNLOAD_LIFETIME = timedelta(minutes=5)
#: ``TimeoutSeconds`` of the machine ``intake``: no execution is alive after that (a test compares them).
INTAKE_LIFETIME = timedelta(hours=1)


class CreateVersion(NamedTuple):
    """
    Announce a version. *sha256* (hex) and *size* (bytes) bind the upload.

    Both may be ``""`` and 0, as in registering a plugin together with its first version: the intake then
    records what was uploaded.
    """

    caller: Caller
    plugin_id: str
    version: str
    sha256: str = ""
    size: int = 0
    release_notes: str = ""
    entry_point: str = ""
    is_sandbox_enabled: bool = False
    validate_only: bool = False


class FinalizeVersion(NamedTuple):
    """Say that the package is uploaded."""

    caller: Caller
    plugin_id: str
    version: str
    validate_only: bool = False


def create_version(command: CreateVersion, ports: Ports) -> tuple[Version, Upload]:
    """
    Create a Draft and sign its upload.

    The same announcement again, while it is a Draft, signs a new upload: so an expired URL costs nothing.

    Raises:
        InvalidSemVerError: The number is not SemVer 2.0 (400).
        PayloadTooLargeError: The package is over 100 MB (413).
        NotFoundError: There is no such plugin (404).
        ForbiddenError: It belongs to someone else (403).
        ConflictError: The number was used before, also by a deleted version (409).
    """
    draft = _draft_of(command, ports)
    taken = ports.versions.find(command.plugin_id, draft.version)
    if taken is not None:
        draft = _same_draft(taken, draft)
    elif not command.validate_only:
        record = record_of(
            command.caller,
            "CreateVersion",
            f"plugins/{draft.plugin_id}/versions/{draft.version}",
            ports,
            after={"sha256": draft.sha256, "size": draft.size},
        )
        ports.versions.add(draft, record)
    upload = ports.artifacts.allow_upload(
        draft.package_key, sha256=draft.sha256, size=draft.size, lifetime=UPLOAD_LIFETIME
    )
    return draft, upload


def _draft_of(command: CreateVersion, ports: Ports) -> Version:
    number = str(SemVer.parse(command.version))
    if command.size > MAX_PACKAGE_BYTES:
        raise PayloadTooLargeError(
            f"The package has {command.size:,} bytes; the limit is {MAX_PACKAGE_BYTES:,}.",
            fix="Leave out what the plugin does not need at run time.",
        )
    if bool(command.sha256) != bool(command.size):
        fix = "Send both sha256 (hex) and size (bytes) of the package."
        raise ValidationError(
            "sha256 and size go together.", fix=fix, errors=(FieldError("/size", "given without the other", fix),)
        )
    plugin = ports.plugins.get(command.plugin_id)
    require_plugin_owner(command.caller, plugin.owner, plugin.id)
    return Version(
        plugin_id=plugin.id,
        version=number,
        sha256=command.sha256,
        size=command.size,
        status=VersionStatus.DRAFT,
        created_at=rfc3339(ports.clock.now()),
        created_by=command.caller.username,
        package_key=package_key(plugin.id, number, command.sha256),
        release_notes=command.release_notes,
        declared_entry_point=command.entry_point,
        is_sandbox_enabled=command.is_sandbox_enabled,
    )


def _same_draft(taken: Version, draft: Version) -> Version:
    same_bytes = (taken.sha256, taken.size) == (draft.sha256, draft.size)
    if taken.status is VersionStatus.DRAFT and same_bytes:
        return taken
    raise ConflictError(
        f"Version {taken.version} of {taken.plugin_id} was used before; a version never changes and is never reused.",
        fix="Publish the next version number.",
    )


def finalize_version(command: FinalizeVersion, ports: Ports) -> Version:
    """
    Begin the intake of an uploaded package.

    Verifying is written before the execution starts. If we die in between, finalizing again starts it: the
    execution is named after version and attempt, so starting twice starts once. An execution that was killed
    leaves the version Verifying; after its lifetime, finalizing begins the next attempt.

    Raises:
        NotFoundError: There is no such version (404).
        ForbiddenError: It belongs to someone else (403).
        ConflictError: Nothing is uploaded, or the intake has decided already (409).
    """
    plugin = ports.plugins.get(command.plugin_id)
    require_plugin_owner(command.caller, plugin.owner, plugin.id)
    version = ports.versions.get(command.plugin_id, command.version)
    now = ports.clock.now()
    verifying = version.begin_verification(rfc3339(now), dead_before=rfc3339(now - INTAKE_LIFETIME))
    if ports.artifacts.stat(version.package_key) is None:
        raise ConflictError(
            f"No package of {version.plugin_id} {version.version} is uploaded.",
            fix="PUT the package to upload.url with upload.headers, then finalize; "
            "the same POST …/versions signs a new URL.",
        )
    if command.validate_only:
        return verifying
    if verifying != version:
        record = record_of(
            command.caller,
            "FinalizeVersion",
            f"plugins/{version.plugin_id}/versions/{version.version}",
            ports,
            before={"status": version.status},
            after={"status": verifying.status, "attempt": verifying.intake_attempt},
        )
        verifying = ports.versions.save(verifying, record)
    ports.executions.start("intake", intake_name(verifying), intake_input(verifying, command.caller.trace_id))
    return verifying


def intake_name(version: Version) -> str:
    """
    Name the one execution of this attempt to take the version in (Step Functions takes 80 characters).

    The readable parts are cut, so the digest is of all that tells versions apart: two that shared a name would
    count as one execution, and the second would never be taken in.
    """
    digest = sha256(f"{version.plugin_id}/{version.version}/{version.sha256}".encode()).hexdigest()[:16]
    return f"{version.plugin_id[:25]}-{version.alias[:32]}-{digest}-{version.intake_attempt}"


def intake_input(version: Version, trace_id: str) -> dict[str, str]:
    """Give the machine ids only: the truth stays in the table."""
    return {"plugin_id": version.plugin_id, "version": version.version, "trace_id": trace_id}


def allow_download(plugin_id: str, version: str, ports: Ports) -> str:
    """
    Sign a GET of exactly the bytes that were taken in; valid for five minutes.

    Raises:
        NotFoundError: There is no such version (404).
        ConflictError: Its package has not been verified (409).
    """
    found = ports.versions.get(plugin_id, version)
    if found.object_version is None:
        raise ConflictError(
            f"Version {version} of {plugin_id} has no verified package.", fix="Upload it and finalize the version."
        )
    return ports.artifacts.allow_download(
        found.package_key, version_id=found.object_version, lifetime=DOWNLOAD_LIFETIME
    )
