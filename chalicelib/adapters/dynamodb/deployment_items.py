"""Items of the table ``deployments``: attempts and their leases."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.adapters.dynamodb.items import Item, ListedItem


class LiveListing(GlobalSecondaryIndex["DeploymentItem"]):  # type: ignore[no-untyped-call] # PynamoDB leaves a hook untyped
    """
    Deployments that have not ended, queued ones too, and apart from them those that are looked after; oldest first.

    It may lag behind the table by a moment.
    """

    class Meta:
        """Where it is."""

        index_name = "gsi2"
        projection = AllProjection()

    gsi2pk = UnicodeAttribute(hash_key=True)
    gsi2sk = UnicodeAttribute(range_key=True)


class DeploymentItem(ListedItem):
    """One attempt; listed by plugin, and among the live ones until it has ended."""

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
    split_by = UnicodeAttribute()
    config = JSONAttribute()
    health = JSONAttribute()
    on_conflict = UnicodeAttribute()
    is_queued = BooleanAttribute()
    start_at = UnicodeAttribute(null=True)
    auto_rollback = BooleanAttribute()
    max_tenants = NumberAttribute(null=True)
    max_requests = NumberAttribute(null=True)
    hold = JSONAttribute(null=True)
    outcome_version = UnicodeAttribute(null=True)
    ends_as = UnicodeAttribute(null=True)
    changed_by = JSONAttribute(null=True)
    sent_back = JSONAttribute(null=True)
    is_watched = BooleanAttribute(null=True)
    regressed_at = UnicodeAttribute(null=True)
    gsi2pk = UnicodeAttribute(null=True)
    gsi2sk = UnicodeAttribute(null=True)
    live = LiveListing()


class LeaseItem(Item):
    """The lease of a (plugin, environment); released, it keeps its fence."""

    holder = UnicodeAttribute()
    fence = NumberAttribute()
    expires_at = UnicodeAttribute()
    expires_at_ms = NumberAttribute()
    held_by = UnicodeAttribute(null=True)
