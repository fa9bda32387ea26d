"""
Put on record which tenants' secrets a container opens, for whom: once an hour for each caller, and not at each call.

A record is written while the plugin is called, and is there before the call is answered. What can't be written is
kept, told in the log and tried again with a later call; no call ever fails for it.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING

from chalicelib.domain.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.secret_reads import SecretsRead
    from chalicelib.ports import Clock, IdSource
    from chalicelib.ports.secret_reads import RecordAppender

logger = logging.getLogger(__name__)

#: A record stands for so long for what is the same. It begins with the first read: were it an hour of the clock, all
#: containers would write at once when it strikes.
WINDOW_SECONDS = 3_600.0
#: After a write that failed it is left alone for so long: an outage must not cost each call its patience.
PAUSE_SECONDS = 5.0
#: Kinds of reads that one container remembers, and reads that it keeps while they can't be written.
MAX_REMEMBERED = 10_000
MAX_UNSENT = 10_000
#: So many are written while one call waits for its plugin.
MAX_AT_ONCE = 25


class SecretReads:
    """What one container has opened, and what of it is not on record yet."""

    def __init__(self, trail: RecordAppender, ids: IdSource, clock: Clock) -> None:
        self.ids = ids
        self.clock = clock
        self._trail = trail
        self._lock = Lock()
        self._noted: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self._unsent: list[SecretsRead] = []
        self._paused_until = 0.0

    @contextmanager
    def meanwhile(self, read: SecretsRead | None) -> Iterator[None]:
        """Record *read*, and what is left of before, while the context waits for something else; never raises."""
        if read is None and not self._unsent:
            yield
            return
        now = self.clock.now().timestamp()
        with self._lock:
            if read is not None:
                self._note(read, now)
            due = self._due(now)
        if not due:
            yield
            return
        writing = Thread(target=self._write, args=(due, now))
        writing.start()
        try:
            yield
        finally:
            # A container is frozen when its call is answered: nothing may be under way then.
            writing.join()

    def _note(self, read: SecretsRead, now: float) -> None:
        """Keep a read to be written, unless a record stands for it; a clock that went back writes again."""
        kind = read.kind
        at = self._noted.get(kind)
        if at is not None and 0 <= now - at < WINDOW_SECONDS:
            return
        self._noted[kind] = now
        self._noted.move_to_end(kind)
        while len(self._noted) > MAX_REMEMBERED:
            self._noted.popitem(last=False)
        self._unsent.append(read)

    def _due(self, now: float) -> list[SecretsRead]:
        if self._paused_until - PAUSE_SECONDS <= now < self._paused_until:
            return []
        due, self._unsent = self._unsent[:MAX_AT_ONCE], self._unsent[MAX_AT_ONCE:]
        return due

    def _write(self, due: list[SecretsRead], now: float) -> None:
        for place, read in enumerate(due):
            try:
                self._record(read)
            except Exception as error:  # noqa: BLE001 - told above: the plugin does its work meanwhile
                with self._lock:
                    self._keep(due[place:])
                    self._paused_until = now + PAUSE_SECONDS
                    waiting = len(self._unsent)
                logger.warning("%d reads of secrets are not on record yet: %s", waiting, type(error).__name__)
                return

    def _record(self, read: SecretsRead) -> None:
        """
        Write one record; it bears the time of its writing, which its seal goes by, and says when the read was.

        What was written although no answer ever came is written again under another id: better twice than never.
        """
        # A record is no named tuple, and slow to import: only what has something to record waits, beside its call.
        from chalicelib.services.records import record_of  # noqa: PLC0415

        record = record_of(
            read.caller,
            "ReadSecrets",
            f"tenants/{read.tenant_id}/plugins/{read.plugin_id}",
            self,
            tenant_id=read.tenant_id,
            after={
                "secrets": list(read.secrets),
                "versions": list(read.versions),
                "environment": read.environment,
                "readAt": read.at,
            },
        )
        # A client that lost the answer has asked once more, and met what it had written.
        with suppress(ConflictError):
            self._trail.append(record)

    def _keep(self, reads: list[SecretsRead]) -> None:
        """Keep what was not written; of too much the oldest goes, and is noted anew when it is read again."""
        kept = [*reads, *self._unsent]
        dropped = kept[:-MAX_UNSENT]
        self._unsent = kept[-MAX_UNSENT:]
        for read in dropped:
            self._noted.pop(read.kind, None)
        if dropped:
            logger.error("%d reads of secrets will never be on record: too many wait", len(dropped))
