"""Items of the table ``audit``: who did what, to what, and why."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from chalicelib.adapters.dynamodb.items import Item


class AuditItem(Item):
    """One record; never changed."""

    id = UnicodeAttribute()
    at = UnicodeAttribute()
    actor = UnicodeAttribute()
    roles = JSONAttribute()
    action = UnicodeAttribute()
    resource = UnicodeAttribute()
    trace_id = UnicodeAttribute()
    tenant_id = UnicodeAttribute(null=True)
    reason = UnicodeAttribute()
    before = JSONAttribute()
    after = JSONAttribute()
