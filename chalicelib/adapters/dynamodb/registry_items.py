"""Items of the table ``registry``: what exists, and who may publish it."""

from __future__ import annotations

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)

from chalicelib.adapters.dynamodb.items import Item


class PluginItem(Item):
    """A plugin; a deleted one stays."""

    id = UnicodeAttribute()
    type = UnicodeAttribute()
    owner = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    display_name = UnicodeAttribute()
    description = UnicodeAttribute()
    author = UnicodeAttribute()
    documentation_url = UnicodeAttribute()
    tags = ListAttribute(of=UnicodeAttribute)
    status = UnicodeAttribute()
    deprecation = JSONAttribute(null=True)
    revision = NumberAttribute()


class VersionItem(Item):
    """A version; never removed, so its number is never free again."""

    plugin_id = UnicodeAttribute()
    version = UnicodeAttribute()
    sha256 = UnicodeAttribute()
    size = NumberAttribute()
    status = UnicodeAttribute()
    created_at = UnicodeAttribute()
    created_by = UnicodeAttribute()
    package_key = UnicodeAttribute()
    release_notes = UnicodeAttribute()
    declared_entry_point = UnicodeAttribute()
    is_sandbox_enabled = BooleanAttribute()
    object_version = UnicodeAttribute(null=True)
    findings = JSONAttribute()
    manifest = JSONAttribute()
    lambda_version = UnicodeAttribute(null=True)
    code_sha256 = UnicodeAttribute(null=True)
    init_ms = NumberAttribute(null=True)
    ready_at = UnicodeAttribute(null=True)
    intake_attempt = NumberAttribute()
    verifying_since = UnicodeAttribute(null=True)
    deprecated = JSONAttribute(null=True)
    yanked = JSONAttribute(null=True)
    blocked = JSONAttribute(null=True)
    revision = NumberAttribute()


class OpenBlockItem(Item):
    """A blocked version whose aliases may still have to follow."""

    plugin_id = UnicodeAttribute()
    version = UnicodeAttribute()
    alias = UnicodeAttribute()
    at = UnicodeAttribute()


class StartedContainersItem(Item):
    """A version that has containers kept started, or had."""

    plugin_id = UnicodeAttribute()
    version = UnicodeAttribute()
    alias = UnicodeAttribute()
    containers = NumberAttribute()
    is_started = BooleanAttribute()
    unneeded_since = UnicodeAttribute(null=True)


class PublishLeaseItem(Item):
    """The right to change a plugin's ``$LATEST``, until *expires_at_ms* (of the epoch)."""

    holder = UnicodeAttribute()
    expires_at_ms = NumberAttribute()


class SealedKeyItem(Item):
    """A data key, encrypted by KMS."""

    sealed = BinaryAttribute(legacy_encoding=False)
