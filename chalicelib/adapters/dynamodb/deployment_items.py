"""Items of the table ``deployments``: attempts and their leases."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.adapters.dynamodb.items import Item, ListedItem


class DeploymentItem(ListedItem):
    """One attempt; listed by plugin."""

    id = UnicodeAttribute()
    plugin_id = UnicodeAttribute()
    environment = UnicodeAttribute()
    target = JSONAttribute()
    strategy = UnicodeAttribute()
    plan = JSONAttribute()
    initiated_by = UnicodeAttribute()
    created_at = UnicodeAttribute()
    fence = NumberAttribute()
    trace_id = UnicodeAttribute()
    reason = UnicodeAttribute()
    status = UnicodeAttribute()
    status_reason = UnicodeAttribute()
    previous_version = UnicodeAttribute(null=True)
    affected_tenants = NumberAttribute()
    last_known_good = JSONAttribute(null=True)
    health_checks = JSONAttribute()
    attempt = NumberAttribute()
    execution_arn = UnicodeAttribute(null=True)
    started_at = UnicodeAttribute(null=True)
    ended_at = UnicodeAttribute(null=True)
    revision = NumberAttribute()


class LeaseItem(Item):
    """The lease of a (plugin, environment); released, it keeps its fence."""

    holder = UnicodeAttribute()
    fence = NumberAttribute()
    expires_at = UnicodeAttribute()
    expires_at_ms = NumberAttribute()
