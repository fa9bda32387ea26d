"""What tenants use of their quotas: shared by all containers, and what each sets aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime

    from chalicelib.domain.quotas import Leased, Quota, Used
    from chalicelib.domain.tenants import Tier


class QuotaLedger(Protocol):
    """The counts that all containers share; every method takes the tenant first."""

    def lease(
        self, tenant_id: str, plugin_id: str, quota: Quota, *, window: int, wanted: int, limit: int, is_joining: bool
    ) -> Leased:
        """
        Set aside up to *wanted* of a window, so that all leases together never exceed *limit*.

        What is left is given when it is less than *wanted*. *is_joining* counts the container as one more of the
        window. Execution time is counted in milliseconds.

        Raises:
            TransientError: The ledger does not answer.
        """

    def settle(self, tenant_id: str, plugin_id: str, *, window: int, milliseconds: int) -> None:
        """
        Count execution time that was used beyond what was set aside; it may exceed the limit.

        Raises:
            TransientError: The ledger does not answer.
        """

    def hold(
        self, tenant_id: str, plugin_id: str, holder: str, *, limit: int, now: datetime, until: datetime
    ) -> int | None:
        """
        Hold one of *limit* slots until then, or hold it longer; return how many are held now, None if none is free.

        A slot whose time is over is taken from whoever held it.

        Raises:
            TransientError: The ledger does not answer.
        """

    def release(self, tenant_id: str, plugin_id: str, holder: str) -> None:
        """
        Give a slot back; giving back what was lost to another changes nothing.

        Raises:
            TransientError: The ledger does not answer.
        """

    def used(self, tenant_id: str, *, window: int, now: datetime) -> Mapping[str, Used]:
        """Say what a tenant uses of each plugin; a plugin that it does not use is absent."""


class Admission(Protocol):
    """A call that was let in; *is_metered* is False when it was let in uncounted, because the ledger was away."""

    @property
    def is_metered(self) -> bool:
        """Tell whether it was counted."""


class QuotaGate(Protocol):
    """Lets calls in while their quota lasts."""

    def admit(
        self, tenant_id: str, plugin_id: str, tier: Tier, overrides: Mapping[str, int]
    ) -> AbstractContextManager[Admission]:
        """
        Let one call run inside the context; its time is counted and its slot given back however it ends.

        The limits are those of the *tier*, each replaced by *overrides*, by name.

        Raises:
            QuotaExceededError: A quota of the tenant is used up (429).
        """
