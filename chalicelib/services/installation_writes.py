"""Write installations: with their record and history, and only over the state that the caller has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import PreconditionFailedError, StaleRevisionError
from chalicelib.domain.installations import ConfigRevision, Installation
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports


@dataclass(frozen=True, slots=True)
class Change:
    """What is recorded of a write: *action*, why, and what tells the change; never a secret's value."""

    caller: Caller
    action: str
    after: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


def write(
    installation: Installation, change: Change, ports: Ports, *, history: ConfigRevision | None = None
) -> Installation:
    """
    Write an installation with its record.

    Raises:
        StaleRevisionError: Somebody else changed it in between (409).
        NotFoundError: The tenant is gone, or going (404).
    """
    tenant_id = installation.tenant_id
    resource = f"tenants/{tenant_id}/plugins/{installation.plugin_id}"
    record = record_of(
        change.caller,
        change.action,
        resource,
        ports,
        tenant_id=tenant_id,
        after=change.after,
        reason=change.reason,
    )
    return ports.installations.put(tenant_id, installation, record, history=history)


def write_seen(
    installation: Installation, change: Change, ports: Ports, *, history: ConfigRevision | None = None
) -> Installation:
    """
    Write an installation whose caller named the state that it changes.

    Raises:
        PreconditionFailedError: Somebody else changed it after we looked ourselves (412).
        NotFoundError: The tenant is gone, or going (404).
    """
    try:
        return write(installation, change, ports, history=history)
    except StaleRevisionError as error:
        raise _changed(installation) from error


def require_seen(installation: Installation, expected_revision: int | None) -> None:
    """
    Raise unless the caller has seen the installation as it is; None stands for any state (``If-Match: *``).

    Raises:
        PreconditionFailedError: It has another revision by now (412).
    """
    if expected_revision not in (None, installation.revision):
        raise _changed(installation)


def _changed(installation: Installation) -> PreconditionFailedError:
    return PreconditionFailedError(
        f"The installation of {installation.plugin_id} was changed since you read it.",
        fix="GET …/config again, look at what changed, and repeat with its ETag as If-Match.",
    )
