"""Approvals, in the table ``deployments``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.approval_items import ApprovalItem
from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.items import LISTED_KEYS, Tables
from chalicelib.adapters.dynamodb.leases import stale
from chalicelib.adapters.dynamodb.listings import read_page, start_of
from chalicelib.domain.approvals import Approval, ApprovalStatus, Decision, OnExpiry
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.pages import Page, PageRequest


class DynamoApprovals:
    """Approvals; a new one is written in the transaction of its deployment."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        self._items = tables.bind(ApprovalItem, "deployments")
        self._audit = audit

    def get(self, approval_id: str) -> Approval:
        """
        Return one approval, strongly consistent.

        Raises:
            NotFoundError: There is none.
        """
        approval = self.find(approval_id)
        if approval is None:
            raise NotFoundError(f"There is no approval {approval_id[:80]!r}.", fix="GET /approvals lists them.")
        return approval

    @translated("DynamoDB")
    def find(self, approval_id: str) -> Approval | None:
        """Return one approval, strongly consistent, or None."""
        try:
            return _approval_of(self._items.get(*keys.approval(approval_id), consistent_read=True))
        except self._items.DoesNotExist:
            return None

    @translated("DynamoDB")
    def of_deployment(self, deployment_id: str) -> tuple[Approval, ...]:
        """Return the approvals of a deployment, all attempts, oldest first, strongly consistent."""
        found = self._items.query(keys.approvals_of(deployment_id), consistent_read=True)
        return tuple(sorted(map(_approval_of, found), key=lambda one: (one.attempt, one.step_index)))

    @translated("DynamoDB")
    def page(self, request: PageRequest, *, status: str | None, environment: str | None) -> Page[Approval]:
        """List approvals, newest first; None filters nothing."""
        found = self._items.query(
            keys.APPROVALS,
            index_name=ApprovalItem.listing.Meta.index_name,
            scan_index_forward=False,
            page_size=request.limit + 1,
            last_evaluated_key=start_of(request),
        )
        return read_page(
            found,
            request,
            _approval_of,
            key_names=LISTED_KEYS,
            admits=lambda one: environment in (None, one.environment) and status in (None, one.status.value),
        )

    def pending(self) -> Iterator[Approval]:
        """Go through all that nobody has decided, the first to expire first; the listing may lag by a moment."""
        with translated("DynamoDB"):
            for item in self._items.pending.query(keys.PENDING_APPROVALS):
                yield _approval_of(item)

    def save(self, approval: Approval, record: AuditRecord) -> Approval:
        """
        Write a changed approval if nobody else did since it was read; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """
        self._audit.write(record, self.putting(approval))
        return replace(approval, revision=approval.revision + 1)

    def putting(self, approval: Approval) -> Put:
        """Write an approval if it is new, or still as it was read."""
        saved = replace(approval, revision=approval.revision + 1)
        is_pending = approval.status is ApprovalStatus.PENDING
        item = self._items(
            *keys.approval(approval.id),
            gsi1pk=keys.APPROVALS,
            gsi1sk=f"{approval.requested_at}#{approval.id}",
            revision=saved.revision,
            document=asdict(saved),
            gsi2pk=keys.PENDING_APPROVALS if is_pending else None,
            gsi2sk=f"{approval.expires_at}#{approval.id}" if is_pending else None,
        )
        is_new = ApprovalItem.pk.does_not_exist()
        is_unchanged = ApprovalItem.revision == approval.revision
        return Put(item, is_unchanged if approval.revision else is_new, lambda: stale(approval.id))


def _approval_of(item: ApprovalItem) -> Approval:
    values = item.document
    return Approval(
        **{
            **values,
            "roles": tuple(values["roles"]),
            "excluded": tuple(values["excluded"]),
            "on_expiry": OnExpiry(values["on_expiry"]),
            "status": ApprovalStatus(values["status"]),
            "decisions": tuple(Decision(**decision) for decision in values["decisions"]),
        }
    )
