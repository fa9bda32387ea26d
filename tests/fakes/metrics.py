"""Metrics of CloudWatch, in memory: sums and averages of what was put, without metric math beyond one division."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.domain.metric_signals import MetricQuery, Point
from chalicelib.ports.metrics import MetricRefusedError

_Series = dict[int, float]


class FakeMetrics:
    """Metrics; *asked* keeps every query that came."""

    def __init__(self) -> None:
        self.asked: list[tuple[MetricQuery, ...]] = []
        self._values: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[tuple[float, float]]] = defaultdict(list)
        self._failures: list[Exception] = []

    def put(self, namespace: str, metric: str, dimensions: Mapping[str, str], at: datetime, value: float) -> None:
        """Put one value."""
        self._values[namespace, metric, tuple(sorted(dimensions.items()))].append((at.timestamp(), value))

    def fail_next(self, error: Exception, times: int = 1) -> None:
        """Let the next reads fail."""
        self._failures += [error] * times

    def read(
        self, queries: Sequence[MetricQuery], *, returns: str, period_seconds: int, since: datetime, until: datetime
    ) -> tuple[Point, ...]:
        self.asked.append(tuple(queries))
        if self._failures:
            raise self._failures.pop(0)
        found: dict[str, _Series] = {}
        for query in queries:
            found[query.id] = self._expression(query, found) if query.expression else self._stat(query, period_seconds)
        last = int(until.timestamp()) // period_seconds * period_seconds
        return tuple(Point(at, value) for at, value in sorted(found[returns].items()) if since.timestamp() <= at < last)

    def _stat(self, query: MetricQuery, period_seconds: int) -> _Series:
        buckets: dict[int, list[float]] = defaultdict(list)
        for at, value in self._values[query.namespace, query.metric, tuple(sorted(query.dimensions.items()))]:
            buckets[int(at) // period_seconds * period_seconds].append(value)
        return {at: sum(values) / (1 if query.stat == "Sum" else len(values)) for at, values in sorted(buckets.items())}

    def _expression(self, query: MetricQuery, found: Mapping[str, _Series]) -> _Series:
        first, _, second = query.expression.partition(" / ")
        if first not in found or (second and second not in found):
            raise MetricRefusedError("There is no such expression here.")
        if not second:
            return found[first]
        return {at: found[first][at] / value for at, value in found[second].items() if at in found[first] and value}
