"""Listings of the table ``audit``: by resource, actor, tenant or day, always newest first and never by a scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit_items import ActorListing, AuditItem, TenantListing
from chalicelib.adapters.dynamodb.audit_streams import listing_keys
from chalicelib.adapters.dynamodb.items import Listing
from chalicelib.adapters.dynamodb.listings import read_page, start_of
from chalicelib.domain.audit import AuditFilter, AuditRecord
from chalicelib.domain.pages import Page, PageRequest

_TABLE_KEYS = ("pk", "sk")


class _Way(NamedTuple):
    """How to read one order: the name of its index (None: the table itself), its partition key and its sort key."""

    name: str | None
    hash_key: str
    sort_key: str

    @property
    def key_names(self) -> tuple[str, ...]:
        """Keys that a position in this order consists of."""
        return _TABLE_KEYS if self.name is None else (*_TABLE_KEYS, f"{self.name}pk", f"{self.name}sk")


def read_records(
    items: type[AuditItem], wanted: AuditFilter, request: PageRequest, convert: Callable[[AuditItem], AuditRecord]
) -> Page[AuditRecord]:
    """Read a page of the narrowest order that answers *wanted*; what else is asked for is looked at in each record."""
    way = _way_of(wanted)
    if way is not None:
        found = _query(items, way, wanted, request)
        return read_page(found, request, convert, key_names=way.key_names, admits=wanted.admits)
    page: Page[AuditRecord] = Page(())
    for day, rest in _days(wanted, request):
        way = _Way(Listing.Meta.index_name, keys.audit_day(day), "gsi1sk")
        wish = PageRequest(request.limit - len(page.items), rest)
        more = read_page(_query(items, way, wanted, wish), wish, convert, key_names=way.key_names, admits=wanted.admits)
        page = Page((*page.items, *more.items), more.next_position)
        if page.next_position is not None:
            break
        if len(page.items) == request.limit:
            return Page(page.items, _end_of(page.items[-1]) if day > _day_of(wanted.since) else None)
    return page


def _way_of(wanted: AuditFilter) -> _Way | None:
    if wanted.resource is not None:
        return _Way(None, wanted.resource, "sk")
    if wanted.tenant_id is not None:
        return _Way(TenantListing.Meta.index_name, keys.audit_tenant(wanted.tenant_id), "gsi3sk")
    if wanted.actor is not None:
        return _Way(ActorListing.Meta.index_name, keys.audit_actor(wanted.actor), "gsi2sk")
    return None


def _query(items: type[AuditItem], way: _Way, wanted: AuditFilter, request: PageRequest) -> Any:  # noqa: ANN401 - PynamoDB's
    """Ask one partition for what is in time, newest first."""
    # A sort key begins with the time, so it is before *until* exactly when the time is.
    sort_key = getattr(AuditItem, way.sort_key)
    return items.query(
        way.hash_key,
        sort_key.between(wanted.since or "0", wanted.until or ":"),
        index_name=way.name,
        scan_index_forward=False,
        page_size=request.limit + 1,
        last_evaluated_key=start_of(request),
    )


def _days(wanted: AuditFilter, request: PageRequest) -> Iterator[tuple[str, Any]]:
    """Go through the days that are asked for, the last one first, or where a page before has ended."""
    position = request.position
    day = date.fromisoformat(_day_of(wanted.until))
    if position is not None:
        day = date.fromisoformat(position["gsi1pk"].removeprefix(keys.audit_day("")))
    first = date.fromisoformat(_day_of(wanted.since))
    while day >= first:
        yield day.isoformat(), position
        position = None
        day -= timedelta(days=1)


def _end_of(record: AuditRecord) -> dict[str, str]:
    """Name the position after a record that ends its day."""
    listed = listing_keys(record)
    pk, sk = keys.audit(record.resource, record.at, record.id)
    return {"pk": pk, "sk": sk, "gsi1pk": listed["gsi1pk"], "gsi1sk": listed["gsi1sk"]}


def _day_of(at: str) -> str:
    return at[:10]
