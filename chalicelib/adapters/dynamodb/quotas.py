"""The counts that containers share: conditional adds and a map of slots, by DynamoDB's own client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.domain.errors import TransientError
from chalicelib.domain.quotas import Leased, Quota, Used, is_slot_free, window_end

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Counts outlive their window by this, so that a clock that went back finds them as they were.
_KEPT = timedelta(hours=1)
#: Each attempt that fails means that another container was served in between.
_ATTEMPTS = 20
#: So many slots that were left behind are removed by one write.
_SWEPT_AT_ONCE = 20

_ATTRIBUTES = {Quota.REQUESTS: "requests", Quota.SECONDS: "milliseconds"}


class DynamoQuotaLedger:
    """What tenants use, in the table ``tenants``: an item per plugin and minute, and one for a plugin's slots."""

    def __init__(self, client: Callable[[], DynamoDBClient], table: str) -> None:
        self._client = client
        self._table = table

    @translated("DynamoDB")
    def lease(
        self, tenant_id: str, plugin_id: str, quota: Quota, *, window: int, wanted: int, limit: int, is_joining: bool
    ) -> Leased:
        """
        Set aside up to *wanted* of a window, so that all leases together never exceed *limit*.

        Raises:
            TransientError: The table does not answer, or too many want the last of it at once.
        """
        key = keys.usage(tenant_id, plugin_id, window)
        attribute = _ATTRIBUTES[quota]
        used, place = 0, 0
        for _ in range(_ATTEMPTS):
            amount = min(wanted, limit - used)
            if amount <= 0:
                return Leased(0, used, place)
            # Two containers may want the last tokens: the add happens only if it still fits.
            is_left = "attribute_not_exists(#counted) OR #counted <= :most"
            counted = self._add(key, window, {attribute: amount, "places": int(is_joining)}, is_left, limit - amount)
            if counted is not None:
                return Leased(amount, int(counted[attribute]["N"]), int(counted["places"]["N"]))
            item = self._read(key)
            used, place = _number(item, attribute), _number(item, "places")
        raise TransientError("Too many want the last of a quota at once.")

    @translated("DynamoDB")
    def settle(self, tenant_id: str, plugin_id: str, *, window: int, milliseconds: int) -> None:
        """
        Count execution time that was used beyond what was set aside; it may exceed the limit.

        Raises:
            TransientError: The table does not answer.
        """
        self._add(keys.usage(tenant_id, plugin_id, window), window, {"milliseconds": milliseconds, "places": 0})

    def _add(
        self, key: keys.Key, window: int, amounts: Mapping[str, int], condition: str = "", most: int = 0
    ) -> dict[str, Any] | None:
        """Add to counts, the first of which *condition* is about; return the new ones, None if it does not hold."""
        client = self._client()
        counted, places = amounts
        names = {"#counted": counted, "#places": places, "#ttl": "ttl"}
        values = {
            ":amount": {"N": str(amounts[counted])},
            ":places": {"N": str(amounts[places])},
            ":ttl": {"N": str(int((window_end(window) + _KEPT).timestamp()))},
        }
        more: dict[str, Any] = {}
        if condition:
            values[":most"] = {"N": str(most)}
            more = {"ConditionExpression": condition}
        try:
            answer = client.update_item(
                TableName=self._table,
                Key=_typed(key),
                UpdateExpression="SET #ttl = :ttl ADD #counted :amount, #places :places",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
                **more,
            )
        except client.exceptions.ConditionalCheckFailedException:
            return None
        return dict(answer["Attributes"])

    @translated("DynamoDB")
    def hold(
        self, tenant_id: str, plugin_id: str, holder: str, *, limit: int, now: datetime, until: datetime
    ) -> int | None:
        """
        Hold one of *limit* slots until then, or hold it longer; return how many are held now, None if none is free.

        Raises:
            TransientError: The table does not answer, or too many want the last slot at once.
        """
        key = keys.slots(tenant_id, plugin_id)
        ends = {"N": _milliseconds(until)}
        has_room = "attribute_exists(slots) AND (size(slots) < :limit OR attribute_exists(slots.#me))"
        values = {":ends": ends, ":limit": {"N": str(limit)}}
        for _ in range(_ATTEMPTS):
            held = self._change_slots(key, "SET slots.#me = :ends", has_room, {"#me": holder}, values, until)
            if held is not None:
                return self._living(key, held, now)
            slots = _slots(self._read(key))
            if slots is None:
                first = {":slots": {"M": {holder: ends}}}
                if self._change_slots(key, "SET slots = :slots", "attribute_not_exists(slots)", {}, first, until):
                    return 1
            elif over := _over(slots, now):
                self._remove(key, over)
            elif len(slots) >= limit:
                return None
        raise TransientError("Too many want the last slot at once.")

    def _living(self, key: keys.Key, slots: Mapping[str, int], now: datetime) -> int:
        """Count the slots whose time is not over; the others are swept up when they are many."""
        over = _over(slots, now)
        if len(over) >= _SWEPT_AT_ONCE:
            self._remove(key, over)
        return len(slots) - len(over)

    def _remove(self, key: keys.Key, over: Mapping[str, int]) -> None:
        """Remove slots, but only as they were read: a holder may have made its own last longer."""
        some = list(over.items())[:_SWEPT_AT_ONCE]
        names = {f"#s{number}": name for number, (name, _) in enumerate(some)}
        values = {f":s{number}": {"N": str(end)} for number, (_, end) in enumerate(some)}
        places = [f"s{number}" for number in range(len(some))]
        change = "REMOVE " + ", ".join(f"slots.#{place}" for place in places)
        self._change_slots(key, change, " AND ".join(f"slots.#{place} = :{place}" for place in places), names, values)

    @translated("DynamoDB")
    def release(self, tenant_id: str, plugin_id: str, holder: str) -> None:
        """
        Give a slot back; giving back what was lost to another changes nothing.

        Raises:
            TransientError: The table does not answer.
        """
        key = keys.slots(tenant_id, plugin_id)
        self._change_slots(key, "REMOVE slots.#me", "attribute_exists(slots.#me)", {"#me": holder}, {})

    def _change_slots(
        self,
        key: keys.Key,
        change: str,
        condition: str,
        names: Mapping[str, str],
        values: Mapping[str, Any],
        until: datetime | None = None,
    ) -> dict[str, int] | None:
        """Change the map of slots; return it as it is then, None if *condition* does not hold."""
        client = self._client()
        more: dict[str, Any] = {}
        if until is not None:
            change, names = f"{change}, #ttl = :ttl", {**names, "#ttl": "ttl"}
            values = {**values, ":ttl": {"N": str(int((until + _KEPT).timestamp()))}}
        if values:
            more["ExpressionAttributeValues"] = values
        try:
            answer = client.update_item(
                TableName=self._table,
                Key=_typed(key),
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ReturnValues="ALL_NEW",
                **more,
            )
        except client.exceptions.ConditionalCheckFailedException:
            return None
        return _slots(answer["Attributes"])

    @translated("DynamoDB")
    def used(self, tenant_id: str, *, window: int, now: datetime) -> Mapping[str, Used]:
        """Say what a tenant uses of each plugin; a plugin that it does not use is absent."""
        counted = {
            plugin_id: (_number(item, "requests"), _number(item, "milliseconds"))
            for plugin_id, item in self._items(tenant_id, keys.usages(window))
        }
        _, prefix = keys.slots(tenant_id, "")
        held = {
            plugin_id: sum(not is_slot_free(end, now) for end in (_slots(item) or {}).values())
            for plugin_id, item in self._items(tenant_id, prefix)
        }
        return {
            plugin_id: Used(*counted.get(plugin_id, (0, 0)), held.get(plugin_id, 0)) for plugin_id in counted | held
        }

    def _items(self, tenant_id: str, prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Read the items of a tenant under *prefix*, by what follows it: the plugin."""
        pages = (
            self._client()
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues={":pk": {"S": keys.of_tenant(tenant_id)}, ":prefix": {"S": prefix}},
                ConsistentRead=True,
            )
        )
        for page in pages:
            for item in page["Items"]:
                yield item["sk"]["S"].removeprefix(prefix), item

    def _read(self, key: keys.Key) -> Mapping[str, Any]:
        answer = self._client().get_item(TableName=self._table, Key=_typed(key), ConsistentRead=True)
        return answer.get("Item", {})


def _typed(key: keys.Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _number(item: Mapping[str, Any], attribute: str) -> int:
    return int(item[attribute]["N"]) if attribute in item else 0


def _slots(item: Mapping[str, Any]) -> dict[str, int] | None:
    """Read who holds a slot until when, in milliseconds; None if there never was one."""
    return {name: int(end["N"]) for name, end in item["slots"]["M"].items()} if "slots" in item else None


def _over(slots: Mapping[str, int], now: datetime) -> dict[str, int]:
    """Pick the slots whose time is over."""
    return {name: end for name, end in slots.items() if is_slot_free(end, now)}


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))
