"""Whenever something notable is recorded: tell whoever has subscribed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.adapters.dynamodb.audit_streams import streamed_record
from chalicelib.domain.errors import TransientError
from chalicelib.logs import function_logger
from chalicelib.services import notifications

blueprint = Blueprint(__name__)

logger = function_logger()


@blueprint.lambda_function(name="send_notifications")
def send_notifications(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """
    Take a batch of the audit table's stream, and name what must be delivered again.

    The template lets only records through whose action is notable. One that can't be told of because of a bug is
    logged and left: it would hold up every later one until it is a day old.
    """
    failed = [each["dynamodb"]["SequenceNumber"] for each in event["Records"] if not _is_told(each)]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


def _is_told(delivered: Mapping[str, Any]) -> bool:
    try:
        record = streamed_record(delivered)
        sent = notifications.send_notifications(record, bootstrap.ports())
        logger.info("told", extra={"record": record.id, "action": record.action, "sent": sent})
    except TransientError as error:
        logger.warning("not told yet", extra={"why": error.detail})
        return False
    except Exception:
        logger.exception("never told: a bug", extra={"event_id": delivered.get("eventID")})
    return True
