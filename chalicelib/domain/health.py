"""Health: what a candidate's answer says about it, and whether it is the build that was announced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import UnprocessableError
from chalicelib.domain.verdicts import Verdict

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.routes import Target

#: The event that makes a plugin's runtime say what it is, without calling the plugin's operations.
PROBE: Mapping[str, Any] = {"hotswap": "probe"}
#: Whose calls our own are; can't be the id of a tenant, which begins with a letter or digit.
NOBODY = "_health-check"


class HealthCheckFailedError(UnprocessableError):
    """The candidate answered its health check badly, so it gets no traffic; the verdict is final."""


class CandidateUnfitError(UnprocessableError):
    """The candidate can't serve: it does not start, or is not the build that was announced."""


def tried_by(deployment: Deployment) -> tuple[Target, ...]:
    """
    Name every version that *deployment* tries: its own, and in an experiment those of the other variants.

    Once the experiment is decided it is the winner alone, and nothing if that is what served before.
    """
    good = deployment.last_known_good
    winner = winner_of(deployment)
    arms = [variant.target for step in deployment.plan.steps for variant in step.variants]
    tried = (deployment.target, *arms) if winner is None else (winner,)
    return tuple(dict.fromkeys(target for target in tried if not arms or not good or target != good.stable))


def winner_of(deployment: Deployment) -> Target | None:
    """Name what the experiment of *deployment* was decided for; None while it is not, and if there is none."""
    arms = {variant.target.version: variant.target for step in deployment.plan.steps for variant in step.variants}
    return arms.get(deployment.outcome_version or "")


def judge_answer(answer: Mapping[str, Any]) -> Verdict:
    """Judge the runtime's answer to one call: only an explicit ok passes."""
    if answer.get("ok") is True:
        return Verdict("pass", "it answered as it should")
    failure = answer.get("failure") or {}
    kind, message = failure.get("kind", "UnknownFailure"), failure.get("message", "it gave no reason")
    return Verdict("fail", f"{kind}: {message}")


def judge_result(answer: Mapping[str, Any], expected: Mapping[str, Any]) -> Verdict:
    """Judge the answer to a call whose result must hold *expected*; it may hold more."""
    verdict = judge_answer(answer)
    missing = "" if verdict.is_fail else _missing(answer.get("result"), expected)
    return Verdict("fail", f"its result {missing}") if missing else verdict


def _missing(result: object, expected: object, at: str = "") -> str:
    """Say what *result* lacks of *expected*; nothing, if it holds all of it."""
    if isinstance(expected, Mapping):
        if not isinstance(result, Mapping):
            return f"has no object at {at or '/'}"
        lacks = (
            _missing(result[key], value, f"{at}/{key}") if key in result else f"has nothing at {at}/{key}"
            for key, value in expected.items()
        )
        return next((lack for lack in lacks if lack), "")
    # JSON knows true and 1 as two values, Python as one.
    is_same = result == expected and isinstance(result, bool) is isinstance(expected, bool)
    return "" if is_same else f"is not as expected at {at or '/'}"


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
