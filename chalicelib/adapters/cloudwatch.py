"""Metrics of CloudWatch, by any expression of its metric math."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_errors import code_of, is_transient, translated
from chalicelib.domain.errors import TransientError
from chalicelib.domain.metric_signals import MetricQuery, Point
from chalicelib.ports.metrics import MetricRefusedError

if TYPE_CHECKING:
    from botocore.client import BaseClient

_FIX = "Try the query in the CloudWatch console, and look at its period and at the right to cloudwatch:GetMetricData."
#: A result is whole, or more of it is on the next page.
_SOUND = ("Complete", "PartialData")


class CloudWatchMetrics:
    """Asks one query at a time, so that one that is refused spoils no other."""

    def __init__(self, client: Callable[[], BaseClient]) -> None:
        self._client = client

    @translated("CloudWatch")
    def read(
        self, queries: Sequence[MetricQuery], *, returns: str, period_seconds: int, since: datetime, until: datetime
    ) -> tuple[Point, ...]:
        """
        Return the values of the query *returns*, oldest first: whole periods that begin at *since* or later.

        Raises:
            TransientError: CloudWatch throttles or is unreachable.
            MetricRefusedError: It does not take the query, or may not tell us.
        """
        first = -(-int(since.timestamp()) // period_seconds) * period_seconds
        last = int(until.timestamp()) // period_seconds * period_seconds
        if first >= last:
            return ()
        asked = [_written(query, period_seconds, is_returned=query.id == returns) for query in queries]
        found = self._pages(MetricDataQueries=asked, StartTime=first, EndTime=last, ScanBy="TimestampAscending")
        points = {int(at.timestamp()): float(value) for at, value in found}
        return tuple(Point(at, points[at]) for at in sorted(points) if first <= at < last)

    def _pages(self, **request: Any) -> list[tuple[datetime, float]]:  # noqa: ANN401 - the request of a typed client
        try:
            pages: Any = self._client().get_paginator("get_metric_data").paginate(**request)
            results = [result for page in pages for result in page["MetricDataResults"]]
        except ClientError as error:
            if is_transient(error):
                raise
            raise MetricRefusedError(f"CloudWatch refuses the query ({code_of(error)}).", fix=_FIX) from error
        for result in results:
            _require_sound(result)
        return [pair for result in results for pair in zip(result["Timestamps"], result["Values"], strict=True)]


def _written(query: MetricQuery, period_seconds: int, *, is_returned: bool) -> dict[str, Any]:
    written: dict[str, Any] = {"Id": query.id, "ReturnData": is_returned}
    if query.expression:
        return {**written, "Expression": query.expression, "Period": period_seconds}
    dimensions = [{"Name": name, "Value": value} for name, value in query.dimensions.items()]
    metric = {"Namespace": query.namespace, "MetricName": query.metric, "Dimensions": dimensions}
    return {**written, "MetricStat": {"Metric": metric, "Period": period_seconds, "Stat": query.stat}}


def _require_sound(result: dict[str, Any]) -> None:
    """
    Raise where CloudWatch answers for a query that it could not answer it.

    Raises:
        TransientError: Its own fault.
        MetricRefusedError: It may not tell us.
    """
    status = result.get("StatusCode", "Complete")
    if status not in _SOUND:
        told = "; ".join(message.get("Value", "") for message in result.get("Messages", ()))
        if status == "InternalError":
            raise TransientError(f"CloudWatch could not compute {result['Id']}: {told or status}.")
        raise MetricRefusedError(f"CloudWatch does not tell {result['Id']}: {told or status}.", fix=_FIX)
