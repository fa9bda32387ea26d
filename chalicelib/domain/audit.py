"""Audit: what is remembered of each change, who may read it, and what of it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from chalicelib.domain.authorization import Caller, Role, require_tenant

#: Longer texts of a client's own would only fill the trail.
MAX_USER_AGENT = 200


class Result(StrEnum):
    """How it ended."""

    DONE = "done"
    REFUSED = "refused"


#: What is recorded because it did not happen.
_REFUSALS = frozenset({"DenyRequest", "RefuseCredential", "RefuseLogin"})


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """
    Who did what, to what, from where, why, what changed, and how it ended.

    Written in the transaction of the change it records, so neither exists without the other.
    *resource* is a path (``plugins/payment-processor-stripe``); secrets never get into *before* or *after*.
    *on_behalf_of* is for whom *actor* did it, where that is somebody else: the person who began a deployment whose
    steps the product takes, or whom a machine caller names.

    The last three are for the trail itself and no part of what was done. *salt* keeps the digest of what is personal
    from being guessed, *expires_at* (seconds of the epoch, 0 for never) is when retention ends, and *erased* is that
    digest in the place of what an erasure took (domain/audit_seals.py).
    """

    id: str
    at: str
    actor: str
    roles: tuple[str, ...]
    action: str
    resource: str
    trace_id: str
    tenant_id: str | None = None
    reason: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    ip: str = ""
    user_agent: str = ""
    result: str = Result.DONE.value
    on_behalf_of: str = ""
    salt: str = field(default="", compare=False, repr=False)
    expires_at: int = field(default=0, compare=False)
    erased: str = ""


def result_of(action: str) -> Result:
    """Tell how what is recorded as *action* ended: a record of a change is written only with the change."""
    return Result.REFUSED if action in _REFUSALS else Result.DONE


class AuditFilter(NamedTuple):
    """
    Which records are asked for; None asks for any.

    *since* is included, *until* is not; *is_tenantless* asks for those that are about no tenant.
    """

    actor: str | None = None
    resource: str | None = None
    tenant_id: str | None = None
    since: str = ""
    until: str = ""
    is_tenantless: bool = False

    def admits(self, record: AuditRecord) -> bool:
        """Tell whether *record* is asked for."""
        return (
            self.actor in (None, record.actor)
            and self.resource in (None, record.resource)
            and self.tenant_id in (None, record.tenant_id)
            and not (self.is_tenantless and record.tenant_id)
            and self.since <= record.at
            and (not self.until or record.at < self.until)
        )


def readable_by(caller: Caller, wanted: AuditFilter) -> AuditFilter:
    """
    Narrow *wanted* to what the caller may read: an Admin all, an owner its tenant's, others what is no tenant's.

    Raises:
        NotFoundError: It names a tenant that is not the caller's (404, whether it exists or not).
    """
    if caller.is_admin:
        return wanted
    if wanted.tenant_id is not None:
        require_tenant(caller, wanted.tenant_id)
    if Role.VIEWER in caller.roles and wanted.tenant_id is None:
        return wanted._replace(is_tenantless=True)
    require_tenant(caller, caller.tenant_id or "")
    return wanted._replace(tenant_id=caller.tenant_id)
