"""The audit trail: records, what they are filtered by, and the files that they are exported as."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from chalicelib.api.models import Listing, Resource
from chalicelib.domain.audit import AuditFilter, AuditRecord, Result
from chalicelib.domain.times import rfc3339

#: A cell that begins so is a formula to a spreadsheet, whoever has written it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return rfc3339(moment.astimezone(UTC))
    except OverflowError:
        raise ValueError("no calendar has that day") from None


Moment = Annotated[str, Field(max_length=40), AfterValidator(_moment)]
Name = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ExportFormat(StrEnum):
    """What a file of records is written as."""

    JSONL = "jsonl"
    CSV = "csv"


class AuditListing(Listing):
    """Filters of the trail; what is left out filters nothing."""

    actor: Annotated[Name | None, Field(description="Send a user's name.")] = None
    resource: Annotated[Name | None, Field(description="Send a path, such as plugins/tax-engine.")] = None
    tenant: Annotated[Name | None, Field(description="Send the id of a tenant.")] = None
    since: Annotated[
        Moment | None,
        Field(
            alias="from",
            description="Send an RFC 3339 time or a date: records from then on. Left out, and no actor, resource or "
            "tenant named: the last 30 days.",
        ),
    ] = None
    until: Annotated[
        Moment | None, Field(alias="to", description="Send an RFC 3339 time or a date: records before it.")
    ] = None

    @property
    def wanted(self) -> AuditFilter:
        """Make the filter of the use case."""
        return AuditFilter(self.actor, self.resource, self.tenant, self.since or "", self.until or "")


class ExportListing(AuditListing):
    """Filters of an export, which comes in parts."""

    limit: Annotated[int, Field(ge=1, le=100, description="Ask for 1 to 100 records a part.")] = 100
    format: Annotated[ExportFormat, Field(description="Send jsonl or csv.")] = ExportFormat.JSONL


class AuditRecordResource(Resource):
    """Who did what, to what, from where, why, what changed, and how it ended."""

    id: str
    at: str
    actor: Annotated[str, Field(description='A user, or "system" for what the product does by itself.')]
    roles: list[str]
    action: str
    resource: Annotated[str, Field(description="The path of what was changed.")]
    tenant_id: Annotated[str | None, Field(description="The tenant that it is about; null: none.")]
    result: Result
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]
    ip: Annotated[str, Field(description="Where the request came from, as the gateway saw it; empty: no request.")]
    user_agent: str
    trace_id: Annotated[str, Field(description="Joins the record to the request's traces and logs.")]

    @classmethod
    def of(cls, record: AuditRecord) -> AuditRecordResource:
        """Present a record."""
        return cls(
            id=record.id,
            at=record.at,
            actor=record.actor,
            roles=[*record.roles],
            action=record.action,
            resource=record.resource,
            tenant_id=record.tenant_id,
            result=Result(record.result),
            reason=record.reason,
            before=dict(record.before),
            after=dict(record.after),
            ip=record.ip,
            user_agent=record.user_agent,
            trace_id=record.trace_id,
        )


def as_lines(records: Iterable[AuditRecord]) -> str:
    """Write records as JSON Lines."""
    return "".join(AuditRecordResource.of(each).model_dump_json(by_alias=True) + "\n" for each in records)


def as_table(records: Iterable[AuditRecord], *, has_head: bool) -> str:
    """Write records as CSV (RFC 4180), objects as JSON; no cell is taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    if has_head:
        writer.writerow([field.alias or name for name, field in AuditRecordResource.model_fields.items()])
    for each in records:
        writer.writerow([_cell(value) for value in AuditRecordResource.of(each).model_dump(mode="json").values()])
    return text.getvalue()


def _cell(value: object) -> str:
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text
