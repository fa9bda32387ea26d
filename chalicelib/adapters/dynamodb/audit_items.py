"""Items of the table ``audit``: who did what, to what, and why."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.adapters.dynamodb.items import ListedItem


class ActorListing(GlobalSecondaryIndex["AuditItem"]):  # type: ignore[no-untyped-call] # PynamoDB leaves a hook untyped
    """Records by who did it, in order; it may lag behind the table by a moment."""

    class Meta:
        """Where it is."""

        index_name = "gsi2"
        projection = AllProjection()

    gsi2pk = UnicodeAttribute(hash_key=True)
    gsi2sk = UnicodeAttribute(range_key=True)


class TenantListing(GlobalSecondaryIndex["AuditItem"]):  # type: ignore[no-untyped-call] # PynamoDB leaves a hook untyped
    """Records about a tenant, in order; those about none are not in it, and cost nothing there."""

    class Meta:
        """Where it is."""

        index_name = "gsi3"
        projection = AllProjection()

    gsi3pk = UnicodeAttribute(hash_key=True)
    gsi3sk = UnicodeAttribute(range_key=True)


class AuditItem(ListedItem):
    """One record; only an erasure takes something from it. The listing of every item holds those of a day."""

    by_actor = ActorListing()
    by_tenant = TenantListing()

    gsi2pk = UnicodeAttribute(null=True)
    gsi2sk = UnicodeAttribute(null=True)
    gsi3pk = UnicodeAttribute(null=True)
    gsi3sk = UnicodeAttribute(null=True)
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
    ip = UnicodeAttribute(null=True)
    user_agent = UnicodeAttribute(null=True)
    result = UnicodeAttribute(null=True)
    on_behalf_of = UnicodeAttribute(null=True)
    salt = UnicodeAttribute(null=True)
    erased = UnicodeAttribute(null=True)
    # The table's TTL: DynamoDB forgets the record some time after it.
    expires_at = NumberAttribute(attr_name="ttl", null=True)
