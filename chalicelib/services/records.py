"""Audit records of the changes that services make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.domain.audit import MAX_USER_AGENT, AuditRecord, result_of
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Clock, IdSource


class Stamps(Protocol):
    """What gives a record its id and its time: ports of any kind."""

    @property
    def ids(self) -> IdSource:
        """Where ids come from."""

    @property
    def clock(self) -> Clock:
        """What time it is."""


def record_of(
    caller: Caller,
    action: str,
    resource: str,
    ports: Stamps,
    *,
    tenant_id: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditRecord:
    """
    Record that *caller* did *action* to *resource*, now.

    *before* and *after* hold only what tells the change, and never a secret's value.
    """
    return AuditRecord(
        id=ports.ids.new("aud"),
        at=rfc3339(ports.clock.now()),
        actor=caller.username,
        roles=tuple(sorted(caller.roles)),
        action=action,
        resource=resource,
        trace_id=caller.trace_id,
        tenant_id=tenant_id,
        reason=reason,
        before=before or {},
        after=after or {},
        ip=caller.ip,
        user_agent=caller.user_agent[:MAX_USER_AGENT],
        on_behalf_of=caller.on_behalf_of,
        result=result_of(action).value,
    )
