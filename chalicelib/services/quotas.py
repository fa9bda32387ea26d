"""
Let calls in while their quota lasts: what a container has set aside, so that a warm one asks the ledger rarely.

A container leases requests and execution time in chunks, and keeps its slot for the next call. When the
ledger is away it lets calls in uncounted: see ADR 12.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from chalicelib.domain.errors import TransientError
from chalicelib.domain.quotas import (
    LONGEST_CALL,
    SLOT_KEPT,
    Limits,
    Quota,
    QuotaExceededError,
    chunk_of,
    effective_limits,
    kept_slots,
    window_end,
    window_of,
)
from chalicelib.services.quota_accounts import Account, Slot

if TYPE_CHECKING:
    from chalicelib.domain.tenants import Tier
    from chalicelib.ports.aside import Aside
    from chalicelib.ports.clock import Clock
    from chalicelib.ports.quotas import QuotaLedger

#: Pairs of tenant and plugin that one container remembers.
MAX_ACCOUNTS = 10_000
#: A ledger that did not answer is left alone for this long, so that an outage costs one call its timeout.
_AWAY = timedelta(seconds=1)
_SLOT_RETRY = timedelta(seconds=1)
#: A slot that is kept no longer than this is held anew while the next call has it.
_ENDS_SOON = timedelta(seconds=3)


class Admitted:
    """A call that was let in."""

    __slots__ = ("began", "is_metered", "slot", "window")

    def __init__(self, window: int, began: datetime) -> None:
        self.window = window
        self.began = began
        self.is_metered = True
        self.slot: Slot | None = None


class LeasedQuotas:
    """The gate of one container; *factor* multiplies what the tiers include."""

    def __init__(self, ledger: QuotaLedger, clock: Clock, *, factor: int = 1, aside: Aside | None = None) -> None:
        self._ledger = ledger
        self._clock = clock
        self._factor = factor
        self._aside = aside
        self._name = os.urandom(6).hex()
        self._slots_named = 0
        self._accounts: OrderedDict[tuple[str, str], Account] = OrderedDict()
        self._away: tuple[datetime, datetime] | None = None
        self._lock = Lock()

    @contextmanager
    def admit(self, tenant_id: str, plugin_id: str, tier: Tier, overrides: Mapping[str, int]) -> Iterator[Admitted]:
        """
        Let one call run inside the context; its time is counted and its slot given back however it ends.

        Raises:
            QuotaExceededError: A quota of the tenant is used up (429).
        """
        limits = effective_limits(tier, overrides, factor=self._factor)
        account = self._account(tenant_id, plugin_id)
        admitted = self._enter(account, limits)
        try:
            yield admitted
        finally:
            self._leave(account, admitted)

    def _account(self, tenant_id: str, plugin_id: str) -> Account:
        with self._lock:
            account = self._accounts.get((tenant_id, plugin_id))
            if account is None:
                account = self._accounts[tenant_id, plugin_id] = Account(tenant_id, plugin_id)
                if len(self._accounts) > MAX_ACCOUNTS:
                    self._accounts.popitem(last=False)
            else:
                self._accounts.move_to_end((tenant_id, plugin_id))
            return account

    def _enter(self, account: Account, limits: Limits) -> Admitted:
        now = self._clock.now()
        with account.lock:
            account.enter(window_of(now))
            for quota, limit in limits.document().items():
                if not limit:
                    raise _exceeded(quota, 0, 0, now, window_end(account.window))
            admitted = Admitted(account.window, now)
            self._require_some(account, Quota.REQUESTS, limits.requests, now, admitted)
            self._require_some(account, Quota.SECONDS, limits.milliseconds, now, admitted)
            admitted.slot = self._slot(account, limits.concurrent, now, admitted)
            account.left[Quota.REQUESTS] -= int(account.left[Quota.REQUESTS] > 0)
            return admitted

    def _require_some(self, account: Account, quota: Quota, limit: int, now: datetime, admitted: Admitted) -> None:
        """Have something of a window's *quota* set aside, or refuse."""
        if account.left[quota] > 0:
            return
        used = account.used_up.get(quota)
        if used is None or used[0] != limit:
            used = self._lease(account, quota, limit, now, admitted)
        if used is not None:
            account.used_up[quota] = used
            raise _exceeded(quota, *used, now, window_end(account.window))

    def _lease(
        self, account: Account, quota: Quota, limit: int, now: datetime, admitted: Admitted
    ) -> tuple[int, int] | None:
        """Set a chunk aside; return the limit and its use when there is none left."""
        if self._is_away(now):
            admitted.is_metered = False
            return None
        is_joining = account.place == 0
        # The first lease of a window is the smallest: a container that is called once sets nothing aside.
        wanted = 1 if is_joining else chunk_of(limit, account.place)
        try:
            leased = self._ledger.lease(
                account.tenant_id,
                account.plugin_id,
                quota,
                window=account.window,
                wanted=wanted,
                limit=limit,
                is_joining=is_joining,
            )
        except TransientError:
            self._leave_alone(admitted)
            return None
        account.left[quota] += leased.granted
        if is_joining and leased.granted:
            account.place = leased.place
        return None if leased.granted else (limit, leased.used)

    def _slot(self, account: Account, limit: int, now: datetime, admitted: Admitted) -> Slot | None:
        """Take a slot that is kept, or hold one; None when the ledger is away."""
        slot = account.slots.pop() if account.slots else None
        if slot is not None:
            slot = account.renewed.get(slot.holder) or slot
        if slot is not None and slot.may_begin(now):
            self._renew(account, slot, limit, now)
            return slot
        if slot is None and account.is_full(limit, now):
            raise _exceeded(Quota.CONCURRENT, limit, limit, now, now + _SLOT_RETRY)
        if self._is_away(now):
            admitted.is_metered = False
            return slot
        holder = slot.holder if slot else self._new_holder()
        kept_until = now + SLOT_KEPT
        try:
            held = self._ledger.hold(
                account.tenant_id, account.plugin_id, holder, limit=limit, now=now, until=kept_until + LONGEST_CALL
            )
        except TransientError:
            self._leave_alone(admitted)
            return slot
        account.renewed.pop(holder, None)
        if held is None:
            account.full = now, limit
            raise _exceeded(Quota.CONCURRENT, limit, limit, now, now + _SLOT_RETRY)
        return Slot(holder, now, kept_until, is_kept=held <= kept_slots(limit))

    def _renew(self, account: Account, slot: Slot, limit: int, now: datetime) -> None:
        """Hold a slot that ends soon anew, aside: of calls that follow each other none waits for it."""
        is_asked = slot.holder in account.renewed and account.renewed[slot.holder] is None
        if self._aside is None or now < slot.kept_until - _ENDS_SOON or is_asked or self._is_away(now):
            return
        # None until it is held: it is asked for once, and whoever finds that it has ended asks for himself.
        account.renewed[slot.holder] = None

        def hold() -> None:
            began = self._clock.now()
            if not slot.may_begin(began):
                return
            kept_until = began + SLOT_KEPT
            held = self._ledger.hold(
                account.tenant_id,
                account.plugin_id,
                slot.holder,
                limit=limit,
                now=began,
                until=kept_until + LONGEST_CALL,
            )
            with account.lock:
                if held is not None and slot.holder in account.renewed:
                    account.renewed[slot.holder] = Slot(
                        slot.holder, began, kept_until, is_kept=held <= kept_slots(limit)
                    )

        self._aside(hold)

    def _leave(self, account: Account, admitted: Admitted) -> None:
        """Count the time of a call that ended, and keep its slot or give it back."""
        now = self._clock.now()
        spent_ms = max(0, -((admitted.began - now) // timedelta(milliseconds=1)))
        with account.lock:
            beyond_ms = spent_ms
            if account.window == admitted.window:
                beyond_ms = max(0, spent_ms - account.left[Quota.SECONDS])
                account.left[Quota.SECONDS] = max(0, account.left[Quota.SECONDS] - spent_ms)
            slot = admitted.slot
            if slot is not None and slot.is_kept:
                account.slots.append(slot)
                slot = None
            if self._is_away(now):
                return
            try:
                if beyond_ms:
                    self._ledger.settle(
                        account.tenant_id, account.plugin_id, window=admitted.window, milliseconds=beyond_ms
                    )
                if slot is not None:
                    account.renewed.pop(slot.holder, None)
                    self._ledger.release(account.tenant_id, account.plugin_id, slot.holder)
            except TransientError:
                # The plugin has answered: what can't be counted now is lost, and a slot ends by itself.
                self._leave_alone(admitted)

    def _new_holder(self) -> str:
        with self._lock:
            self._slots_named += 1
            return f"{self._name}{self._slots_named}"

    def _is_away(self, now: datetime) -> bool:
        return self._away is not None and self._away[0] <= now < self._away[1]

    def _leave_alone(self, admitted: Admitted) -> None:
        now = self._clock.now()
        self._away = now, now + _AWAY
        admitted.is_metered = False


def _exceeded(quota: Quota, limit: int, used: int, now: datetime, reset_at: datetime) -> QuotaExceededError:
    if quota is Quota.SECONDS:
        limit, used = limit // 1000, -(-used // 1000)
    return QuotaExceededError(quota, limit=limit, used=used, now=now, reset_at=reset_at)
