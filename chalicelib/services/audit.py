"""Read the audit trail, each caller what is the caller's to read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.audit import AuditFilter, AuditRecord, readable_by
from chalicelib.domain.errors import FieldError, ValidationError
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.pages import Page, PageRequest
    from chalicelib.ports import Ports

#: So far back a listing of everything looks when nobody says how far.
USUAL = timedelta(days=30)
#: A listing of everything asks day by day, and must end within a request.
MAX_DAYS = 92
#: Records are stamped by many clocks.
_SKEW = timedelta(minutes=1)


class ListAudit(NamedTuple):
    """Ask for a page of the trail."""

    caller: Caller
    wanted: AuditFilter
    page: PageRequest


def list_audit(command: ListAudit, ports: Ports) -> Page[AuditRecord]:
    """
    List what the caller may read of what is asked for, newest first.

    Raises:
        NotFoundError: It names a tenant that is not the caller's (404).
        ValidationError: It asks for everything of too long a time (400).
    """
    wanted = readable_by(command.caller, command.wanted)
    until = wanted.until or rfc3339(ports.clock.now() + _SKEW)
    is_by_day = wanted.actor is None and wanted.resource is None and wanted.tenant_id is None
    since = wanted.since
    if is_by_day:
        end = datetime.fromisoformat(until)
        since = since or rfc3339(end - USUAL)
        if end - datetime.fromisoformat(since) > timedelta(days=MAX_DAYS):
            raise _too_long()
    return ports.audit.page(wanted._replace(since=since, until=until), command.page)


def _too_long() -> ValidationError:
    fix = f"Ask for at most {MAX_DAYS} days at once, or name an actor, a resource or a tenant."
    return ValidationError("That is too long a time.", fix=fix, errors=(FieldError("/from", "too early", fix),))
