"""Items of the table ``routing``: the truth about who serves."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.adapters.dynamodb.items import Item


class RouteItem(Item):
    """A route, whole: one write moves everybody."""

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
