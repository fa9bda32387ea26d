"""Installations: one tenant's use of one plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.times import milliseconds

if TYPE_CHECKING:
    from chalicelib.domain.pins import Pin

#: So many configurations of an installation are kept, the newest.
KEPT_REVISIONS = 50


class Installation(NamedTuple):
    """
    One tenant's use of one plugin.

    *sealed_secrets* maps a secret's name to its ciphertext (base64), encrypted under the context
    {tenant, plugin, name}, or to the reference of one that is kept elsewhere; a plain value never gets here. *pin*
    holds the tenant on a version. *quotas* overrides the limits of its tier by name. *config_revision* counts the
    configurations it has had. *revision* grows with each write and is the ETag; 0 before the first.
    """

    tenant_id: str
    plugin_id: str
    created_at: str
    updated_at: str
    is_enabled: bool = True
    config: Mapping[str, Any] = {}
    sealed_secrets: Mapping[str, str] = {}
    pin: Pin | None = None
    quotas: Mapping[str, int] = {}
    config_revision: int = 0
    revision: int = 0

    @property
    def next_revision(self) -> int:
        """
        Say which revision the next write of it makes.

        The first is the millisecond of its making, so that an installation that was erased and made anew never has
        one that the old one had: an ETag of before is stale for ever.
        """
        return self.revision + 1 if self.revision else milliseconds(self.created_at)

    def with_config(self, config: Mapping[str, Any], now: str) -> Installation:
        """Replace the configuration as a whole; it is the next of its revisions."""
        return self._replace(config=config, config_revision=self.config_revision + 1, updated_at=now)

    def with_secret(self, name: str, sealed: str, now: str) -> Installation:
        """Set or replace one secret."""
        return self._replace(sealed_secrets={**self.sealed_secrets, name: sealed}, updated_at=now)

    def without_secret(self, name: str, now: str) -> Installation:
        """Forget one secret; forgetting twice is the same."""
        kept = {key: value for key, value in self.sealed_secrets.items() if key != name}
        return self._replace(sealed_secrets=kept, updated_at=now)


class Enabled(NamedTuple):
    """A tenant that has a plugin enabled: the ring that it is in now, and its pin, also one that has ended."""

    tenant_id: str
    ring: str
    pin: Pin | None = None


class ConfigRevision(NamedTuple):
    """
    A configuration that an installation has had; *number* counts from 1.

    *restored_from* is the number of the older one that it repeats.
    """

    number: int
    config: Mapping[str, Any]
    author: str
    at: str
    restored_from: int | None = None


class UninstalledError(NotFoundError):
    """The installation that a call began with is gone: nothing of it may be kept any more."""

    def __init__(self, plugin_id: str) -> None:
        super().__init__(
            f"{plugin_id} was uninstalled, or its tenant erased, during the call.", fix="Enable it for the tenant anew."
        )


def secret_context(tenant_id: str, plugin_id: str, name: str) -> dict[str, str]:
    """Name the KMS encryption context of a secret: it can't be moved to another tenant, plugin or name."""
    return {"tenant": tenant_id, "plugin": plugin_id, "name": name}


def is_reference(kept: str) -> bool:
    """Tell the reference of a secret from a sealed value, which is base64 and has no colon."""
    return kept.startswith("arn:")
