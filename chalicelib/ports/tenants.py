"""Tenants, what they have installed, and what plugins keep for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.installations import Installation
    from chalicelib.domain.pages import Page, PageRequest
    from chalicelib.domain.tenants import Tenant


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

    def page(self, request: PageRequest) -> Page[Tenant]:
        """List tenants by id."""


class InstallationRepository(Protocol):
    """Installations; every method takes the tenant first."""

    def get(self, tenant_id: str, plugin_id: str) -> Installation:
        """
        Return one installation.

        Raises:
            NotFoundError: The tenant has not installed the plugin.
        """

    def put(self, tenant_id: str, installation: Installation, record: AuditRecord) -> Installation:
        """
        Write an installation (revision 0: a new one) if nobody else did; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """

    def page(self, tenant_id: str, request: PageRequest) -> Page[Installation]:
        """List what a tenant has installed, by plugin."""

    def is_installed_anywhere(self, plugin_id: str) -> bool:
        """Tell whether any tenant has an enabled installation of the plugin."""


class StateRepository(Protocol):
    """What a plugin keeps per tenant."""

    def load(self, tenant_id: str, plugin_id: str) -> tuple[dict[str, Any], int]:
        """Return the state and its revision; ``({}, 0)`` before the first."""

    def store(self, tenant_id: str, plugin_id: str, state: Mapping[str, Any], *, revision: int) -> None:
        """
        Write the state if *revision* is still the stored one.

        Raises:
            StaleRevisionError: Another call of this tenant's plugin wrote in between.
        """
