"""The customers' customers: they charge cards while a version is tried, and count what they got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hotswap.demo.cast import CARDS, CHARGE, PING, PLUGIN, PRODUCTION
from hotswap.errors import ApiError

if TYPE_CHECKING:
    from hotswap.client import HotSwapClient

#: At once; more would only make the emulator's containers wait for each other.
_AT_ONCE = 4
_FIRST_SERVER_ERROR = 500


@dataclass(slots=True)
class Takings:
    """What came back: calls by version, and those that failed by tenant."""

    served: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        """All of them."""
        return self.served.total() + self.failed.total()


@dataclass(frozen=True, slots=True)
class Customers:
    """Calls of every tenant in Production, as the host."""

    host: HotSwapClient
    tenants: Sequence[str]

    def charge(self, takings: Takings) -> None:
        """Charge each kind of card once for every tenant, and add what came back to *takings*."""
        orders = [(tenant, card) for card in CARDS for tenant in self.tenants]
        self._each(lambda order: self._charge(order[0], order[1], takings), orders)

    def versions(self) -> set[str]:
        """Tell which versions serve the tenants now, without charging anybody."""
        found: set[str] = set()
        self._each(lambda tenant: found.add(self._invoke(tenant, PING, {})), self.tenants)

        return found

    def _charge(self, tenant: str, card: Mapping[str, object], takings: Takings) -> None:
        try:
            takings.served[self._invoke(tenant, CHARGE, {"amount": 1500, "currency": "eur", "card": card})] += 1
        except ApiError as error:
            if error.status < _FIRST_SERVER_ERROR:
                raise
            takings.failed[tenant] += 1

    def _invoke(self, tenant: str, operation: str, payload: Mapping[str, object]) -> str:
        answer = self.host.invocations.invoke(
            PLUGIN, operation, tenant_id=tenant, payload=payload, environment=PRODUCTION
        )

        return answer.version

    def _each(self, work: Callable[[Any], None], orders: Sequence[Any]) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            for done in [threads.submit(work, order) for order in orders]:
                done.result()
