"""What a container remembers of the tables, how long it believes it, and when it reads ahead. Light."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from chalicelib.domain.errors import TransientError

if TYPE_CHECKING:
    from chalicelib.ports import Clock
    from chalicelib.ports.aside import Aside

Thing = TypeVar("Thing")

FRESH = timedelta(seconds=1)
#: An answer of this age is read anew while those who ask still get it.
AHEAD = timedelta(milliseconds=700)
STALE = timedelta(minutes=15)
#: Routes, tenants and installations that one container keeps.
MAX_ENTRIES = 10_000
#: A read aside that failed after longer than this stood still with its container: that tells nothing of the source now.
_PATIENCE = timedelta(seconds=3)
#: How long to wait before each further read of what no older answer can stand in for.
_COLD_PAUSES = (0.05, 0.2)


class _Entry(NamedTuple):
    value: object
    read_at: datetime


class ServingCache:
    """
    Answers at most a second old; while the source is away, the last answer for 15 minutes.

    That something does not exist is an answer too. After a failed read the source is left alone for a
    second, so that an outage costs one caller its timeout and not every caller.

    Whoever asks for what will soon be too old has it read anew *aside*, for those who come after: where calls are
    frequent, none of them waits for a read.

    A clock may be set back. What was read in its future has no age that is known, so it is as old as it is far away.
    """

    def __init__(self, clock: Clock, *, max_entries: int = MAX_ENTRIES, aside: Aside | None = None) -> None:
        self._clock = clock
        self._max_entries = max_entries
        self._aside = aside
        self._read_aside: set[tuple[str, ...]] = set()
        # The latest read last: a plain dict keeps that order too, in half the memory of an ordered one.
        self._entries: dict[tuple[str, ...], _Entry] = {}
        self._away_until: datetime | None = None
        self._lock = Lock()

    def get(self, key: tuple[str, ...], read: Callable[[], Thing]) -> Thing:
        """
        Return what *key* stands for, by *read* if the kept answer is too old.

        Raises:
            TransientError: The source is away and the last answer is too old, or there was none.
        """
        now = self._clock.now()
        with self._lock:
            entry = self._entries.get(key)
            is_away = self._away_until is not None and now < self._away_until <= now + FRESH
        age = STALE if entry is None else abs(now - entry.read_at)
        if entry is not None and age < (STALE if is_away else FRESH):
            if age >= AHEAD and not is_away and self._aside is not None:
                self._read_ahead(key, read, self._aside)
            return cast("Thing", entry.value)
        try:
            return self._read(key, read, now, is_cold=entry is None)
        except TransientError:
            if entry is None or age >= STALE:
                raise
            return cast("Thing", entry.value)

    def _read(
        self,
        key: tuple[str, ...],
        read: Callable[[], Thing],
        now: datetime,
        *,
        is_cold: bool = False,
        patience: timedelta = timedelta.max,
    ) -> Thing:
        """Read and keep; *now* was taken before: an answer is as old as the moment that it was asked for."""
        try:
            value = _read_cold(read) if is_cold else read()
        except TransientError:
            failed_at = self._clock.now()
            if abs(failed_at - now) <= patience:
                with self._lock:
                    self._away_until = failed_at + FRESH
            raise
        self._keep(key, _Entry(value, now))
        return value

    def _read_ahead(self, key: tuple[str, ...], read: Callable[[], object], aside: Aside) -> None:
        """
        Read while the caller goes on; one read of a thing at a time.

            call at 0.8 s                  aside
            ─────────────                  ─────
            gets the answer of 0.0 s
                                           reads, asked at 0.8 s
            calls its plugin
                                           keeps it: fresh until 1.8 s
        """
        with self._lock:
            if key in self._read_aside:
                return
            self._read_aside.add(key)

        def refresh() -> None:
            # What goes wrong here is met again by whoever asks next, who is told of it.
            try:
                self._read(key, read, self._clock.now(), patience=_PATIENCE)
            finally:
                with self._lock:
                    self._read_aside.discard(key)

        aside(refresh)

    def last(self, key: tuple[str, ...]) -> object:
        """Return the last answer, however old; None when there is none, or it was None."""
        with self._lock:
            entry = self._entries.get(key)
        return entry.value if entry is not None else None

    def _keep(self, key: tuple[str, ...], entry: _Entry) -> None:
        with self._lock:
            self._away_until = None
            known = self._entries.pop(key, None)
            # Two threads may read at once and come back in the other order.
            is_overtaken = known is not None and entry.read_at < known.read_at <= self._clock.now()
            self._entries[key] = known if known is not None and is_overtaken else entry
            while len(self._entries) > self._max_entries:
                del self._entries[next(iter(self._entries))]


def _read_cold(read: Callable[[], Thing]) -> Thing:
    """Read what a new container knows nothing of: a throttled table answers soon, and the tenant would get an error."""
    for pause in _COLD_PAUSES:
        try:
            return read()
        except TransientError:
            time.sleep(pause)
    return read()
