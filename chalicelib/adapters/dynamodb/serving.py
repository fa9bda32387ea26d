"""The hot path's reads and writes: DynamoDB's own client, a cache, and neither pydantic nor PynamoDB."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.documents import Values, installation_of, route_of, tenant_of
from chalicelib.adapters.dynamodb.serving_cache import ServingCache
from chalicelib.domain.errors import StaleRevisionError, TransientError
from chalicelib.domain.installations import Installation, UninstalledError
from chalicelib.domain.routes import Route
from chalicelib.domain.tenants import Tenant

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from chalicelib.ports import Clock
    from chalicelib.ports.aside import Aside

Thing = TypeVar("Thing")

_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.02
#: What a transaction says of each of its parts.
_DONE, _REFUSED = "None", "ConditionalCheckFailed"

#: Attributes that are kept as JSON text.
_JSON = frozenset(
    {
        "stable",
        "candidate",
        "previous",
        "candidate_rings",
        "variants",
        "blocked",
        "config",
        "sealed_secrets",
        "pin",
        "quotas",
    }
)
#: Attributes of the table alone.
_KEYS = frozenset({"pk", "sk", "gsi1pk", "gsi1sk"})
#: No config, no secrets, no quotas of one's own.
_EMPTY = {"S": "{}"}


class _Made(NamedTuple):
    """What was made of an item, and the mark of that item: the same again need not be made again."""

    mark: int
    thing: Any


class DynamoServingReads:
    """What an invocation reads."""

    def __init__(
        self,
        client: Callable[[], DynamoDBClient],
        routing_table: str,
        tenants_table: str,
        clock: Clock,
        aside: Aside | None = None,
    ) -> None:
        self._client = client
        self._routing_table = routing_table
        self._tenants_table = tenants_table
        self._cache = ServingCache(clock, aside=aside)

    def route(self, plugin_id: str, environment: str) -> Route | None:
        """Return the route, at most one second old while the table answers."""
        place = "route", intern(plugin_id), environment
        return self._get(place, self._routing_table, lambda: keys.route(plugin_id, environment), route_of)

    def tenant(self, tenant_id: str) -> Tenant | None:
        """Return the tenant, at most one second old while the table answers."""
        return self._get(("tenant", intern(tenant_id)), self._tenants_table, lambda: keys.tenant(tenant_id), tenant_of)

    def installation(self, tenant_id: str, plugin_id: str) -> Installation | None:
        """Return the tenant's installation, at most one second old while the table answers."""
        place = "installation", intern(tenant_id), intern(plugin_id)
        return self._get(place, self._tenants_table, lambda: keys.installation(tenant_id, plugin_id), installation_of)

    def _get(
        self, place: tuple[str, ...], table: str, key: Callable[[], keys.Key], convert: Callable[[Values], Thing]
    ) -> Thing | None:
        """
        Read a thing through the cache; while its item stays the same, each read gives the same object.

        So what was worked out of a route is there for all seconds that it stands, and its JSON is parsed once. *place*
        is made of the ids that the things hold too, once each: thousands are kept.
        """

        def read() -> _Made | None:
            item = _read_item(self._client(), table, key())
            if item is None:
                return None
            mark = hash(repr(sorted(item.items())))
            last = self._cache.last(place)
            if isinstance(last, _Made) and last.mark == mark:
                return last
            return _Made(mark, convert(_values_of(item)))

        made = self._cache.get(place, read)
        return None if made is None else cast("Thing", made.thing)


class DynamoStates:
    """What plugins keep per tenant, in the table ``tenants``."""

    def __init__(self, client: Callable[[], DynamoDBClient], table: str) -> None:
        self._client = client
        self._table = table

    def load(self, tenant_id: str, plugin_id: str) -> tuple[dict[str, Any], int]:
        """Return the state and its revision; ``({}, 0)`` before the first."""
        values = _read(self._client(), self._table, keys.state(tenant_id, plugin_id))
        return (json.loads(values["state"]), values["revision"]) if values else ({}, 0)

    def store(
        self, tenant_id: str, plugin_id: str, state: Mapping[str, Any], *, revision: int, installed_at: str
    ) -> None:
        """
        Write the state if *revision* is still the stored one and the installation made *installed_at* is still there.

        An erasure removes the installation before the state, or both at once:

            call                           uninstall, or the tenant's erasure
            ────                           ──────────────────────────────────
            loads the state, runs
                                           removes the installation
                                           removes the state
            writes the state if the installation is there → refused

        Raises:
            StaleRevisionError: Another call of this tenant's plugin wrote in between.
            UninstalledError: The installation was erased in between, be it made anew since or not.
            TransientError: Others keep the same items busy, or the table is unreachable.
        """
        pk, sk = keys.state(tenant_id, plugin_id)
        item = {
            "pk": {"S": pk},
            "sk": {"S": sk},
            "state": {"S": json.dumps(dict(state))},
            "revision": {"N": str(revision + 1)},
        }
        is_new, is_unchanged = "attribute_not_exists(pk)", "revision = :read"
        put: dict[str, Any] = {"TableName": self._table, "Item": item, "ConditionExpression": is_new}
        if revision:
            read = {":read": {"N": str(revision)}}
            put |= {"ConditionExpression": is_unchanged, "ExpressionAttributeValues": read}
        is_installed = {
            "TableName": self._table,
            "Key": _typed(keys.installation(tenant_id, plugin_id)),
            "ConditionExpression": "created_at = :installed",
            "ExpressionAttributeValues": {":installed": {"S": installed_at}},
        }
        for attempt in range(_ATTEMPTS):
            is_there, is_latest = self._try([{"ConditionCheck": is_installed}, {"Put": put}])
            if is_there == is_latest == _DONE:
                return
            if is_there == _REFUSED:
                raise UninstalledError(plugin_id)
            if is_latest == _REFUSED:
                raise StaleRevisionError(
                    "Another call of the same plugin changed its state in between.", fix="Repeat the request."
                )
            time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
        raise TransientError("Others are writing the same at the moment.")

    @translated("DynamoDB")
    def _try(self, parts: Sequence[Any]) -> list[str]:
        """Write all of *parts* or nothing; return for each what kept it from being written."""
        client = self._client()
        try:
            client.transact_write_items(TransactItems=parts)
        except client.exceptions.TransactionCanceledException as error:
            return [reason.get("Code") or _DONE for reason in error.response["CancellationReasons"]]
        return [_DONE] * len(parts)


def _read(client: DynamoDBClient, table: str, key: keys.Key) -> Values | None:
    item = _read_item(client, table, key)
    return None if item is None else _values_of(item)


@translated("DynamoDB")
def _read_item(client: DynamoDBClient, table: str, key: keys.Key) -> Mapping[str, Any] | None:
    return client.get_item(TableName=table, Key=_typed(key), ConsistentRead=True).get("Item")


def _values_of(item: Mapping[str, Any]) -> Values:
    """Take the values out of an item; what is empty is left to the one empty default of all."""
    return {name: _plain(name, typed) for name, typed in item.items() if name not in _KEYS and typed != _EMPTY}


def _typed(key: keys.Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _plain(name: str, typed: Mapping[str, Any]) -> object:
    """Take the type off an attribute; every number of ours is whole."""
    ((kind, value),) = typed.items()
    if kind == "N":
        return int(value)
    # Ids, names and times come again and again, within an item and among items: each is kept once.
    return json.loads(value) if name in _JSON else intern(value) if kind == "S" else value
