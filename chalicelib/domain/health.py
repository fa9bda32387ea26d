"""Health: what a candidate's answer says about it, and whether it is the build that was announced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.errors import UnprocessableError
from chalicelib.domain.verdicts import Verdict

#: The event that makes a plugin's runtime say what it is, without calling the plugin's operations.
PROBE: Mapping[str, Any] = {"hotswap": "probe"}


class HealthCheckFailedError(UnprocessableError):
    """The candidate answered its health check badly, so it gets no traffic; the verdict is final."""


class CandidateUnfitError(UnprocessableError):
    """The candidate can't serve: it does not start, or is not the build that was announced."""


def judge_answer(answer: Mapping[str, Any]) -> Verdict:
    """Judge the runtime's answer to one call: only an explicit ok passes."""
    if answer.get("ok") is True:
        return Verdict("pass", "it answered as it should")
    failure = answer.get("failure") or {}
    kind, message = failure.get("kind", "UnknownFailure"), failure.get("message", "it gave no reason")
    return Verdict("fail", f"{kind}: {message}")


def identity_errors(answer: Mapping[str, Any], *, plugin_id: str, version: str, sha256: str) -> tuple[str, ...]:
    """
    Say in what a probed build differs from the one that was announced; nothing, if it is that one.

    *sha256* (hex) is of the author's package: what was announced, stored and published is what runs.
    """
    probe = answer.get("probe") or {}
    announced = {"name": plugin_id, "version": version, "sha256": sha256}
    return tuple(
        f"its {part} is {probe.get(part)!r}, not {expected!r}"
        for part, expected in announced.items()
        if probe.get(part) != expected
    )
