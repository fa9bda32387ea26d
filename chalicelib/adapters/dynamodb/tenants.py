"""Tenants, in the table ``tenants``."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from pynamodb.expressions.condition import Condition

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit import Delete, DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.documents import tenant_of
from chalicelib.adapters.dynamodb.items import LISTED_KEYS, Tables, document_of, values_of
from chalicelib.adapters.dynamodb.listings import read_page, start_of
from chalicelib.adapters.dynamodb.tenant_items import TenantDataItem, TenantItem
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.authorization import tenant_not_found
from chalicelib.domain.errors import ConflictError, StaleRevisionError
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.tenants import Erased, Tenant, TenantFilter

#: How the sort key of each kind of item begins, in the partition of its tenant.
_KINDS = {"plugin#": "installations", "config#": "configRevisions", "pin#": "pins"}


class DynamoTenants:
    """Tenants."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        self._items = tables.bind(TenantItem, "tenants")
        self._data = tables.bind(TenantDataItem, "tenants")
        self._audit = audit

    def add(self, tenant: Tenant, record: AuditRecord) -> None:
        """
        Store a new tenant.

        Raises:
            ConflictError: The id is taken.
        """
        is_new = TenantItem.pk.does_not_exist()
        self._audit.write(
            record,
            Put(
                self._item(tenant),
                is_new,
                lambda: ConflictError(f"The tenant id {tenant.id} is taken.", fix="Choose another id."),
            ),
        )

    @translated("DynamoDB")
    def get(self, tenant_id: str) -> Tenant:
        """
        Return one tenant.

        Raises:
            NotFoundError: There is none.
        """
        try:
            item = self._items.get(*keys.tenant(tenant_id), consistent_read=True)
        except self._items.DoesNotExist:
            raise tenant_not_found(tenant_id) from None
        return _tenant_of(item)

    @translated("DynamoDB")
    def page(self, wanted: TenantFilter, request: PageRequest) -> Page[Tenant]:
        """
        List tenants by id; a new one may be missing for a moment (index).

        The table itself leaves out what is not wanted. It then reads as much as it can at once: pages of a
        few items, most of them left out, would take a request each.
        """
        conditions = _conditions_of(wanted)
        found = self._items.query(
            keys.ALL_TENANTS,
            filter_condition=conditions,
            index_name=TenantItem.listing.Meta.index_name,
            page_size=request.limit + 1 if conditions is None else None,
            last_evaluated_key=start_of(request),
        )
        return read_page(found, request, _tenant_of, key_names=LISTED_KEYS)

    @translated("DynamoDB")
    def count_in_ring(self, ring: str) -> int:
        """Count the tenants of a ring; who came into it just now may be missing for a moment (index)."""
        index = TenantItem.listing.Meta.index_name
        return self._items.count(keys.ALL_TENANTS, filter_condition=TenantItem.ring == ring, index_name=index)

    def save(self, tenant: Tenant, record: AuditRecord) -> Tenant:
        """
        Write a changed tenant if nobody else did since it was read; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """
        saved = tenant._replace(revision=tenant.revision + 1)
        is_unchanged = TenantItem.revision == tenant.revision
        self._audit.write(record, Put(self._item(saved), is_unchanged, lambda: _stale(tenant.id)))
        return saved

    @translated("DynamoDB")
    def erase(self, tenant_id: str, *, limit: int) -> Erased:
        """
        Remove what is stored of a tenant, *limit* items at most, but not the tenant itself.

        Safe to repeat; the caller has marked the tenant first, so that nothing new comes while this runs. What was
        set for the tenant, its installations among it, is gone before what plugins keep is looked for: a call that
        is under way writes its state only beside its installation.
        """
        counts: Counter[str] = Counter()
        for partition in (keys.of_tenant(tenant_id), keys.states(tenant_id)):
            if not self._erase(partition, limit, counts):
                return _erased(counts, is_complete=False)
        return _erased(counts, is_complete=True)

    def remove(self, tenant: Tenant, record: AuditRecord) -> None:
        """
        Remove a tenant whose erasure has begun.

        Raises:
            StaleRevisionError: Somebody removed it already, or it is not marked.
        """
        is_marked = TenantItem.erasing_since.exists()
        gone = Delete(self._items(*keys.tenant(tenant.id)), is_marked, lambda: _stale(tenant.id))
        self._audit.write(record, gone)

    def _erase(self, partition: str, limit: int, counts: Counter[str]) -> bool:
        """Remove items of a partition and count them, until *limit* are counted; tell whether none is left."""
        own = keys.tenant("")[1]
        found = self._data.query(partition, consistent_read=True, attributes_to_get=["pk", "sk", "sealed_secrets"])
        others = (item for item in found if item.sk != own)
        with self._data.batch_write() as batch:
            for item in islice(others, limit - counts.total() + counts["secrets"]):
                counts[_kind_of(item)] += 1
                counts["secrets"] += len(item.sealed_secrets or ())
                batch.delete(item)
        return next(others, None) is None

    def _item(self, tenant: Tenant) -> TenantItem:
        return self._items(*keys.tenant(tenant.id), gsi1pk=keys.ALL_TENANTS, gsi1sk=tenant.id, **document_of(tenant))


def _conditions_of(wanted: TenantFilter) -> Condition | None:
    found: Condition | None = None
    for attribute, value in (
        (TenantItem.tier, wanted.tier),
        (TenantItem.ring, wanted.ring),
        (TenantItem.status, wanted.status),
    ):
        if value is not None:
            is_wanted = attribute == value
            found = is_wanted if found is None else found & is_wanted
    return found


def _erased(counts: Counter[str], *, is_complete: bool) -> Erased:
    return Erased({kind: counts[kind] for kind in sorted(counts) if counts[kind]}, is_complete)


def _kind_of(item: TenantDataItem) -> str:
    if item.pk.startswith(keys.states("")):
        return "states"
    return next((kind for prefix, kind in _KINDS.items() if item.sk.startswith(prefix)), "others")


def _stale(tenant_id: str) -> StaleRevisionError:
    return StaleRevisionError(
        f"Somebody else changed tenant {tenant_id} in between.", fix="Read it again, then repeat your change."
    )


def _tenant_of(item: TenantItem) -> Tenant:
    return tenant_of(values_of(item, Tenant))
