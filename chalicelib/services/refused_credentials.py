"""Put refused tokens and keys on record, so few that no stranger fills the trail by them."""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.credentials import MAX_CLAIMED, MAX_IP, MAX_PATH, NOBODY, RefusedVisit, printable
from chalicelib.domain.errors import ConflictError
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from chalicelib.domain.audit import AuditRecord
    from chalicelib.ports.clock import Clock, IdSource
    from chalicelib.ports.secret_reads import RecordAppender

logger = logging.getLogger(__name__)

#: One of a reason and an address is recorded so often, the others are counted.
PAUSE = timedelta(minutes=1)
#: Whoever has many addresses gets no more than these out of one container in that time.
MAX_RECORDS = 60
#: Reasons and addresses that one container counts for; of the ones longest ago only the number stays.
MAX_SOURCES = 1_000

_ACTION = "RefuseCredential"


class _Seen(NamedTuple):
    """When a reason and an address were recorded, and how often they were not since."""

    at: datetime
    left_out: int = 0


class RefusedCredentials:
    """
    What one container records of those it turns away.

    The first of a reason and an address in a minute is recorded; the next record of both says how many were not.
    A count ends with its container: the log has each refusal.
    """

    def __init__(self, audit: RecordAppender, ids: IdSource, clock: Clock) -> None:
        self._audit = audit
        self._ids = ids
        self._clock = clock
        self._seen: OrderedDict[tuple[str, str], _Seen] = OrderedDict()
        self._recorded: deque[datetime] = deque(maxlen=MAX_RECORDS)
        self._left_out_of_others = 0

    def record(self, visit: RefusedVisit) -> None:
        """Record *visit*, or count it; whatever goes wrong is logged, since the answer is a 401 in any case."""
        now = self._clock.now()
        source = (visit.reason.value, visit.ip)
        seen = self._seen.get(source)
        if seen is not None and _is_recent(seen.at, now):
            self._seen[source] = seen._replace(left_out=seen.left_out + 1)
            return
        if len(self._recorded) == MAX_RECORDS and _is_recent(self._recorded[0], now):
            self._left_out_of_others += 1
            return
        # Before the write: while the table is away, no more of the refused wait for it than would be recorded.
        self._recorded.append(now)
        left_out, of_others = seen.left_out if seen else 0, self._left_out_of_others
        self._remember(source, _Seen(now))
        self._left_out_of_others -= of_others
        try:
            # One that is there already is its own, from an attempt whose answer got lost.
            with suppress(ConflictError):
                self._audit.append(self._record_of(visit, now, left_out, of_others))
        except Exception as error:  # noqa: BLE001 - whatever it is, who is refused stays refused, in the same words
            logger.warning("a refused credential is not on record: %s", type(error).__name__)
            self._seen[source] = _Seen(now, left_out + 1)
            self._left_out_of_others += of_others

    def _remember(self, source: tuple[str, str], seen: _Seen) -> None:
        self._seen[source] = seen
        self._seen.move_to_end(source)
        if len(self._seen) > MAX_SOURCES:
            _, oldest = self._seen.popitem(last=False)
            self._left_out_of_others += oldest.left_out

    def _record_of(self, visit: RefusedVisit, now: datetime, left_out: int, of_others: int) -> AuditRecord:
        # Only who is refused waits for this.
        from chalicelib.domain.audit import MAX_USER_AGENT, AuditRecord, result_of  # noqa: PLC0415

        told = {
            "claimed": printable(visit.claimed, MAX_CLAIMED),
            "leftOut": left_out,
            "leftOutOfOthers": of_others,
        }
        return AuditRecord(
            id=self._ids.new("aud"),
            at=rfc3339(now),
            actor=NOBODY,
            roles=(),
            action=_ACTION,
            resource=printable(visit.path.lstrip("/"), MAX_PATH) or "/",
            trace_id=visit.trace_id,
            reason=visit.reason.value,
            after={name: value for name, value in told.items() if value},
            ip=printable(visit.ip, MAX_IP),
            user_agent=printable(visit.user_agent, MAX_USER_AGENT),
            result=result_of(_ACTION).value,
        )


def _is_recent(at: datetime, now: datetime) -> bool:
    return at <= now < at + PAUSE
