"""What a container has set aside of a quota: requests, execution time, and slots for its calls. Light."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from chalicelib.domain.quotas import Quota

#: That no slot was free is believed for this long; then it is asked again.
FULL = timedelta(milliseconds=200)


class Slot(NamedTuple):
    """A slot of this container: calls may begin in it between the two moments without asking again."""

    holder: str
    held_at: datetime
    kept_until: datetime
    is_kept: bool

    def may_begin(self, now: datetime) -> bool:
        """Tell whether a call that begins now ends while the slot is held; a clock that went back says no."""
        return self.held_at <= now < self.kept_until


# What changes is a class by hand: the hot path can't wait for `dataclasses`, a sixth of its start.


class Account:
    """
    What this container has set aside of one tenant's use of one plugin.

    *renewed* are slots, by holder, that are being held anew (None) or have been.
    """

    __slots__ = ("full", "left", "lock", "place", "plugin_id", "renewed", "slots", "tenant_id", "used_up", "window")

    def __init__(self, tenant_id: str, plugin_id: str) -> None:
        self.tenant_id = tenant_id
        self.plugin_id = plugin_id
        self.window = -1
        self.place = 0
        self.left: dict[Quota, int] = {}
        self.used_up: dict[Quota, tuple[int, int]] = {}
        self.slots: list[Slot] = []
        self.renewed: dict[str, Slot | None] = {}
        self.full: tuple[datetime, int] | None = None
        self.lock = Lock()

    def enter(self, window: int) -> None:
        """Begin a window with nothing set aside, also one that the clock went back to: its counts are in the ledger."""
        if window != self.window:
            self.window, self.place = window, 0
            self.left = {Quota.REQUESTS: 0, Quota.SECONDS: 0}
            self.used_up = {}

    def is_full(self, limit: int, now: datetime) -> bool:
        """Tell whether no slot was free a moment ago."""
        return self.full is not None and self.full[1] == limit and self.full[0] <= now < self.full[0] + FULL
