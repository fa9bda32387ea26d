"""Denials of invocations: recorded like any other, by what only the request imports that is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib import bootstrap, bootstrap_limits
from chalicelib.domain.credentials import MAX_PATH, printable
from chalicelib.domain.errors import TransientError
from chalicelib.domain.rate_limits import RateLimitExceededError
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.errors import DomainError


def recorded(error: DomainError, caller: Caller, action: str, path: str) -> DomainError | TransientError:
    """
    Record that *caller* was refused *action*, and return what to answer: *error*, unless nobody could record it.

    A caller fills the records no faster than it may ask a route that writes: beyond that it is told to wait.
    """
    ports = bootstrap.ports()
    try:
        bootstrap_limits.rate_limits().admit(caller.username, f"{action}.denied", "POST")
        # A path makes a key of the table, and a stranger's may be longer than one; who asks is denied all the same.
        resource = printable(path.lstrip("/"), MAX_PATH)
        # It is recorded with the caller's own tenant: that of another learns no name from its records.
        record = record_of(caller, "DenyRequest", resource, ports, tenant_id=caller.tenant_id, reason=action)
        ports.audit.append(record)
    except (RateLimitExceededError, TransientError) as refusal:
        return refusal
    return error
