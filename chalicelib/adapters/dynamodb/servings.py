"""Who answered last, in the table ``tenants``: written by invocations, only when something has changed. Light."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.domain.servings import Serving

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from chalicelib.ports import Clock

#: After a write that failed nothing is noted for so long: an outage must not cost each call its patience.
PAUSE = timedelta(minutes=1)
#: (tenant, plugin, environment)s that one container remembers.
MAX_REMEMBERED = 10_000
_FIELDS = ("plugin_id", "environment", "version", "reason", "at")


class DynamoServings:
    """Servings; one item for each tenant, plugin and environment, in the tenant's own partition."""

    def __init__(self, client: Callable[[], DynamoDBClient], table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._noted: OrderedDict[keys.Key, Hashable] = OrderedDict()
        self._paused_until: datetime | None = None
        self._lock = Lock()

    def note(self, tenant_id: str, serving: Serving, *, under: Hashable) -> None:
        """
        Write who answered, unless this process has already under the same circumstances; never raises.

        A call that outlives its installation notes nothing: what was erased stays erased.
        """
        key = keys.serving(tenant_id, serving.plugin_id, serving.environment)
        with self._lock:
            if self._noted.get(key) == under:
                return
            now = self._clock.now()
            # A clock that was set back makes no pause longer.
            if self._paused_until is not None and self._paused_until - PAUSE <= now < self._paused_until:
                return
        try:
            self._write(key, keys.installation(tenant_id, serving.plugin_id), serving)
        except Exception as error:  # noqa: BLE001 - the plugin has done its work: no note is worth failing its call
            # Uninstalled meanwhile, or somebody writes the installation just now: no reason to leave the table alone.
            if code_of(error) != "TransactionCanceledException":
                with self._lock:
                    self._paused_until = self._clock.now() + PAUSE
            return
        with self._lock:
            self._paused_until = None
            self._noted[key] = under
            self._noted.move_to_end(key)
            while len(self._noted) > MAX_REMEMBERED:
                self._noted.popitem(last=False)

    def _write(self, key: keys.Key, installation: keys.Key, serving: Serving) -> None:
        values = {name: {"S": value} for name, value in serving._asdict().items()}
        is_installed = {
            "TableName": self._table,
            "Key": {"pk": {"S": installation[0]}, "sk": {"S": installation[1]}},
            "ConditionExpression": "attribute_exists(pk)",
        }
        put = {"TableName": self._table, "Item": {"pk": {"S": key[0]}, "sk": {"S": key[1]}, **values}}
        parts: Any = [{"ConditionCheck": is_installed}, {"Put": put}]
        self._client().transact_write_items(TransactItems=parts)

    @translated("DynamoDB")
    def last(self, tenant_id: str, plugin_id: str, environment: str) -> Serving | None:
        """Return which version answered last; None when none ever did."""
        pk, sk = keys.serving(tenant_id, plugin_id, environment)
        answer = self._client().get_item(TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
        if "Item" not in answer:
            return None
        return Serving(*(answer["Item"][name]["S"] for name in _FIELDS))
