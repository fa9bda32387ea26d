"""Policies: what an environment asks of a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.approvals import OnExpiry
from chalicelib.domain.errors import UnprocessableError
from chalicelib.domain.ids import Environment

if TYPE_CHECKING:
    from chalicelib.domain.windows import Freeze, Window

#: How long people have to answer (CONTRACT §4, promise 7).
APPROVAL_SECONDS = 48 * 3600


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Who must agree: *needed* people with one of *roles*, none of *excluded*, within *seconds*; and what then."""

    needed: int
    roles: tuple[str, ...] = ("Approver", "Admin")
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


class ApprovalsUnavailableError(UnprocessableError):
    """The environment needs approvals, which this release can't ask for: so it refuses (422)."""


def require_no_approval(policy: EnvironmentPolicy) -> None:
    """
    Refuse what nobody could approve: a gate that can't be asked is closed, never open.

    Raises:
        ApprovalsUnavailableError: The environment needs at least one approval (422).
    """
    if policy.approvals.needed:
        raise ApprovalsUnavailableError(
            f"{policy.environment} needs {policy.approvals.needed} approval(s), and approvals are not available in "
            "this release.",
            fix="Deploy to Development, which needs none.",
        )
