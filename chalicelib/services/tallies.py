"""
Count calls in a container and write what was counted: while a deployment is live each second, else once a minute.

A container that is called all the time writes while the next call waits for its plugin, so that no call waits for the
counts of others; one that is called now and then writes at once, for nobody knows when it is called again. What the
last second of a busy time counted is written with the next call of its container, or lost with the container.

A first failure of a version on trial does not wait: whoever judges it must know before its caller does. What can't be
written is kept for a while and tried again; no call ever fails for it.
"""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from contextlib import contextmanager
from threading import Lock, Thread
from typing import TYPE_CHECKING

from chalicelib.domain.resolution import bucket_of
from chalicelib.domain.tallies import (
    DAY_SECONDS,
    GROUP_BPS,
    SLOT_SECONDS,
    Arm,
    Batch,
    Call,
    Exposed,
    History,
    Past,
    Phase,
    Place,
    Tally,
    Traffic,
    Tried,
    add,
    is_on_trial,
    mark,
    part_of,
    past_mark,
    phase_of,
    tally_of,
)
from chalicelib.services.failing_tenants import FailingTenants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.ports import Clock
    from chalicelib.ports.measurements import TallyLedger

logger = logging.getLogger(__name__)

LIVE_SECONDS = 1.0
QUIET_SECONDS = 60.0
#: What is due so soon is written while a call waits for its plugin, before it becomes due at the end of one.
EARLY_SECONDS = 0.25
#: After a write that failed it is left alone for so long: an outage must not cost each call its patience.
PAUSE_SECONDS = 5.0
#: A transaction of DynamoDB holds 100 items.
MAX_BATCH = 100
#: What can't be written is kept up to so many batches; then the oldest go.
MAX_UNSENT = 20
#: (deployment, version, tenant)s that one container remembers having named.
MAX_NAMED = 20_000

#: Who called, of whom there is no bucket yet: (plugin, environment, salt, ring, tenant).
_Caller = tuple[str, str, str, str, str]


