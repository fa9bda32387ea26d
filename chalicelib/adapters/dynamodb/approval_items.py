"""Items of the table ``deployments``: approvals, and the policies of environments that ask for them."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.adapters.dynamodb.items import Item, ListedItem


class PendingListing(GlobalSecondaryIndex["ApprovalItem"]):  # type: ignore[no-untyped-call] # PynamoDB leaves a hook untyped
    """Approvals that nobody has decided, by the time that they expire; it may lag behind the table by a moment."""

    class Meta:
        """Where it is."""

        index_name = "gsi2"
        projection = AllProjection()

    gsi2pk = UnicodeAttribute(hash_key=True)
    gsi2sk = UnicodeAttribute(range_key=True)


class ApprovalItem(ListedItem):
    """One approval, whole in *document*; the rest is for conditions and listings."""

    revision = NumberAttribute()
    document = JSONAttribute()
    gsi2pk = UnicodeAttribute(null=True)
    gsi2sk = UnicodeAttribute(null=True)
    pending = PendingListing()


class PolicyItem(Item):
    """The policy of one environment, whole in *document*."""

    revision = NumberAttribute()
    document = JSONAttribute()
