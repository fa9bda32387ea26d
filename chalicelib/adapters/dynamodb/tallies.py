"""What containers have counted, in the table ``measurements``: added up by DynamoDB's own client. Light."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.domain.errors import TransientError
from chalicelib.domain.tallies import (
    DAY_SECONDS,
    SLOT_SECONDS,
    Arm,
    Batch,
    Exposed,
    Past,
    Phase,
    Place,
    Tally,
    Traffic,
    Tried,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from chalicelib.ports import Clock

#: What belongs to a deployment is kept so long after it was counted, all the rest for a little over a week.
DEPLOYMENT_DAYS = 90
TRAFFIC_DAYS = 8

#: Another container writes the same item just now; it takes milliseconds.
_ATTEMPTS = 3
_FIRST_PAUSE_SECONDS = 0.01


class DynamoTallies:
    """Tallies; *shard* is where this container adds, so that not all of them want the same item."""

    def __init__(self, client: Callable[[], DynamoDBClient], table: str, clock: Clock, *, shard: int) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._shard = shard % keys.SHARDS
        self._begun = ("", 0)

    @translated("DynamoDB")
    def add(self, batch: Batch) -> None:
        """
        Add all of *batch* or nothing; the same token again, within ten minutes, adds nothing.

        An answer that is lost on its way is no reason to count twice: DynamoDB knows the token.

        Raises:
            TransientError: Others keep the same items busy, or the table does not answer.
        """
        begun = self._begun_at(batch)
        parts: Any = [{"Update": self._tallied(place, tally, begun)} for place, tally in batch.tallies.items()]
        parts += [{"Update": self._named(exposed, marks, begun)} for exposed, marks in batch.exposed.items()]
        client = self._client()
        for attempt in range(_ATTEMPTS):
            try:
                client.transact_write_items(TransactItems=parts, ClientRequestToken=batch.token)
            except client.exceptions.TransactionCanceledException:
                time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
            else:
                return
        raise TransientError("Others are counting the same at the moment.")

    def _begun_at(self, batch: Batch) -> int:
        """
        Say when the batch was first to be written: DynamoDB refuses a token that comes again with anything changed.

        The last one is enough to know: what could not be written is tried again before anything else is.
        """
        token, begun = self._begun
        if token != batch.token:
            begun = int(self._clock.now().timestamp())
            self._begun = batch.token, begun
        return begun

    def _tallied(self, place: Place, tally: Tally, begun: int) -> dict[str, Any]:
        """Add amounts; what the place itself says stands beside them."""
        told = _told(place)
        sets = ["#ttl = :ttl", *(f"{name} = :{name}" for name in told)]
        adds = [f"{name} :{name}" for name in tally]
        values = {f":{name}": {"N": str(amount)} for name, amount in tally.items()}
        ends = begun + _days(place) * DAY_SECONDS
        return self._update(self._key(place), ends, sets, adds, {**values, **_typed(told)})

    def _named(self, exposed: Exposed, marks: frozenset[str], begun: int) -> dict[str, Any]:
        key = keys.exposed(exposed.deployment_id, exposed.version, exposed.part)
        values = {":marks": {"SS": sorted(marks)}}
        ends = begun + DEPLOYMENT_DAYS * DAY_SECONDS
        return self._update(key, ends, ["#ttl = :ttl"], ["marks :marks"], values)

    def _update(
        self, key: keys.Key, ends: int, sets: list[str], adds: list[str], values: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Key": {"pk": {"S": key[0]}, "sk": {"S": key[1]}},
            "UpdateExpression": f"SET {', '.join(sets)} ADD {', '.join(adds)}",
            "ExpressionAttributeNames": {"#ttl": "ttl"},
            "ExpressionAttributeValues": {**values, ":ttl": {"N": str(ends)}},
        }

    def _key(self, place: Place) -> keys.Key:
        if isinstance(place, Phase):
            return keys.phase(place.deployment_id, self._shard, place.epoch, place.piece, place.version)
        if isinstance(place, Arm):
            return keys.arm(place.deployment_id, place.version, place.tenant)
        if isinstance(place, Tried):
            return keys.tried_by(place.deployment_id, self._shard, place.epoch, place.version, place.tenant)
        if isinstance(place, Past):
            return keys.past(place.plugin_id, place.environment, place.tenant, place.day)
        if isinstance(place, Traffic):
            start = place.slot * SLOT_SECONDS
            return keys.traffic(place.plugin_id, place.environment, self._shard, start, place.version)
        return keys.history(place.plugin_id, place.environment, self._shard, place.day, place.ring)


def _days(place: Place) -> int:
    return DEPLOYMENT_DAYS if isinstance(place, Phase | Arm | Tried) else TRAFFIC_DAYS


def _told(place: Place) -> dict[str, str | int]:
    """Name what is kept beside the amounts: everything that a reader needs and the key does not say plainly."""
    if isinstance(place, Phase):
        phase: dict[str, str | int] = {"epoch": place.epoch, "piece": place.piece, "version": place.version}
        rings = ",".join(place.rings)
        return phase | {
            "low_bps": place.low_bps,
            "high_bps": place.high_bps,
            "rings": rings,
            "split_by": place.split_by,
        }
    if isinstance(place, Arm):
        return {"tenant": place.tenant}
    if isinstance(place, Tried):
        return {"epoch": place.epoch, "tenant": place.tenant, "version": place.version}
    if isinstance(place, Past):
        return {"counted_on": place.day}
    if isinstance(place, Traffic):
        return {"slot": place.slot, "version": place.version}
    return {"counted_on": place.day, "ring": place.ring}


def _typed(told: dict[str, str | int]) -> dict[str, dict[str, str]]:
    return {f":{name}": {"N" if isinstance(value, int) else "S": str(value)} for name, value in told.items()}
