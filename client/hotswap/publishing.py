"""Publish a package: register its plugin, announce the version, upload, and wait for the intake's answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotswap.errors import ApiError, ExitCode, HotSwapError
from hotswap.packages import Package
from hotswap.waiting import wait_for

if TYPE_CHECKING:
    import httpx

    from hotswap.client import HotSwapClient
    from hotswap.clock import Deadline
    from hotswap.progress import Progress
    from hotswap.resources.versions import Version

_NOT_FOUND = 404
_CONFLICT = 409
_PRECONDITION_FAILED = 412
_FORBIDDEN = 403
_FIRST_ERROR_STATUS = 400


@dataclass(frozen=True, slots=True)
class Published:
    """What came of it: the version, Ready or Rejected, and whether this call made it."""

    version: Version
    is_new: bool


class VersionTakenError(HotSwapError):
    """The version exists with other bytes; a version never changes."""


def publish(package: Package, client: HotSwapClient, progress: Progress, deadline: Deadline) -> Published:
    """
    Publish *package* and wait until it is Ready or Rejected.

    Safe to repeat at any point: a version that is still a Draft gets a new upload, one that is being
    verified is waited for, one that is Ready is left alone.

    Raises:
        VersionTakenError: The version exists with other bytes.
        ApiError: The API refused one of the requests.
        StillRunningError: The deadline passed while the intake went on.
    """
    _register(package, client, progress)
    version = _announce(package, client, progress)
    is_new = version.status == "Draft"
    if is_new:
        _upload(package, version, client, progress)
    settled = _wait_for_intake(package, version, client, progress, deadline)

    return Published(settled, is_new)


def rehearse(package: Package, client: HotSwapClient) -> Version | None:
    """
    Ask the API whether it would take *package*; nothing changes.

    None when the plugin is not registered: then its name and type were checked, the version cannot be.
    """
    if not _is_registered(package.name, client):
        client.plugins.register(package.name, package.type, validate_only=True)
        return None

    return client.versions.create(
        package.name, package.version, sha256=package.sha256, size=len(package.content), validate_only=True
    )


def _register(package: Package, client: HotSwapClient, progress: Progress) -> None:
    progress.begin("plugin", package.name)
    if _is_registered(package.name, client):
        progress.end(f"[name]{package.name}[/] is registered")
        return
    try:
        client.plugins.register(package.name, package.type)
    except ApiError as error:
        # Somebody registered it between our look and our request.
        if error.status != _CONFLICT:
            progress.fail("not registered")
            raise
    progress.end(f"[name]{package.name}[/] registered as {package.type}")


def _is_registered(name: str, client: HotSwapClient) -> bool:
    try:
        client.plugins.get(name)
    except ApiError as error:
        if error.status == _NOT_FOUND:
            return False
        raise

    return True


def _announce(package: Package, client: HotSwapClient, progress: Progress) -> Version:
    progress.begin("version", package.version)
    try:
        version = client.versions.create(
            package.name, package.version, sha256=package.sha256, size=len(package.content)
        )
    except ApiError as error:
        existing = _existing(package, client) if error.status == _CONFLICT else None
        if existing is None:
            progress.fail("refused")
            raise
        if existing.sha256 != package.sha256:
            progress.fail(f"[version]{package.version}[/] exists with other bytes")
            raise _taken(package, existing) from error
        progress.end(f"[version]{package.version}[/] exists already, with the same bytes")
        return existing
    progress.end(f"[version]{package.version}[/] announced, sha256 {package.sha256[:12]}")

    return version


def _existing(package: Package, client: HotSwapClient) -> Version | None:
    try:
        return client.versions.get(package.name, package.version)
    except ApiError:
        return None


def _taken(package: Package, existing: Version) -> VersionTakenError:
    return VersionTakenError(
        f"{package.name} {package.version} was published with other bytes "
        f"(sha256 {existing.sha256[:12]}, yours {package.sha256[:12]}); a version never changes.",
        fix='raise "version" in plugin.json, then publish again',
        code="CONFLICT",
        exit_code=ExitCode.CONFLICT,
    )


def _upload(package: Package, version: Version, client: HotSwapClient, progress: Progress) -> None:
    progress.begin("upload", package.size_text)
    response = _put(package, version, client, progress)
    if response.status_code == _FORBIDDEN:
        # The URL ended while we were busy; announcing the same Draft again signs another one.
        again = client.versions.create(package.name, package.version, sha256=package.sha256, size=len(package.content))
        response = _put(package, again, client, progress)
    if response.status_code == _PRECONDITION_FAILED:
        # The storage takes an object once, and these bytes only: they are there from an earlier try.
        progress.end(f"{package.size_text} is there already")
        return
    if response.status_code >= _FIRST_ERROR_STATUS:
        progress.fail("refused")
        raise _upload_error(response)
    progress.end(f"{package.size_text}, the URL is bound to its checksum")


def _put(package: Package, version: Version, client: HotSwapClient, progress: Progress) -> httpx.Response:
    if version.upload is None:
        raise HotSwapError(
            f"{package.name} {package.version} is a Draft, and the API gave no place to upload it to.",
            fix='raise "version" in plugin.json, then publish again',
        )

    def sent(byte_count: int) -> None:
        progress.update(f"{100 * byte_count // max(1, len(package.content))} % of {package.size_text}")

    return client.upload(version.upload, package.content, sent)


def _upload_error(response: httpx.Response) -> HotSwapError:
    # S3 answers in XML: <Error><Code>BadDigest</Code><Message>…</Message></Error>.
    code = re.search(r"<Code>([^<]{1,80})</Code>", response.text)
    message = re.search(r"<Message>([^<]{1,300})</Message>", response.text)
    what = f"{code[1]}: {message[1]}" if code and message else f"it answered {response.status_code}"

    return HotSwapError(
        f"The storage refused the package ({what}).",
        fix="publish again; the same version may be uploaded until it is verified",
        code="UPLOAD_REFUSED",
    )


def _wait_for_intake(
    package: Package, version: Version, client: HotSwapClient, progress: Progress, deadline: Deadline
) -> Version:
    if version.is_settled:
        return version
    progress.begin("intake", "size, checksum, contents, manifest, entry point, first start")
    if version.status == "Draft":
        client.versions.finalize(package.name, package.version)
    settled = wait_for(
        lambda: client.versions.get(package.name, package.version),
        lambda seen: seen.is_settled or seen.status == "Draft",
        deadline,
        seen=lambda seen: progress.update(f"{seen.status}: size, checksum, contents, manifest, first start"),
        what=f"The intake of {package.name} {package.version}",
        look_again=f"hotswap version show {package.name} {package.version}",
    )
    if settled.status == "Draft":
        progress.fail("the intake itself failed")
        raise HotSwapError(
            f"The intake of {package.name} {package.version} failed, not your package; the version is a Draft again.",
            fix="publish the same package again; if that fails too, tell the operator",
            code="SERVICE_UNAVAILABLE",
        )
    if settled.status == "Ready":
        init = f", starts in [name]{settled.init_ms:.0f} ms[/]" if settled.init_ms is not None else ""
        progress.end(f"[ok]Ready[/]{init}")
    else:
        progress.fail(f"[bad]{settled.status}[/], {len(settled.findings)} finding(s)")

    return settled
