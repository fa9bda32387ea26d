"""Tell people of what was recorded: the audit trail is the outbox, and each message goes out once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.errors import NotFoundError, TransientError
from chalicelib.domain.notifications import Audience, notable_of, notification_of, values_of
from chalicelib.ports.notifications import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.notifications import Notification
    from chalicelib.ports import Ports

#: A publish takes some milliseconds. A claim outlives one that hangs: the client gives up after 10 seconds.
CLAIM = timedelta(seconds=30)


def send_notifications(record: AuditRecord, ports: Ports) -> int:
    """
    Send what *record* has to tell, to everybody who is to hear it; return how many messages went out.

    A record that is delivered twice is told once: each message is claimed first and marked as sent afterwards.
    If we die between the claim and the mark, nobody can know whether the message went out. The claim then ends
    after its lease, and the message is sent, perhaps again: at least once after a crash, once otherwise. Its id is
    the same, so that a subscriber who must not hear it twice can tell.

    Raises:
        TransientError: Another delivery of it is being worked on, or a port is unreachable: deliver it again.
    """
    return sum(_send_once(notification, ports) for notification in _notifications(record, ports))


def _notifications(record: AuditRecord, ports: Ports) -> Iterator[Notification]:
    notable = notable_of(record)
    if notable is None:
        return
    values = values_of(record, _deployment_values(record, ports))
    yield notification_of(record, notable, values)
    if notable.audience is Audience.TENANT and values["tenant"]:
        yield notification_of(record, notable, values, tenant_id=values["tenant"])
    if notable.audience is Audience.PINNED_TENANTS:
        for tenant_id in ports.installations.pinned_tenants(values["plugin"], values["version"], now=record.at):
            yield notification_of(record, notable, values, tenant_id=tenant_id)


def _deployment_values(record: AuditRecord, ports: Ports) -> dict[str, str]:
    """Say what a deployment is of; its records name only its id."""
    kind, _, deployment_id = record.resource.partition("/")
    if kind != "deployments":
        return {}
    try:
        deployment = ports.deployments.get(deployment_id)
    except NotFoundError:
        return {}
    return {
        "plugin": deployment.plugin_id,
        "version": deployment.target.version,
        "environment": deployment.environment,
    }


def _send_once(notification: Notification, ports: Ports) -> bool:
    now = ports.clock.now()
    claim = ports.claims.take(f"notification#{notification.key}", now=now, until=now + CLAIM)
    if claim is Claim.BUSY:
        raise TransientError(f"{notification.key} is being sent by another.")
    if claim is Claim.DONE:
        return False
    ports.notifier.publish(notification)
    ports.claims.finish(f"notification#{notification.key}", now=ports.clock.now())
    return True
