"""How fast a stack may change functions: Lambda allows an account few such requests, all operations together."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from chalicelib.adapters.aws_errors import translated
from chalicelib.domain.errors import TransientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from chalicelib.ports import Clock

#: Lambda allows 15 requests a second across all operations of its control plane, per account and region, calls of
#: functions apart (Lambda Developer Guide, "Lambda quotas"). Rate and burst together stay below that in any second,
#: by one for a request that was a little late on its way: a hundred deployments at once met 16 in a second at 12 and 3.
PER_SECOND = 11
BURST = 3
#: Less than a step and a request of the API have left when they have two such requests to make.
LONGEST_WAIT_SECONDS = 10.0

_KEY = {"id": {"S": "budget#lambda-control"}}


class LambdaBudget:
    """
    A token bucket that all functions of a stack share, an item of the table ``idempotency``.

    The item holds only when the next token is free. Whoever comes takes that moment in one write, and sleeps until
    it has come: nobody asks again and again, and first come is first served, in whatever process.
    """

    def __init__(
        self,
        client: Callable[[], DynamoDBClient],
        table: str,
        clock: Clock,
        *,
        factor: int = 1,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._apart_us = round(1e6 / (PER_SECOND * factor))
        self._sleep = sleep

    def take(self) -> None:
        """
        Wait for a token, and take it.

        Raises:
            TransientError: So many wait already that it would take too long; nothing was taken.
        """
        for _ in range(2):
            now = round(self._clock.now().timestamp() * 1e6)
            # What was not used longer ago than a burst is lost.
            oldest = now - (BURST - 1) * self._apart_us
            free_at = self._take_next(oldest, now) or self._take_first(oldest, now)
            if free_at:
                if free_at > now:
                    self._sleep((free_at - now) / 1e6)
                return
        raise TransientError(f"{LONGEST_WAIT_SECONDS:g} s of changes of functions wait for Lambda already.")

    def _take_next(self, oldest: int, now: int) -> int | None:
        """Take the next free moment, if it is neither too old nor too far."""
        free = self._write(
            "SET free_at = free_at + :apart",
            "free_at BETWEEN :oldest AND :latest",
            {":apart": self._apart_us, ":oldest": oldest, ":latest": now + round(LONGEST_WAIT_SECONDS * 1e6)},
        )
        return free - self._apart_us if free else None

    def _take_first(self, oldest: int, now: int) -> int | None:
        """
        Take the first token of a bucket that has filled up.

        One that is free only after twice the longest wait was written by a clock that ran ahead.
        """
        free = self._write(
            "SET free_at = :next",
            "attribute_not_exists(free_at) OR free_at < :oldest OR free_at > :impossible",
            {
                ":next": oldest + self._apart_us,
                ":oldest": oldest,
                ":impossible": now + round(2 * LONGEST_WAIT_SECONDS * 1e6),
            },
        )
        return oldest if free else None

    @translated("DynamoDB")
    def _write(self, update: str, condition: str, values: dict[str, int]) -> int | None:
        """Return when the token after ours is free; None when the condition does not hold."""
        client = self._client()
        try:
            written = client.update_item(
                TableName=self._table,
                Key=_KEY,
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues={name: {"N": str(value)} for name, value in values.items()},
                ReturnValues="UPDATED_NEW",
            )
        except client.exceptions.ConditionalCheckFailedException:
            return None
        return int(written["Attributes"]["free_at"]["N"])
