"""Tenants, in the table ``tenants``."""

from __future__ import annotations

from dataclasses import asdict

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.documents import tenant_of
from chalicelib.adapters.dynamodb.items import LISTED_KEYS, Tables, values_of
from chalicelib.adapters.dynamodb.listings import read_page, start_of
from chalicelib.adapters.dynamodb.tenant_items import TenantItem
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.authorization import tenant_not_found
from chalicelib.domain.errors import ConflictError
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.tenants import Tenant


class DynamoTenants:
    """Tenants."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        self._items = tables.bind(TenantItem, "tenants")
        self._audit = audit

    def add(self, tenant: Tenant, record: AuditRecord) -> None:
        """
        Store a new tenant.

        Raises:
            ConflictError: The id is taken.
        """
        item = self._items(*keys.tenant(tenant.id), gsi1pk=keys.ALL_TENANTS, gsi1sk=tenant.id, **asdict(tenant))
        is_new = TenantItem.pk.does_not_exist()
        self._audit.write(
            record,
            Put(
                item,
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
    def page(self, request: PageRequest) -> Page[Tenant]:
        """List tenants by id; a new one may be missing for a moment (index)."""
        found = self._items.query(
            keys.ALL_TENANTS,
            index_name=TenantItem.listing.Meta.index_name,
            page_size=request.limit + 1,
            last_evaluated_key=start_of(request),
        )
        return read_page(found, request, _tenant_of, key_names=LISTED_KEYS)


def _tenant_of(item: TenantItem) -> Tenant:
    return tenant_of(values_of(item, Tenant))