class Tallies:
    """What one container has counted and not written yet."""

    def __init__(self, ledger: TallyLedger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._lock = Lock()
        self._live: dict[Place, Tally] = {}
        self._exposed: dict[Exposed, set[str]] = {}
        self._named: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        self._failed: set[Phase] = set()
        self._quiet: dict[Place, Tally] = {}
        self._callers: dict[_Caller, Tally] = {}
        # Of which version a tenant failed: on trial, of stable meanwhile, and of stable at any time.
        self._failing: FailingTenants[tuple[str, int, str, str]] = FailingTenants()
        self._failing_beside: FailingTenants[tuple[str, int, str, str]] = FailingTenants()
        self._failing_before: FailingTenants[tuple[str, str, str]] = FailingTenants()
        self._unsent: list[Batch] = []
        self._live_since = self._quiet_since = self._paused_until = self._counted_at = 0.0

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """Write what is due, or nearly so, while the context waits for something else; never raises by itself."""
        now = self._clock.now().timestamp()
        with self._lock:
            due = self._due(now, is_urgent=False, early=EARLY_SECONDS)
        if not any(due):
            yield
            return
        writing = Thread(target=self._write, args=(*due, now))
        writing.start()
        try:
            yield
        finally:
            # A container is frozen when its call is answered: nothing may be under way then.
            writing.join()

    def count(self, call: Call) -> None:
        """Count one call; never raises."""
        now = self._clock.now().timestamp()
        with self._lock:
            is_urgent = self._note(call, now)
            due = self._due(now, is_urgent=is_urgent)
            self._counted_at = now
        self._write(*due, now)

    def _note(self, call: Call, now: float) -> bool:
        """Add a call to what is counted; tell whether it must be written now."""
        route, tally = call.route, tally_of(call)
        if not (self._quiet or self._callers):
            self._quiet_since = now
        traffic = Traffic(route.plugin_id, route.environment, int(now // SLOT_SECONDS), call.target.version)
        add(self._quiet.setdefault(traffic, {}), tally)
        if not call.is_split:
            return False
        if call.target == route.stable:
            at_stable = route.plugin_id, route.environment, call.tenant.id
            self._failing_before.note(at_stable, has_failed=call.has_failed)
        if route.deployment_id is not None and route.is_trying:
            return self._note_trial(call, tally, now)
        if route.deployment_id is None:
            who = route.plugin_id, route.environment, route.salt, call.tenant.ring, call.tenant.id
            add(self._callers.setdefault(who, {}), {"r": 1, "f": int(call.has_failed)})
        return False

    def _note_trial(self, call: Call, tally: Tally, now: float) -> bool:
        phase = phase_of(call, now)
        if not self._live and 0 <= now - self._counted_at < LIVE_SECONDS:
            self._live_since = now
        add(self._live.setdefault(phase, {}), tally)
        if call.route.variants:
            arm = Arm(phase.deployment_id, phase.version, mark(phase.deployment_id, call.tenant.id))
            add(self._live.setdefault(arm, {}), tally)
        is_tried = is_on_trial(call)
        failing = self._failing if is_tried else self._failing_beside
        who = phase.deployment_id, phase.epoch, phase.version, call.tenant.id
        failing.note(who, has_failed=call.has_failed)
        if not is_tried:
            return False
        self._name(phase, call.tenant.id)
        is_first_failure = call.has_failed and phase not in self._failed
        if is_first_failure:
            self._failed.add(phase)
        return is_first_failure

    def _name(self, phase: Phase, tenant_id: str) -> None:
        key = phase.deployment_id, phase.version, tenant_id
        if key in self._named:
            return
        self._named[key] = None
        while len(self._named) > MAX_NAMED:
            self._named.popitem(last=False)
        tenant_mark = mark(phase.deployment_id, tenant_id)
        exposed = Exposed(phase.deployment_id, phase.version, part_of(tenant_mark))
        self._exposed.setdefault(exposed, set()).add(tenant_mark)

    def _due(self, now: float, *, is_urgent: bool, early: float = 0.0) -> tuple[list[Batch], list[Batch]]:
        """
        Take what is to be written now, in batches; a clock that went back writes at once.

        The second are counts of single tenants, which nothing else may wait for.
        """
        if self._paused_until - PAUSE_SECONDS <= now < self._paused_until:
            return [], []
        batches, self._unsent = self._unsent, []
        tenants: dict[Place, Tally] = {}
        if self._live and (is_urgent or not 0 <= now - self._live_since < LIVE_SECONDS - early):
            batches += _batches(self._live, self._exposed)
            tenants |= self._tried()
            self._live, self._exposed, self._live_since = {}, {}, now
            # Phases come and go with their deployments: what is not remembered is written once more.
            self._failed = self._failed if len(self._failed) < MAX_BATCH else set()
        if (self._quiet or self._callers) and not 0 <= now - self._quiet_since < QUIET_SECONDS - early:
            batches += _batches({**self._quiet, **self._history(now), **self._past(now)}, {})
            self._quiet, self._callers = {}, {}
        return batches, _batches(tenants, {})

    def _tried(self) -> dict[Place, Tally]:
        return {
            Tried(deployment_id, epoch, version, mark(deployment_id, tenant_id)): tally
            for failing in (self._failing, self._failing_beside)
            for (deployment_id, epoch, version, tenant_id), tally in failing.take().items()
        }

    def _past(self, now: float) -> dict[Place, Tally]:
        day = int(now // DAY_SECONDS)
        return {
            Past(plugin_id, environment, day, past_mark(plugin_id, environment, tenant_id)): tally
            for (plugin_id, environment, tenant_id), tally in self._failing_before.take().items()
        }

    def _history(self, now: float) -> dict[Place, Tally]:
        """Put callers into the groups of their buckets: only here, so that no call waits for the hash."""
        history: dict[Place, Tally] = {}
        for (plugin_id, environment, salt, ring, tenant_id), counted in self._callers.items():
            group = bucket_of(plugin_id, salt, tenant_id) // GROUP_BPS
            place = History(plugin_id, environment, int(now // DAY_SECONDS), ring)
            add(history.setdefault(place, {}), {f"r{group}": counted["r"], f"f{group}": counted["f"]})
        return history

    def _write(self, batches: list[Batch], spare: list[Batch], now: float) -> None:
        if self._send(batches, now):
            self._send_spare(spare)

    def _send(self, batches: list[Batch], now: float) -> bool:
        """Write; tell whether all went out."""
        for place, batch in enumerate(batches):
            try:
                self._ledger.add(batch)
            except Exception as error:  # noqa: BLE001 - the plugin has done its work, no count is worth failing it
                logger.warning("counts of calls wait to be written: %s", type(error).__name__)
                with self._lock:
                    self._unsent = [*batches[place:], *self._unsent][-MAX_UNSENT:]
                    self._paused_until = now + PAUSE_SECONDS
                return False
        return True

    def _send_spare(self, batches: list[Batch]) -> None:
        """Write what may be lost, the good calls with the bad ones, so that nobody looks worse than it was."""
        for batch in batches:
            try:
                self._ledger.add(batch)
            except Exception:  # noqa: BLE001 - told above; the counts that a verdict needs are written already
                return


def _batches(tallies: dict[Place, Tally], exposed: dict[Exposed, set[str]]) -> list[Batch]:
    """Cut what was counted into batches that one transaction can hold."""
    places, parts = list(tallies), list(exposed)
    made = []
    for start in range(0, len(places) + len(parts), MAX_BATCH):
        here = places[start : start + MAX_BATCH]
        rest = max(start - len(places), 0)
        room = parts[rest : rest + MAX_BATCH - len(here)] if len(here) < MAX_BATCH else []
        made.append(
            Batch(
                os.urandom(16).hex(),
                {place: tallies[place] for place in here},
                {part: frozenset(exposed[part]) for part in room},
            )
        )
    return made
