"""Approvals and policies of environments, in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chalicelib.domain.approvals import Approval, ApprovalStatus
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import NotFoundError, StaleRevisionError
from chalicelib.domain.ids import Environment
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.policies import DEFAULT_POLICIES, EnvironmentPolicy
from tests.fakes.tables import FakeTables, page_of


@dataclass
class FakeApprovals:
    """Approvals."""

    tables: FakeTables

    def get(self, approval_id: str) -> Approval:
        approval = self.find(approval_id)
        if approval is None:
            raise NotFoundError(f"There is no approval {approval_id!r}.", fix="List the approvals.")
        return approval

    def find(self, approval_id: str) -> Approval | None:
        return self.tables.approvals.get(approval_id)

    def of_deployment(self, deployment_id: str) -> tuple[Approval, ...]:
        own = (one for one in self.tables.approvals.values() if one.deployment_id == deployment_id)
        return tuple(sorted(own, key=lambda one: (one.attempt, one.step_index)))

    def page(self, request: PageRequest, *, status: str | None, environment: str | None) -> Page[Approval]:
        found = ((f"{one.requested_at}#{one.id}", one) for one in self.tables.approvals.values())
        wanted = (
            (key, one) for key, one in found if status in (None, one.status) and environment in (None, one.environment)
        )
        return page_of(sorted(wanted, key=lambda pair: pair[0], reverse=True), request)

    def pending(self) -> Iterator[Approval]:
        pending = (one for one in self.tables.approvals.values() if one.status is ApprovalStatus.PENDING)
        yield from sorted(pending, key=lambda one: (one.expires_at, one.id))

    def save(self, approval: Approval, record: AuditRecord) -> Approval:
        with self.tables.transaction(record):
            require_next_approval(self.tables, approval)
            saved = replace(approval, revision=approval.revision + 1)
            self.tables.approvals[approval.id] = saved
            return saved


@dataclass
class FakePolicies:
    """Policies."""

    tables: FakeTables

    def get(self, environment: Environment) -> EnvironmentPolicy:
        return self.tables.policies.get(environment, DEFAULT_POLICIES[environment])

    def save(self, policy: EnvironmentPolicy, record: AuditRecord) -> EnvironmentPolicy:
        with self.tables.transaction(record):
            if self.get(policy.environment).revision != policy.revision:
                raise StaleRevisionError("Somebody else changed it in between.", fix="Read it again.")
            saved = replace(policy, revision=policy.revision + 1)
            self.tables.policies[policy.environment] = saved
            return saved


def require_next_approval(tables: FakeTables, approval: Approval) -> None:
    """Raise unless it is new, or as it was read."""
    known = tables.approvals.get(approval.id)
    if (known.revision if known else 0) != approval.revision:
        raise StaleRevisionError("Somebody else changed it in between.", fix="Read it again.")
