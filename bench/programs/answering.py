"""
The other side of the API function's clients while its start is timed: AWS, answering at once what tables would hold.

A client of botocore is made, signs and parses as ever, but sends nothing. Where none is to be made, `Client` stands in.
"""

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

#: The items of the tables, by ``pk|sk``.
ITEMS = json.loads(os.environ["BENCH_ITEMS"])
_FOR_EVER = ExitStack()


def answer(operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one operation of DynamoDB or Step Functions; what is written is thought to be written."""
    if operation == "GetItem":
        key = asked["Key"]
        item = ITEMS.get("|".join(value["S"] for value in key.values()))
        return {"Item": item} if item else {}
    if operation == "Query":
        values = [value["S"] for value in asked["ExpressionAttributeValues"].values() if "S" in value]
        found = [item for place, item in ITEMS.items() if place.partition("|")[0] in values]
        return {"Items": found, "Count": len(found), "ScannedCount": len(found)}
    if operation == "UpdateItem":
        return {"Attributes": {"full_at": {"N": "1"}}}
    if operation == "StartExecution":
        return {"executionArn": "arn:aws:states:us-east-1:000000000000:execution:bench-deployment:1", "startDate": 1}
    return {}


class Client:
    """Stands in for a client of DynamoDB."""

    #: PynamoDB looks here for credentials that may have run out.
    _request_signer = None

    class exceptions:  # noqa: N801 - botocore's name
        """What a condition that does not hold would raise."""

        ConditionalCheckFailedException = LookupError

    def _make_api_call(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Answer PynamoDB."""
        return answer(operation, asked)

    def update_item(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - as boto3
        """Answer the limits of requests."""
        return answer("UpdateItem", asked)


class _Raw(io.BytesIO):
    def stream(self, **_options: object) -> Iterator[bytes]:
        yield self.read()


def answer_clients() -> None:
    """Let every client that is made from now on be answered here."""
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders

    from chalicelib.adapters import aws_clients

    def send(request: Any, event_name: str, **_rest: object) -> AWSResponse:  # noqa: ANN401 - botocore's own
        operation = event_name.rpartition(".")[2]
        body = json.dumps(answer(operation, json.loads(request.body))).encode()
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw(body))

    # botocore uses what a handler of this event returns; its types know only handlers that return nothing.
    hooks: Any = aws_clients.session_of(os.environ.get("AWS_ACCESS_KEY_ID"))
    hooks.register("before-send", send)


def stand_in_for_clients() -> None:
    """Let the tables be asked without a client of AWS."""
    from chalicelib import bootstrap, bootstrap_limits
    from chalicelib.adapters.clock import SystemClock
    from chalicelib.adapters.dynamodb.rate_limits import DynamoRateLedger
    from chalicelib.domain.rate_limits import buckets_of
    from chalicelib.services.rate_limits import LeasedRateLimits
    from chalicelib.settings import Settings

    settings = Settings.from_environment()
    make: Any = Client
    limits = LeasedRateLimits(DynamoRateLedger(make, "idempotency"), SystemClock(), buckets_of({}, factor=1))
    _FOR_EVER.enter_context(bootstrap.use(bootstrap.connect(settings, make)))
    _FOR_EVER.enter_context(bootstrap_limits.use(limits))
