"""The buckets of rate limits that containers share: conditional writes of single items of the table ``idempotency``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.aws_errors import translated
from chalicelib.domain.errors import TransientError
from chalicelib.domain.rate_limits import REMEMBERED_US, WINDOW_US, Attempts, Bucket, Taken

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: The first guess, the right one, and a few more: each that fails means that another container came in between.
_TRIES = 8
#: A bucket outlives the moment at which it is full, so that a clock that went back finds it as it was.
_KEPT_SECONDS = 3600


class DynamoRateLedger:
    """
    A bucket is an item that holds only when it will be full, and goes by itself when nobody remembers it.

    DynamoDB knows no maximum of two values, so there are two writes, of which one fits: a bucket that is not
    full is filled later still, one that is full begins at the present. A write that does not fit tells the item as
    it is, so the second guess is right.
    """

    def __init__(self, client: Callable[[], DynamoDBClient], table: str) -> None:
        self._client = client
        self._table = table

    @translated("DynamoDB")
    def take(self, name: str, bucket: Bucket, *, wanted: int, seen_us: int, now_us: int) -> Taken:
        """
        Take up to *wanted* tokens of a bucket: one write if *seen_us* is right, two at most unless others come between.

        Raises:
            TransientError: The table does not answer, or too many write at once.
        """
        full_at = seen_us
        for _ in range(_TRIES):
            granted = min(wanted, bucket.free(full_at, now_us))
            if granted == 0:
                return Taken(0, full_at)
            cost = granted * bucket.apart_us
            is_full = bucket.lacking_us(full_at, now_us) == 0
            is_ours, full_at = (
                self._begin(name, cost, now_us) if is_full else self._put_off(name, cost, now_us, bucket.span_us)
            )
            if is_ours:
                return Taken(granted, full_at)
        raise TransientError("Too many take from one bucket at once.")

    def _begin(self, name: str, cost: int, now_us: int) -> tuple[bool, int]:
        """Take from a bucket that is full, or that a clock far ahead has written."""
        return self._write(
            name,
            "SET full_at = :next",
            "attribute_not_exists(full_at) OR full_at <= :now OR full_at > :impossible",
            {":next": now_us + cost, ":now": now_us, ":impossible": now_us + 2 * WINDOW_US},
            now_us,
        )

    def _put_off(self, name: str, cost: int, now_us: int, span_us: int) -> tuple[bool, int]:
        """Take from a bucket that is not full, if there is still as much in it."""
        return self._write(
            name,
            "SET full_at = full_at + :cost",
            "full_at > :now AND full_at <= :latest",
            {":cost": cost, ":now": now_us, ":latest": now_us + span_us - cost},
            now_us,
        )

    @translated("DynamoDB")
    def attempts(self, name: str) -> Attempts | None:
        """
        Read the attempts to log in under a name, as they are now.

        Raises:
            TransientError: The table does not answer.
        """
        answer = self._client().get_item(TableName=self._table, Key=_key(name), ConsistentRead=True)
        item = answer.get("Item")
        return Attempts(int(item["failed"]["N"]), int(item["full_at"]["N"])) if item else None

    @translated("DynamoDB")
    def replace_attempts(self, name: str, known: Attempts | None, new: Attempts) -> bool:
        """
        Write attempts in place of those *known*; False if they are not those any more, and nothing is written.

        Raises:
            TransientError: The table does not answer.
        """
        changes = {":failed": new.failed, ":next": new.full_at_us}
        condition = "attribute_not_exists(id)"
        if known is not None:
            # Of two who try at once, one is counted and the other looks again.
            condition = "failed = :known_failed AND full_at = :known_full_at"
            changes |= {":known_failed": known.failed, ":known_full_at": known.full_at_us}
        change = "SET failed = :failed, full_at = :next"
        is_ours, _ = self._write(name, change, condition, changes, new.full_at_us + REMEMBERED_US)
        return is_ours

    @translated("DynamoDB")
    def forgive_attempts(self, name: str) -> None:
        """
        Count from 0 again, without giving tokens back; nothing happens if there are no attempts.

        Raises:
            TransientError: The table does not answer.
        """
        client = self._client()
        with suppress(client.exceptions.ConditionalCheckFailedException):
            client.update_item(
                TableName=self._table,
                Key=_key(name),
                UpdateExpression="SET failed = :none",
                ConditionExpression="attribute_exists(id)",
                ExpressionAttributeValues={":none": {"N": "0"}},
            )

    def _write(
        self, name: str, change: str, condition: str, values: Mapping[str, int], needed_until_us: int
    ) -> tuple[bool, int]:
        """Change an item if it is as *condition* says; tell whether it was, and when the bucket will be full now."""
        client = self._client()
        expires_at = needed_until_us // 1_000_000 + _KEPT_SECONDS
        try:
            written = client.update_item(
                TableName=self._table,
                Key=_key(name),
                UpdateExpression=f"{change}, expiration = :expires_at",
                ConditionExpression=condition,
                ExpressionAttributeValues=_numbers({**values, ":expires_at": expires_at}),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except client.exceptions.ConditionalCheckFailedException as error:
            # botocore gives the item as it was; its types know only `Error` of a response.
            response: Mapping[str, Any] = error.response
            return False, _full_at(response.get("Item", {}))
        return True, _full_at(written["Attributes"])


def _key(name: str) -> dict[str, Any]:
    return {"id": {"S": f"rate#{name}"}}


def _numbers(values: Mapping[str, int]) -> dict[str, Any]:
    return {name: {"N": str(value)} for name, value in values.items()}


def _full_at(item: Mapping[str, Any]) -> int:
    return int(item["full_at"]["N"]) if "full_at" in item else 0
