"""State ``MeasureInit``: find out whether the published entry point imports, and how long that takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalice.app import Blueprint

from chalicelib.domain.errors import PluginFailedError, PluginTimeoutError
from chalicelib.domain.findings import Finding
from chalicelib.domain.health import NOBODY, PROBE, CandidateUnfitError, identity_errors
from chalicelib.domain.isolation import is_isolated
from chalicelib.domain.versions import Version
from chalicelib.ports import Ports
from chalicelib.steps._given import Result, VersionGiven
from chalicelib.steps._intake import open_version, save_version
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)

_WHERE = "plugin.json#/entryPoint"


class MeasureInitResult(Result):
    """Whether the entry point can be called; what is wrong with it stands in the version's findings."""

    is_sound: bool


@blueprint.lambda_function(name="measure_init")
@step(VersionGiven)
def measure_init(given: VersionGiven, ports: Ports) -> MeasureInitResult:
    """
    State ``MeasureInit``: probe the version through its alias; importing the plugin's code is the first call.

    Idempotent: the first measurement stays, since only that one was surely of a cold start.

    Reads ``$.plugin_id``, ``$.version``; writes ``$.entry_point``.

    Raises:
        CandidateUnfitError: Another build answers; the state catches it, next ``RejectVersion``.
    """
    version = open_version(given, ports)
    if not version.status.is_being_taken_in:
        return MeasureInitResult(is_sound=True)

    answer = _probe(version, ports)
    finding = answer if isinstance(answer, Finding) else _finding_of(answer)
    if isinstance(answer, Finding) or finding is not None:
        measured = replace(version, findings=_with(version, finding))
    else:
        _require_identity(version, answer)
        measured = replace(version, init_ms=version.init_ms if version.init_ms is not None else _init_ms(answer))
    save_version(version, measured, "MeasureInit", given, ports, initMs=measured.init_ms)

    return MeasureInitResult(is_sound=finding is None)


def _probe(version: Version, ports: Ports) -> Mapping[str, Any] | Finding:
    try:
        isolated_for = NOBODY if is_isolated(version.manifest) else None
        return ports.functions.call(version.plugin_id, version.alias, PROBE, isolated_for=isolated_for)
    except PluginTimeoutError:
        message = "Importing the entry point took longer than the plugin's timeoutSeconds."
        fix = "Move slow work out of the module's top level, or raise resources.timeoutSeconds."
        return Finding("ENTRY_POINT_TIMEOUT", _WHERE, message, fix)
    except PluginFailedError as error:
        message = f"The process ended while it imported the entry point: {error.detail}"
        fix = "Remove calls such as os._exit or sys.exit from the import, or raise resources.memoryMb."
        return Finding("ENTRY_POINT_CRASHED", _WHERE, message, fix)


def _finding_of(answer: Mapping[str, Any]) -> Finding | None:
    if answer.get("ok") is True:
        return None
    failure = answer.get("failure") or {}
    message = failure.get("message") or "The entry point can't be imported."
    fix = "Make the module importable on its own, with everything that it needs inside the package."
    return Finding("ENTRY_POINT_FAILED", _WHERE, message, fix)


def _with(version: Version, finding: Finding | None) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys((*version.findings, *([finding] if finding else []))))


def _require_identity(version: Version, answer: Mapping[str, Any]) -> None:
    errors = identity_errors(answer, plugin_id=version.plugin_id, version=version.version, sha256=version.sha256)
    if errors:
        raise CandidateUnfitError(
            f"{version.alias} of {version.plugin_id} is not the build that was published: {'; '.join(errors)}.",
            fix="Publish the next version number; tell the operator if it happens again.",
        )


def _init_ms(answer: Mapping[str, Any]) -> float | None:
    measured = (answer.get("metrics") or {}).get("initMs")
    return float(measured) if measured is not None else None
