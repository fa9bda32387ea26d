"""Tenants, what they have installed, and what plugins keep for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.installations import ConfigRevision, Enabled, Installation
    from chalicelib.domain.pages import Page, PageRequest
    from chalicelib.domain.rings import Rings
    from chalicelib.domain.tenants import Erased, Tenant, TenantFilter


class TenantRepository(Protocol):
    """Tenants."""

    def add(self, tenant: Tenant, record: AuditRecord) -> None:
        """
        Store a new tenant.

        Raises:
            ConflictError: The id is taken.
        """

    def get(self, tenant_id: str) -> Tenant:
        """
        Return one tenant.

        Raises:
            NotFoundError: There is none.
        """

    def page(self, wanted: TenantFilter, request: PageRequest) -> Page[Tenant]:
        """List tenants by id; filtered pages are full unless the end is reached."""

    def count_in_ring(self, ring: str) -> int:
        """Count the tenants of a ring; who came into it just now may be missing for a moment."""

    def save(self, tenant: Tenant, record: AuditRecord) -> Tenant:
        """
        Write a changed tenant if nobody else did since it was read; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """

    def erase(self, tenant_id: str, *, limit: int) -> Erased:
        """
        Remove what is stored of a tenant, *limit* items at most, but not the tenant itself.

        Safe to repeat; the caller has marked the tenant first, so that nothing new comes while this runs.
        """

    def remove(self, tenant: Tenant, record: AuditRecord) -> None:
        """
        Remove a tenant whose erasure has begun.

        Raises:
            StaleRevisionError: Somebody removed it already, or it is not marked.
        """


class RingRepository(Protocol):
    """The list of rings, in the order of risk."""

    def get(self) -> Rings:
        """Return the rings; those of the product while nobody has changed them."""

    def save(self, rings: Rings, record: AuditRecord) -> Rings:
        """
        Write the rings if nobody else did since they were read; return them with their new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """


class InstallationRepository(Protocol):
    """Installations; every method that is about one tenant's takes that tenant first."""

    def get(self, tenant_id: str, plugin_id: str) -> Installation:
        """
        Return one installation.

        Raises:
            NotFoundError: The tenant has not installed the plugin.
        """

    def put(
        self,
        tenant_id: str,
        installation: Installation,
        record: AuditRecord,
        *,
        history: ConfigRevision | None = None,
    ) -> Installation:
        """
        Write an installation (revision 0: a new one) if nobody else did; return it with its new revision.

        *history* is the new configuration for its history, of which the newest `KEPT_REVISIONS` are kept.

        Raises:
            StaleRevisionError: Somebody did.
            NotFoundError: There is no such tenant, or its erasure has begun.
        """

    def remove(self, tenant_id: str, installation: Installation, record: AuditRecord) -> None:
        """
        Erase an installation with its config, history, secrets, pin and state, if nobody else changed it.

        Raises:
            StaleRevisionError: Somebody did; part of the history may be gone, and a repeat takes the rest.
        """

    def page(self, tenant_id: str, request: PageRequest) -> Page[Installation]:
        """List what a tenant has installed, by plugin."""

    def revisions(self, tenant_id: str, plugin_id: str, request: PageRequest) -> Page[ConfigRevision]:
        """List the configurations that an installation has had, newest first."""

    def revision(self, tenant_id: str, plugin_id: str, number: int) -> ConfigRevision:
        """
        Return one configuration of the past.

        Raises:
            NotFoundError: It never was, or is not kept any more.
        """

    def pinned(self, plugin_id: str, version: str, *, now: str) -> int:
        """Count the tenants that a pin holds on a version at *now*; a new one may be missing for a moment."""

    def pinned_tenants(self, plugin_id: str, version: str, *, now: str) -> Iterator[str]:
        """Go through the tenants that a pin holds on a version at *now*, by id; a new one may be missing."""

    def count_enabled(self, plugin_id: str) -> int:
        """Count the tenants that have the plugin enabled; a new one may be missing for a moment."""

    def enabled_tenants(self, plugin_id: str) -> Iterator[Enabled]:
        """
        Go through the tenants that have the plugin enabled, by id.

        Who enabled it or was pinned just now may be missing for a moment; the ring is the one that the tenant has now.
        """

    def is_installed_anywhere(self, plugin_id: str) -> bool:
        """Tell whether any tenant has an enabled installation of the plugin."""


class StateRepository(Protocol):
    """What a plugin keeps per tenant."""

    def load(self, tenant_id: str, plugin_id: str) -> tuple[dict[str, Any], int]:
        """Return the state and its revision; ``({}, 0)`` before the first."""

    def store(
        self, tenant_id: str, plugin_id: str, state: Mapping[str, Any], *, revision: int, installed_at: str
    ) -> None:
        """
        Write the state if *revision* is still the stored one and the installation made *installed_at* is still there.

        Raises:
            StaleRevisionError: Another call of this tenant's plugin wrote in between.
            UninstalledError: The installation was erased in between, be it made anew since or not.
            TransientError: Others keep the same items busy, or the table is unreachable.
        """
