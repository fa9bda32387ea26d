"""Items of the table ``tenants``: customers and what they have installed."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.adapters.dynamodb.items import ListedItem


class TenantItem(ListedItem):
    """A tenant; listed with all others."""

    id = UnicodeAttribute()
    name = UnicodeAttribute()
    tier = UnicodeAttribute()
    ring = UnicodeAttribute()
    status = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    revision = NumberAttribute()


class InstallationItem(ListedItem):
    """A tenant's use of a plugin; listed by plugin while it is enabled."""

    tenant_id = UnicodeAttribute()
    plugin_id = UnicodeAttribute()
    is_enabled = BooleanAttribute()
    config = JSONAttribute()
    sealed_secrets = JSONAttribute()
    pin = JSONAttribute(null=True)
    quotas = JSONAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    revision = NumberAttribute()
