"""Items of the table ``deployments``: verdicts as they were given."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.adapters.dynamodb.items import Item


class VerdictItem(Item):
    """One verdict; *ttl* is when it may go, in seconds since 1970."""

    deployment_id = UnicodeAttribute()
    attempt = NumberAttribute()
    step_index = NumberAttribute()
    step_kind = UnicodeAttribute()
    at = UnicodeAttribute()
    verdict = JSONAttribute()
    consequence = UnicodeAttribute()
    ttl = NumberAttribute()
