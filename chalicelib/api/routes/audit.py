"""The audit trail: read it, and take it along."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Lines, Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.models import PageResource
from chalicelib.api.resources.audit import (
    AuditListing,
    AuditRecordResource,
    ExportFormat,
    ExportListing,
    ProofQuery,
    ProofResource,
    as_lines,
    as_table,
)
from chalicelib.domain.authorization import Caller
from chalicelib.ports import Ports
from chalicelib.services import audit, seals
from chalicelib.services.audit import ListAudit
from chalicelib.services.seals import VerifyAudit

blueprint = ApiBlueprint(__name__)


@blueprint.route("/audit")
@endpoint(blueprint, query=AuditListing)
def list_audit(query: AuditListing, caller: Caller, ports: Ports) -> Ok[PageResource[AuditRecordResource]]:
    """
    List who did what, newest first.

    An Admin reads all, a TenantOwner what is about its tenant, a Viewer what is about no tenant. A page may hold
    fewer than `limit` records and still have a next one.

    Raises:
        NotFoundError: It names a tenant that is not the caller's (404).
    """
    # Another caller's listing may be another order, so a cursor is good for its caller only.
    path = f"/audit#{caller.username}"
    page = audit.list_audit(ListAudit(caller, query.wanted, query.request(path, ports.cursors)), ports)
    scope = query.scope(path)

    return Ok(PageResource[AuditRecordResource].of(page, AuditRecordResource.of, cursors=ports.cursors, scope=scope))


@blueprint.route("/audit/export")
@endpoint(blueprint, query=ExportListing)
def export_audit(query: ExportListing, caller: Caller, ports: Ports) -> Lines:
    """
    Export what `GET /audit` lists, as JSON Lines or CSV, part by part.

    Append the parts: `X-Next-Cursor` asks for the next one, and is absent at the end. Only the first part of a CSV
    has a head. A cell that a spreadsheet would take for a formula begins with an apostrophe.

    Raises:
        NotFoundError: It names a tenant that is not the caller's (404).
    """
    path = f"/audit/export#{caller.username}"
    page = audit.list_audit(ListAudit(caller, query.wanted, query.request(path, ports.cursors)), ports)
    is_csv = query.format is ExportFormat.CSV
    text = as_table(page.items, has_head=query.cursor is None) if is_csv else as_lines(page.items)
    position = page.next_position
    cursor = ports.cursors.encode(position, query.scope(path)) if position else None

    return Lines(text, "text/csv; charset=utf-8" if is_csv else "application/jsonl", cursor)


@blueprint.route("/audit/verify")
@endpoint(blueprint, query=ProofQuery)
def verify_audit(query: ProofQuery, ports: Ports) -> Ok[ProofResource]:
    """
    Prove a day of the trail: its hash chain, its signatures, and that what was sealed is there as it was.

    The first bad record is named. Only who reads the whole trail can tell whether it is whole: an Admin.

    Raises:
        ValidationError: The day has not begun yet (400).
    """
    return Ok(ProofResource.of(seals.verify_audit(VerifyAudit(query.day.isoformat()), ports)))
