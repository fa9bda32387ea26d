"""What tenants use of their quotas, in memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock

from chalicelib.domain.errors import TransientError
from chalicelib.domain.quotas import Leased, Quota, Used, is_slot_free


@dataclass
class FakeQuotaLedger:
    """The counts that containers share; `is_away` lets it be unreachable, `calls` counts what it was asked."""

    is_away: bool = False
    calls: int = 0
    counts: dict[tuple[str, str, int], dict[str, int]] = field(default_factory=dict)
    slots: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def lease(
        self, tenant_id: str, plugin_id: str, quota: Quota, *, window: int, wanted: int, limit: int, is_joining: bool
    ) -> Leased:
        with self._asked():
            count = self._count(tenant_id, plugin_id, window)
            granted = max(0, min(wanted, limit - count[quota]))
            if granted:
                count[quota] += granted
                count["places"] += is_joining
            return Leased(granted, count[quota], count["places"])

    def settle(self, tenant_id: str, plugin_id: str, *, window: int, milliseconds: int) -> None:
        with self._asked():
            self._count(tenant_id, plugin_id, window)[Quota.SECONDS] += milliseconds

    def hold(
        self, tenant_id: str, plugin_id: str, holder: str, *, limit: int, now: datetime, until: datetime
    ) -> int | None:
        with self._asked():
            slots = self.slots.setdefault((tenant_id, plugin_id), {})
            for name in [name for name, end in slots.items() if is_slot_free(end, now)]:
                del slots[name]
            if holder not in slots and len(slots) >= limit:
                return None
            slots[holder] = int(until.timestamp() * 1000)
            return len(slots)

    def release(self, tenant_id: str, plugin_id: str, holder: str) -> None:
        with self._asked():
            self.slots.get((tenant_id, plugin_id), {}).pop(holder, None)

    def used(self, tenant_id: str, *, window: int, now: datetime) -> Mapping[str, Used]:
        with self._asked():
            counted = {key[1]: count for key, count in self.counts.items() if (key[0], key[2]) == (tenant_id, window)}
            held = {
                plugin_id: sum(not is_slot_free(end, now) for end in slots.values())
                for (owner, plugin_id), slots in self.slots.items()
                if owner == tenant_id
            }
            nothing = {Quota.REQUESTS: 0, Quota.SECONDS: 0}
            return {
                plugin_id: Used(
                    counted.get(plugin_id, nothing)[Quota.REQUESTS],
                    counted.get(plugin_id, nothing)[Quota.SECONDS],
                    held.get(plugin_id, 0),
                )
                for plugin_id in {**counted, **held}
            }

    def _count(self, tenant_id: str, plugin_id: str, window: int) -> dict[str, int]:
        nothing = {Quota.REQUESTS: 0, Quota.SECONDS: 0, "places": 0}
        return self.counts.setdefault((tenant_id, plugin_id, window), nothing)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        with self._lock:
            self.calls += 1
            if self.is_away:
                raise TransientError("The ledger is away.")
            yield
