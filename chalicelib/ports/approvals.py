"""Approvals, and the policies of environments that ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.approvals import Approval
    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.ids import Environment
    from chalicelib.domain.pages import Page, PageRequest
    from chalicelib.domain.policies import EnvironmentPolicy


class ApprovalRepository(Protocol):
    """Approvals; a new one is written with its deployment (`DeploymentRepository.commit`)."""

    def get(self, approval_id: str) -> Approval:
        """
        Return one approval, strongly consistent.

        Raises:
            NotFoundError: There is none.
        """

    def find(self, approval_id: str) -> Approval | None:
        """Return one approval, strongly consistent, or None."""

    def of_deployment(self, deployment_id: str) -> tuple[Approval, ...]:
        """Return the approvals of a deployment, all attempts, oldest first, strongly consistent."""

    def page(self, request: PageRequest, *, status: str | None, environment: str | None) -> Page[Approval]:
        """List approvals, newest first; None filters nothing."""

    def pending(self) -> Iterator[Approval]:
        """Go through all that nobody has decided; the listing may lag by a moment."""

    def save(self, approval: Approval, record: AuditRecord) -> Approval:
        """
        Write a changed approval if nobody else did since it was read; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """


class PolicyRepository(Protocol):
    """Policies of environments."""

    def get(self, environment: Environment) -> EnvironmentPolicy:
        """Return the policy, strongly consistent; the default (revision 0) while nobody has set one."""

    def save(self, policy: EnvironmentPolicy, record: AuditRecord) -> EnvironmentPolicy:
        """
        Write a policy if nobody else did since it was read; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """
