"""What a container reads to serve, over tables that hold whatever is asked for."""

import json
from typing import Any, cast

from bench.fake_aws import item_of
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.dynamodb.items import document_of
from chalicelib.adapters.dynamodb.serving import DynamoServingReads
from chalicelib.domain.installations import Installation
from chalicelib.domain.pins import Pin
from chalicelib.domain.routes import Route, Target
from chalicelib.domain.tenants import Tenant

_NOW = "2026-11-22T12:00:00.000Z"
_TARGET = Target("9.0.0", "v9-0-0", "9", "9" * 64)
_PIN = Pin("Production", _TARGET, "bench", "bench", _NOW)


def serving_reads() -> DynamoServingReads:
    """Make the reads of an invocation; every tenant has every plugin, pinned."""
    tables: Any = Tables()
    return DynamoServingReads(lambda: tables, "routing", "tenants", SystemClock())


class Tables:
    """Answers as DynamoDB's client does, with an item of its own for each question."""

    def __init__(self) -> None:
        self._texts = {
            "route": _text(document_of(Route("PLUGIN", "Production", "pepper", _TARGET))),
            "tenant": _text(document_of(Tenant("TENANT", "TENANT", _NOW, _NOW))),
            "plugin": _text(document_of(Installation("TENANT", "PLUGIN", _NOW, _NOW, pin=_PIN))),
        }

    def get_item(self, *, Key: dict[str, dict[str, str]], **_rest: object) -> dict[str, Any]:  # noqa: N803 - as boto3
        """Give the route, tenant or installation that lies under the key."""
        (kind, _, owner), (other, _, plugin) = (Key[part]["S"].partition("#") for part in ("pk", "sk"))
        is_route = kind == "route"
        text = self._texts["route" if is_route else other]
        text = text.replace("PLUGIN", owner if is_route else plugin).replace("TENANT", owner)
        return cast("dict[str, Any]", json.loads(text))


def _text(document: dict[str, Any]) -> str:
    return json.dumps({"Item": item_of(document)})
