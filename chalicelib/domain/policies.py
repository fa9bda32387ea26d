"""Policies: what an environment asks of a deployment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chalicelib.domain.approvals import OnExpiry
from chalicelib.domain.authorization import Role
from chalicelib.domain.durations import spoken_duration
from chalicelib.domain.errors import FieldError, UnprocessableError
from chalicelib.domain.ids import Environment
from chalicelib.domain.plans import StepKind
from chalicelib.domain.windows import longest_opening, opens_at

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.domain.plans import Plan
    from chalicelib.domain.windows import Freeze, Window

#: How long people have to answer (CONTRACT §4, promise 7).
APPROVAL_SECONDS = 48 * 3600


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Who must agree: *needed* people with one of *roles*, none of *excluded*, within *seconds*; and what then."""

    needed: int
    roles: tuple[str, ...] = (Role.APPROVER, Role.ADMIN)
    excluded: tuple[str, ...] = ()
    seconds: int = APPROVAL_SECONDS
    on_expiry: OnExpiry = OnExpiry.REJECT


@dataclass(frozen=True, slots=True)
class EnvironmentPolicy:
    """
    What must hold before a version may move in *environment*.

    *windows*: none means always open. *stop_the_line* is a reason while everything is stopped, empty otherwise.
    *has_ladder*: only a version that was Completed in the environment below, or above that, may come.
    """

    environment: Environment
    approvals: ApprovalRule
    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    stop_the_line: str = ""
    has_ladder: bool = False
    revision: int = 0


#: Defaults of CONTRACT §4, promises 7 and 9.
DEFAULT_POLICIES = {
    environment: EnvironmentPolicy(environment, ApprovalRule(needed), has_ladder=environment is Environment.PRODUCTION)
    for environment, needed in (
        (Environment.DEVELOPMENT, 0),
        (Environment.QA, 1),
        (Environment.STAGING, 1),
        (Environment.PRODUCTION, 2),
    )
}


class ApprovalNotPlannedError(UnprocessableError):
    """The environment needs approvals, and the plan would move tenants before it asks for them (422)."""


def require_asked(policy: EnvironmentPolicy, plan: Plan) -> None:
    """
    Raise if *plan* moves anybody before it asks the people whom *policy* wants asked.

    Whether they are asked is the environment's wish, never the requester's: a plan of one's own steps is held to it
    too, and so is one that was made before the policy was changed.

    Raises:
        ApprovalNotPlannedError: It does (422).
    """
    if not policy.approvals.needed:
        return
    first = next((step.kind for step in plan.steps if step.kind in (StepKind.APPROVE, StepKind.SHIFT)), None)
    if first is not StepKind.APPROVE:
        raise ApprovalNotPlannedError(
            f"{policy.environment} needs {policy.approvals.needed} approval(s), and the plan does not ask for them "
            "before it moves anybody.",
            fix='Put {"kind": "approve"} first among the steps, or leave the steps out; else start a new deployment.',
        )


class NeverOpenError(UnprocessableError):
    """A step would wait for ever: no opening of the environment is as long as it is watched (422)."""


def require_opening(policy: EnvironmentPolicy, plan: Plan, moment: datetime, field: str) -> None:
    """
    Raise if a step of *plan* could never begin from *moment* (aware) on, because of how long it is watched.

    A closed window opens, and a stopped line is let go on; an observation that is longer than every opening fits none.
    *field* points to what says how long it is.

    Raises:
        NeverOpenError: One could not (422).
    """
    going = replace(policy, stop_the_line="")
    watched = [plan.watched_seconds(step) for step in plan.steps if step.kind is StepKind.SHIFT]
    stuck = [seconds for seconds in watched if opens_at(going, moment, seconds) is None]
    if not stuck:
        return
    longest = int(longest_opening(going, moment).total_seconds())
    asked = spoken_duration(int(max(seconds or 0 for seconds in stuck)))
    opening = f"for {spoken_duration(longest)} at a stretch" if longest else "at no time"
    message = f"A step is watched for {asked} before the next, and {policy.environment} is open {opening}."
    fix = (
        f"Let it be watched for at most {spoken_duration(longest)}; or somebody sets other windows and freezes: "
        f"PUT /environments/{policy.environment}/policy."
        if longest
        else f"Somebody sets other windows and freezes: PUT /environments/{policy.environment}/policy."
    )
    raise NeverOpenError(message, fix=fix, errors=(FieldError(field, message, fix),))
