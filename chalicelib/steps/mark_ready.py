"""State ``MarkReady``: the version has passed everything and may be deployed."""

from __future__ import annotations

from dataclasses import replace

from chalice.app import Blueprint

from chalicelib.domain.times import rfc3339
from chalicelib.domain.versions import VersionStatus
from chalicelib.ports import Ports
from chalicelib.steps._given import Result, VersionGiven
from chalicelib.steps._intake import open_version, save_version
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)


class MarkReadyResult(Result):
    """What the version is now."""

    status: str


@blueprint.lambda_function(name="mark_ready")
@step(VersionGiven)
def mark_ready(given: VersionGiven, ports: Ports) -> MarkReadyResult:
    """
    State ``MarkReady``: let the version be deployed.

    Idempotent: a Ready version stays as it is, with its first time; so does one that was retired since.

    Reads ``$.plugin_id``, ``$.version``; writes ``$.ready``.

    Raises:
        IntakeEndedError: It was rejected or deleted meanwhile; the state catches it, next ``RejectVersion``.
        NotFoundError: The plugin was deleted meanwhile; the state catches it, next ``RejectVersion``.
    """
    version = open_version(given, ports)
    if version.status.is_being_taken_in:
        ports.plugins.get(version.plugin_id)
        if not version.lambda_version or any(finding.severity == "error" for finding in version.findings):
            raise ValueError(f"version {version.version} of {version.plugin_id} has not passed what comes before")
        ready = replace(version, status=VersionStatus.READY, ready_at=rfc3339(ports.clock.now()))
        version = save_version(version, ready, "MarkReady", given, ports)

    return MarkReadyResult(status=version.status)
