"""
AWS without a network: botocore makes, signs and reads each request, and its answer is here at once.

What is left of a call is what its client costs, so what ours adds to it weighs more than it ever will on AWS.
"""

import contextlib
import io
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from chalicelib.adapters import aws_clients
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.items import document_of
from chalicelib.domain.installations import Installation
from chalicelib.domain.routes import Route, Target
from chalicelib.domain.tenants import Tenant, Tier

PLUGIN, TENANT, ENVIRONMENT = "echo", "acme", "Production"
STABLE = Target("1.0.0", "v1-0-0", "1", "a" * 64)
#: What the plugin's function answers.
ANSWER = {"ok": True, "result": {"echoed": "hello"}, "version": "1.0.0", "metrics": {"runMs": 1.0}}
_NOW = "2026-11-22T12:00:00.000Z"


class _Raw(io.BytesIO):
    def stream(self, **_options: object) -> Iterator[bytes]:
        yield self.read()


class FakeAws:
    """Answers every request of clients made in `instead`; *calls* counts them by service and operation."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        route = Route(PLUGIN, ENVIRONMENT, "pepper", STABLE, Target("2.0.0", "v2-0-0", "2", "b" * 64), 1_000)
        self._items = {
            keys.route(PLUGIN, ENVIRONMENT): item_of(document_of(route)),
            keys.tenant(TENANT): item_of(document_of(Tenant(TENANT, "Acme", _NOW, _NOW, Tier.ENTERPRISE))),
            keys.installation(TENANT, PLUGIN): item_of(document_of(Installation(TENANT, PLUGIN, _NOW, _NOW))),
        }

    @contextlib.contextmanager
    def instead(self) -> Iterator[None]:
        """Let clients that are made now, by boto3 or by our own, be answered here."""
        before = boto3.DEFAULT_SESSION
        ours = aws_clients.session_of(os.environ.get("AWS_ACCESS_KEY_ID"))
        boto3.setup_default_session(
            aws_access_key_id="bench",
            aws_secret_access_key="bench",  # noqa: S106 - nobody's
            region_name="us-east-1",
            botocore_session=ours,
        )
        # botocore uses what a handler of this event returns; its types know only handlers that return nothing.
        hooks: Any = ours
        hooks.register("before-send", self._answer)
        try:
            yield
        finally:
            hooks.unregister("before-send", self._answer)
            boto3.DEFAULT_SESSION = before

    def _answer(self, request: AWSPreparedRequest, event_name: str, **_rest: object) -> AWSResponse:
        _, service, operation = event_name.split(".")
        self.calls[f"{service} {operation}"] += 1
        body = b"{}"
        if operation == "Invoke":
            body = json.dumps(ANSWER).encode()
        elif operation == "GetItem":
            key = json.loads(request.body)["Key"]  # type: ignore[arg-type] # DynamoDB bodies are bytes
            item = self._items.get((key["pk"]["S"], key["sk"]["S"]))
            body = json.dumps({"Item": item} if item else {}).encode()
        elif operation == "UpdateItem":
            body = json.dumps({"Attributes": self._update(json.loads(request.body))}).encode()  # type: ignore[arg-type]
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw(body))

    def _update(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Do what the quotas ask for: add to counts, or take and give back a slot; every condition holds."""
        key, names = (asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]), asked["ExpressionAttributeNames"]
        item = self._items.setdefault(key, {"slots": {"M": {}}})
        values = asked.get("ExpressionAttributeValues", {})
        if "#me" in names:
            item["slots"]["M"][names["#me"]] = values.get(":ends", {"N": "0"})
        for counted, amount in (("#counted", ":amount"), ("#places", ":places")):
            if counted in names:
                before = int(item.get(names[counted], {"N": "0"})["N"])
                item[names[counted]] = {"N": str(before + int(values[amount]["N"]))}
        return item


def item_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Type the attributes as the tables hold them: what has parts is JSON text, what is None is left out."""
    return {name: _typed(value) for name, value in values.items() if value is not None}


def _typed(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    return {"S": str(value) if isinstance(value, str) else json.dumps(value)}
