"""Hosts that never stop asking: constant invocations for some tenants while something happens."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple, Self

from tests.stack.product import Product
from tests.stack.running_stack import Answer, eventually

#: As often as a busy host may ask here, where two cores also run the stack.
PAUSE_SECONDS = 0.05
#: Routers follow within 2 s of a write (CONTRACT §4).
FOLLOWED_SECONDS = 2


class Served(NamedTuple):
    """One request: when it was sent (monotonic seconds), for whom, and what came back."""

    sent_at: float
    tenant: str
    answer: Answer

    @property
    def version(self) -> str:
        """Which version served."""
        return str(self.answer.body.get("version"))


class Traffic:
    """
    Invokes *plugin* for each tenant again and again, from entering to leaving: all *at_once*, or so many.

    Each thread goes through *inputs* in turn.
    """

    def __init__(
        self,
        product: Product,
        plugin: str,
        tenants: Sequence[str],
        *,
        at_once: int | None = None,
        inputs: Sequence[object] = ({},),
    ) -> None:
        self._product = product
        self._plugin = plugin
        self._tenants = tenants
        self._inputs = inputs
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(tenants[turn :: at_once or len(tenants)],))
            for turn in range(at_once or len(tenants))
        ]
        self.broken: list[Exception] = []
        self.served: list[Served] = []

    @property
    def failures(self) -> list[object]:
        """Whatever was not answered with success."""
        return [*self.broken, *(each.answer for each in self.served if each.answer.status != 200)]

    def versions(self, *, tenant: str, since: float = 0) -> list[str]:
        """Name the versions that served a tenant, in order, without repeats in a row."""
        seen = [each.version for each in self.served if each.tenant == tenant and each.sent_at >= since]
        return [version for at, version in enumerate(seen) if at == 0 or seen[at - 1] != version]

    def moved_back(self, version: str) -> list[Served]:
        """
        List requests of tenants whom *version* had served before, and did not serve any more.

        Each container of the router follows by itself, so what was sent in the 2 s after a tenant moved does not count.
        """
        moved: dict[str, float] = {}
        for each in self.served:
            if each.version == version:
                moved.setdefault(each.tenant, each.sent_at + FOLLOWED_SECONDS)
        return [each for each in self.served if each.version != version and each.sent_at > moved.get(each.tenant, 1e99)]

    def follow(self, count: int = 3) -> float:
        """Let the routers follow what was just written, see *count* requests of each tenant, and give the moment."""
        followed = time.monotonic() + FOLLOWED_SECONDS
        eventually(lambda: time.monotonic() > followed)
        self.wait_for(count)
        return followed

    def wait_for(self, count: int) -> None:
        """Wait until each tenant was answered *count* times more."""
        goals = {tenant: answered + count for tenant, answered in self._answered().items()}

        def is_reached() -> bool:
            answered = self._answered()
            return all(answered[tenant] >= goal for tenant, goal in goals.items())

        eventually(lambda: is_reached() or self.broken)

    def _answered(self) -> dict[str, int]:
        counted = Counter(each.tenant for each in list(self.served))
        return {tenant: counted[tenant] for tenant in self._tenants}

    def _ask(self, tenants: Sequence[str]) -> None:
        try:
            given = itertools.cycle(self._inputs)
            for tenant in itertools.cycle(tenants):
                if self._stopped.wait(PAUSE_SECONDS):
                    return
                sent_at = time.monotonic()
                answer = self._product.invoke(self._plugin, tenant, given=next(given))
                self.served.append(Served(sent_at, tenant, answer))
        except Exception as error:  # noqa: BLE001 - a thread would swallow it; `failures` shows it
            self.broken.append(error)

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self._threads:
            thread.start()
        self.wait_for(1)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
