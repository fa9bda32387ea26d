"""The audit trail: records, and the files that they are exported as."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TypedDict

from hotswap.resources.pages import walk
from hotswap.resources.reading import Document
from hotswap.transport import Transport

_NEXT = "x-next-cursor"


class AuditFilters(TypedDict):
    """Which records; None filters nothing. *since* is included, *until* is not."""

    actor: str | None
    resource: str | None
    tenant: str | None
    since: str | None
    until: str | None


class Audit:
    """Requests about the audit trail."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, filters: AuditFilters, *, limit: int | None = None) -> Iterator[Document]:
        """Walk through the records that the filters admit, newest first."""
        return walk(self._transport, "/audit", dict, limit=limit, filters=_query_of(filters))

    def export(self, filters: AuditFilters, *, file_format: str) -> Iterator[str]:
        """Give the parts of a file, ``jsonl`` or ``csv``, one after the other: written in this order, they are it."""
        cursor: str | None = None
        while True:
            query = {**_query_of(filters), "format": file_format, "cursor": cursor}
            answer = self._transport.download("/audit/export", query=query)
            yield answer.text
            cursor = answer.headers.get(_NEXT)
            if cursor is None:
                return

    def verify(self, day: date) -> Document:
        """Let a day of the trail be proven (UTC)."""
        return self._transport.request("GET", "/audit/verify", query={"day": day.isoformat()}).document


def _query_of(filters: AuditFilters) -> dict[str, str | None]:
    return {
        "actor": filters["actor"],
        "resource": filters["resource"],
        "tenant": filters["tenant"],
        "from": filters["since"],
        "to": filters["until"],
    }
