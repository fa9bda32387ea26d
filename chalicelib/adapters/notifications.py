"""Messages to whoever has subscribed to the stack's SNS topic."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalicelib.adapters.aws_errors import translated
from chalicelib.domain.notifications import Notification

#: SNS takes so many characters for a subject, in ASCII (Publish, "Subject").
_MAX_SUBJECT = 100


class SnsNotifications:
    """The topic ``<stack>-notifications``; subscribers filter by kind, severity, tenantId and pluginId."""

    def __init__(self, client: Callable[[], Any], *, stack: str, account_id: str) -> None:
        self._client = client
        self._stack = stack
        self._account_id = account_id

    @translated("SNS")
    def publish(self, notification: Notification) -> None:
        """
        Send one message to all subscribers whose filter it passes.

        Raises:
            TransientError: The topic throttles or is unreachable.
        """
        client = self._client()
        region = client.meta.region_name
        client.publish(
            TopicArn=f"arn:aws:sns:{region}:{self._account_id}:{self._stack}-notifications",
            Subject=_subject_of(notification),
            Message=_message_of(notification),
            MessageAttributes=_attributes_of(notification),
        )


def _subject_of(notification: Notification) -> str:
    readable = notification.subject.encode("ascii", "replace").decode()
    return readable if len(readable) <= _MAX_SUBJECT else readable[: _MAX_SUBJECT - 3] + "..."


def _message_of(notification: Notification) -> str:
    body = {
        "id": notification.id,
        "at": notification.at,
        "kind": notification.kind,
        "severity": notification.severity,
        "tenantId": notification.tenant_id or None,
        "pluginId": notification.plugin_id or None,
        "subject": notification.subject,
        "text": notification.text,
        "details": dict(notification.details),
    }
    return json.dumps(body, ensure_ascii=False)


def _attributes_of(notification: Notification) -> dict[str, dict[str, str]]:
    """Write what subscribers filter by; SNS takes no empty value, and who filters by absence asks ``exists: false``."""
    values = {
        "kind": notification.kind,
        "severity": str(notification.severity),
        "tenantId": notification.tenant_id,
        "pluginId": notification.plugin_id,
    }
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items() if value}
