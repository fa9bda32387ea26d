"""State ``RejectVersion``: end the intake with the reasons; when we were the reason, give the version back."""

from __future__ import annotations

from dataclasses import replace

from chalice.app import Blueprint

from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.findings import Finding
from chalicelib.domain.versions import Version, VersionStatus
from chalicelib.ports import Ports
from chalicelib.steps._given import Failure, Result, VersionGiven
from chalicelib.steps._intake import save_version
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class RejectVersionGiven(VersionGiven):
    """Also why the state before failed, if it did; a rejection for findings has no error."""

    error: Failure | None = None


class RejectVersionResult(Result):
    """What the version is now: an end that was written before stays."""

    status: str


@blueprint.lambda_function(name="reject_version")
@step(RejectVersionGiven)
def reject_version(given: RejectVersionGiven, ports: Ports) -> RejectVersionResult:
    """
    State ``RejectVersion``: reject the version for its findings; if the intake itself failed, reopen it.

    A failure of ours must not use up a version number: the version is a Draft again and may be finalized once
    more. One whose plugin was deleted meanwhile is deleted too.

    A rejected version that was published already loses its alias, first of all: nobody may call it by its name.
    The Lambda version without a name goes with the plugin.

    Idempotent: a decided version stays as it is. Ready stays Ready too, if ``MarkReady`` wrote it and only
    its answer got lost.

    Reads ``$.plugin_id``, ``$.version``, ``$.error`` if there; writes ``$.rejection``.
    """
    version = ports.versions.find(given.plugin_id, given.version)
    if version is None or version.status is not VersionStatus.VERIFYING:
        return RejectVersionResult(status=version.status if version else VersionStatus.DELETED)

    ended, action = _end(version, given.error, ports)
    if ended.status is VersionStatus.REJECTED and version.lambda_version is not None:
        ports.functions.remove_version_alias(version.plugin_id, version.alias)
    codes = [finding.code for finding in ended.findings]
    save_version(version, ended, action, given, ports, findings=codes)

    return RejectVersionResult(status=ended.status)


def _end(version: Version, error: Failure | None, ports: Ports) -> tuple[Version, str]:
    """Say what the version becomes, and the name of that change."""
    if any(finding.severity == "error" for finding in version.findings):
        return version.reject(version.findings), "RejectVersion"
    try:
        ports.plugins.get(version.plugin_id)
    except NotFoundError:
        return replace(version, status=VersionStatus.DELETED), "DeleteVersion"
    failed = Finding(
        "INTAKE_FAILED",
        "the intake",
        f"The intake itself failed, not your package: {error.reason if error else 'no reason was given'}",
        "Publish or finalize the same version again; if that fails too, tell the operator.",
        severity="warning",
    )
    return version.reopen(failed), "ReopenVersion"
