"""Items of the table ``routing``: the truth about who serves."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.adapters.dynamodb.items import ListedItem


class RouteItem(ListedItem):
    """A route, whole: one write moves everybody; listed with all others."""

    plugin_id = UnicodeAttribute()
    environment = UnicodeAttribute()
    salt = UnicodeAttribute()
    stable = JSONAttribute(null=True)
    candidate = JSONAttribute(null=True)
    candidate_bps = NumberAttribute()
    deployment_id = UnicodeAttribute(null=True)
    epoch = NumberAttribute()
    fence = NumberAttribute()
    candidate_rings = JSONAttribute()
    variants = JSONAttribute()
    split_by = UnicodeAttribute()
    previous = JSONAttribute(null=True)
    blocked = JSONAttribute(null=True)
