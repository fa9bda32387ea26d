"""Verbs: what a person may do with a deployment, depending on where it is."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.errors import ConflictError
from chalicelib.domain.plans import WAITS, StepStatus

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment


class Verb(StrEnum):
    """What a person says to a deployment; each takes a reason."""

    PAUSE = "pause"
    RESUME = "resume"
    ADVANCE = "advance"
    PROMOTE = "promote"
    ABORT = "abort"
    ROLLBACK = "rollback"
    RETRY = "retry"


class VerbNotPossibleError(ConflictError):
    """The deployment is not where that is possible; the fix names what is (409)."""


#: What the end of a verb looks like; saying it again then changes nothing.
_DONE_BY = {
    Verb.RESUME: DeploymentStatus.IN_PROGRESS,
    Verb.PAUSE: DeploymentStatus.PAUSED,
    Verb.ABORT: DeploymentStatus.ABORTED,
    Verb.ROLLBACK: DeploymentStatus.ROLLED_BACK,
}
_OF_STATUS: dict[DeploymentStatus, tuple[Verb, ...]] = {
    DeploymentStatus.PENDING: (Verb.ABORT,),
    DeploymentStatus.PENDING_APPROVAL: (Verb.ABORT,),
    DeploymentStatus.IN_PROGRESS: (Verb.PAUSE, Verb.PROMOTE, Verb.ABORT, Verb.ROLLBACK),
    DeploymentStatus.PAUSED: (Verb.RESUME, Verb.ABORT, Verb.ROLLBACK),
    DeploymentStatus.ROLLING_BACK: (),
    DeploymentStatus.COMPLETED: (Verb.ROLLBACK,),
    DeploymentStatus.ROLLED_BACK: (Verb.RETRY,),
    DeploymentStatus.REJECTED: (Verb.RETRY,),
    DeploymentStatus.ABORTED: (Verb.RETRY,),
    DeploymentStatus.SUPERSEDED: (Verb.RETRY,),
    DeploymentStatus.FAILED: (Verb.RETRY,),
}


def possible_verbs(deployment: Deployment, *, holds_others: bool) -> tuple[Verb, ...]:
    """Say what is possible now; *holds_others*: it was rolled back by hand, and others wait for its `resume`."""
    if deployment.is_queued and not deployment.status.is_final:
        return (Verb.ABORT,)
    verbs = _OF_STATUS[deployment.status]
    current = deployment.plan.current
    is_waiting = current is not None and current.kind in WAITS and current.status is StepStatus.RUNNING
    if deployment.status is DeploymentStatus.IN_PROGRESS and is_waiting:
        verbs = (*verbs, Verb.ADVANCE)
    if deployment.status is DeploymentStatus.ROLLED_BACK and holds_others:
        verbs = (*verbs, Verb.RESUME)
    return verbs


def is_done_already(verb: Verb, deployment: Deployment) -> bool:
    """Tell whether the verb has been done before, so that saying it again changes nothing."""
    return _DONE_BY.get(verb) is deployment.status


def require_possible(verb: Verb, deployment: Deployment, *, holds_others: bool) -> None:
    """
    Raise unless *verb* is possible now; a wrong state has no side effect.

    Raises:
        VerbNotPossibleError: It is not (409).
    """
    possible = possible_verbs(deployment, holds_others=holds_others)
    if verb in possible:
        return
    now = f"Possible now: {', '.join(possible)}." if possible else "Nothing is possible now; wait until it has ended."
    state = "queued" if deployment.is_queued and not deployment.status.is_final else str(deployment.status)
    raise VerbNotPossibleError(f"{deployment.id} is {state}, so it can't be: {verb}.", fix=now)
