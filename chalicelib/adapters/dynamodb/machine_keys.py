"""Machine keys, in the table ``credentials``, which holds nothing else and is all that the authorizer may read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.domain.machine_keys import KeySecret, MachineKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoMachineKeyReads:
    """One key at a time, as the authorizer asks for it: no model, so that it starts at once."""

    def __init__(self, client: Callable[[], DynamoDBClient], table: str) -> None:
        self._client = client
        self._table = table

    @translated("DynamoDB")
    def find(self, key_id: str) -> MachineKey | None:
        """
        Return a key as it is now; None if there is none.

        Raises:
            TransientError: The table does not answer.
        """
        pk, sk = keys.machine_key(key_id)
        # Consistent, or a key that was just revoked would open the door once more.
        answer = self._client().get_item(
            TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
        )
        item = answer.get("Item")
        return (
            key_of({name: _plain(cast("Mapping[str, Any]", value)) for name, value in item.items()}) if item else None
        )


def key_of(values: dict[str, Any]) -> MachineKey:
    """Make a key of an item's attributes, where lists are JSON texts or lists already."""
    known = {name: values[name] for name in MachineKey._fields if values.get(name) is not None}
    tenants = _list(known.pop("tenants", None))
    return MachineKey(
        **{
            **known,
            "actions": tuple(_list(known["actions"]) or ()),
            "tenants": None if tenants is None else tuple(tenants),
            "secrets": tuple(KeySecret(each["digest"], each["expires_at"]) for each in _list(known["secrets"]) or ()),
            "revision": int(known["revision"]),
        }
    )


def _list(value: Any) -> list[Any] | None:  # noqa: ANN401 - JSON
    found: list[Any] | None = json.loads(value) if isinstance(value, str) else value
    return found


def _plain(value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever an item holds
    return None if "NULL" in value else next(iter(value.values()))
