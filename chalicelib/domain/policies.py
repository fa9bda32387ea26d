"""Policies: what an environment asks of a deployment."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.errors import UnprocessableError
from chalicelib.domain.ids import Environment


class ApprovalsUnavailableError(UnprocessableError):
    """The environment needs approvals, which this release can't ask for: so it refuses (422)."""


@dataclass(frozen=True, slots=True)
class EnvironmentPolicy:
    """What must hold before a version may move in *environment*."""

    environment: Environment
    approvals_needed: int

    def require_no_approval(self) -> None:
        """
        Refuse what nobody could approve: a gate that can't be asked is closed, never open.

        Raises:
            ApprovalsUnavailableError: The environment needs at least one approval (422).
        """
        if self.approvals_needed:
            raise ApprovalsUnavailableError(
                f"{self.environment} needs {self.approvals_needed} approval(s), and approvals are not available in "
                "this release.",
                fix="Deploy to Development, which needs none.",
            )


#: Defaults of CONTRACT §4, promise 7.
DEFAULT_POLICIES = {
    environment: EnvironmentPolicy(environment, approvals)
    for environment, approvals in (
        (Environment.DEVELOPMENT, 0),
        (Environment.QA, 1),
        (Environment.STAGING, 1),
        (Environment.PRODUCTION, 2),
    )
}
