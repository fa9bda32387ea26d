"""State ``RejectVersion``: end the intake with the reasons, also when we were the reason."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib.domain.findings import Finding
from chalicelib.domain.versions import Version, VersionStatus
from chalicelib.ports import Ports
from chalicelib.steps._given import Failure, Result, VersionGiven
from chalicelib.steps._intake import save_version
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)

_DECIDED = (VersionStatus.READY, VersionStatus.REJECTED, VersionStatus.DELETED)


class RejectVersionGiven(VersionGiven):
    """Also why the state before failed, if it did; a rejection for findings has no error."""

    error: Failure | None = None


class RejectVersionResult(Result):
    """What the version is now: a decision that was made before stays."""

    status: str


@blueprint.lambda_function(name="reject_version")
@step(RejectVersionGiven)
def reject_version(given: RejectVersionGiven, ports: Ports) -> RejectVersionResult:
    """
    State ``RejectVersion``: reject the version for its findings, or for a failure of the intake itself.

    Idempotent: a decided version stays as it is. Ready stays Ready too, if ``MarkReady`` wrote it and only
    its answer got lost.

    Reads ``$.plugin_id``, ``$.version``, ``$.error`` if there; writes ``$.rejection``.
    """
    version = ports.versions.find(given.plugin_id, given.version)
    if version is None or version.status in _DECIDED:
        return RejectVersionResult(status=version.status if version else VersionStatus.DELETED)

    rejected = version.reject(_findings(version, given.error))
    codes = [finding.code for finding in rejected.findings]
    save_version(version, rejected, "RejectVersion", given, ports, findings=codes)

    return RejectVersionResult(status=rejected.status)


def _findings(version: Version, error: Failure | None) -> tuple[Finding, ...]:
    if any(finding.severity == "error" for finding in version.findings):
        return version.findings
    reason = error.reason if error else "no reason was given"
    failed = Finding(
        "INTAKE_FAILED",
        "the intake",
        f"The intake itself failed, not your package: {reason}",
        "Publish the same package under the next version number; if that fails too, tell the operator.",
    )
    return (*version.findings, failed)
