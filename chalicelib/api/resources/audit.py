"""The audit trail: records, what they are filtered by, and the files that they are exported as."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from chalicelib.api.models import Listing, Query, Resource
from chalicelib.domain.audit import AuditFilter, AuditRecord, Result
from chalicelib.domain.audit_proofs import Fault, Finding, Proof
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
    on_behalf_of: Annotated[
        str, Field(description="For whom the actor did it, where that is somebody else; empty: for nobody else.")
    ]
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
            on_behalf_of=record.on_behalf_of,
            trace_id=record.trace_id,
        )


class ProofQuery(Query):
    """Which day is proven."""

    day: Annotated[date, Field(description="Send a date of the past or of today, such as 2026-11-22 (UTC).")]


class FindingResource(Resource):
    """The first thing that is wrong with a day's trail."""

    fault: Fault
    sequence: Annotated[int, Field(description="Its place in the chain of the day; 0: it has none.")]
    record_id: Annotated[
        str, Field(description="The record that is changed, dropped, moved or added; empty: not known.")
    ]
    detail: str

    @classmethod
    def of(cls, finding: Finding) -> FindingResource:
        """Present a finding."""
        return cls(fault=finding.fault, sequence=finding.sequence, record_id=finding.record_id, detail=finding.detail)


class ProofResource(Resource):
    """What the seals of a day prove."""

    day: str
    verdict: Annotated[
        Literal["Whole", "Broken"],
        Field(description="Whole: every record that was sealed is there as it was, and nothing was added."),
    ]
    sealed: Annotated[int, Field(description="Records in the chain.")]
    pending: Annotated[
        int, Field(description="Records of the last 30 minutes that have no seal yet, which is no fault.")
    ]
    expired: Annotated[int, Field(description="Records in the chain whose retention has ended; they may be missing.")]
    erased: Annotated[int, Field(description="Records that the erasure of their tenant has emptied.")]
    late: Annotated[
        int,
        Field(
            description="Records sealed over 30 minutes after the time they bear; somebody may have dated them back."
        ),
    ]
    head: Annotated[str, Field(description="The signed link that speaks for the whole day; empty: nothing is sealed.")]
    finding: FindingResource | None

    @classmethod
    def of(cls, proof: Proof) -> ProofResource:
        """Present a proof."""
        return cls(
            day=proof.day,
            verdict="Broken" if proof.finding else "Whole",
            sealed=proof.sealed,
            pending=proof.pending,
            expired=proof.expired,
            erased=proof.erased,
            late=proof.late,
            head=proof.head,
            finding=FindingResource.of(proof.finding) if proof.finding else None,
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
