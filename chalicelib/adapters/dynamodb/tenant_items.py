"""Items of the table ``tenants``: customers and what they have installed."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.adapters.dynamodb.items import Item, ListedItem


class TenantItem(ListedItem):
    """A tenant; listed with all others."""

    id = UnicodeAttribute()
    name = UnicodeAttribute()
    tier = UnicodeAttribute()
    ring = UnicodeAttribute()
    status = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    erasing_since = UnicodeAttribute(null=True)
    revision = NumberAttribute()


class RingsItem(Item):
    """The rings in the order of risk; one item a stack."""

    names = JSONAttribute()
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
    config_revision = NumberAttribute(null=True)
    revision = NumberAttribute()


class ConfigRevisionItem(Item):
    """A configuration that an installation has had."""

    number = NumberAttribute()
    config = JSONAttribute()
    author = UnicodeAttribute()
    at = UnicodeAttribute()
    restored_from = NumberAttribute(null=True)


class PinItem(ListedItem):
    """A pin, as its version lists it; the truth is in the installation, in whose transaction it is written."""

    expires_at = UnicodeAttribute(null=True)


class StateItem(Item):
    """What a plugin keeps for a tenant; only removed through this model."""


class TenantDataItem(Item):
    """Anything of a tenant, seen only as far as its removal must tell of it."""

    sealed_secrets = JSONAttribute(null=True)
