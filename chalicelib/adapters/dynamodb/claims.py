"""Claims of what must be done once, in the table ``idempotency``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.adapters.aws_errors import translated
from chalicelib.ports.notifications import Claim

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: A stream delivers a record for 24 hours (DynamoDB Streams, "Data retention"); the mark outlives the last delivery.
_REMEMBERED = timedelta(days=2)
_CLAIMED, _DONE = "CLAIMED", "DONE"


class DynamoClaims:
    """Claims; an item goes by itself when nobody can ask for it any more."""

    def __init__(self, client: Callable[[], DynamoDBClient], table: str) -> None:
        self._client = client
        self._table = table

    @translated("DynamoDB")
    def take(self, key: str, *, now: datetime, until: datetime) -> Claim:
        """
        Claim *key*; BUSY while another's claim lasts, DONE for two days after it was finished.

            first delivery                 second delivery
            ──────────────                 ───────────────
            claim until 10:00:30
                                           claim if there is none, or it ended → refused: BUSY
            publish, mark as done
                                           claim → refused: DONE
        """
        client = self._client()
        is_new = "attribute_not_exists(id)"
        has_ended = "#status = :claimed AND claimed_until < :now"
        try:
            client.put_item(
                TableName=self._table,
                Item={**_item(key, _CLAIMED, now), "claimed_until": {"N": _milliseconds(until)}},
                ConditionExpression=f"{is_new} OR ({has_ended})",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":claimed": {"S": _CLAIMED}, ":now": {"N": _milliseconds(now)}},
            )
        except client.exceptions.ConditionalCheckFailedException:
            known = client.get_item(TableName=self._table, Key={"id": {"S": key}}, ConsistentRead=True)
            return Claim.DONE if known.get("Item", {}).get("status", {}).get("S") == _DONE else Claim.BUSY
        return Claim.OURS

    @translated("DynamoDB")
    def finish(self, key: str, *, now: datetime) -> None:
        """Say that it is done."""
        self._client().put_item(TableName=self._table, Item=_item(key, _DONE, now))


def _item(key: str, status: str, now: datetime) -> dict[str, dict[str, str]]:
    expires_at = int((now + _REMEMBERED).timestamp())
    return {"id": {"S": key}, "status": {"S": status}, "expiration": {"N": str(expires_at)}}


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))
