"""Metrics that others keep: CloudWatch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.errors import UnprocessableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from chalicelib.domain.metric_signals import MetricQuery, Point


class MetricRefusedError(UnprocessableError):
    """CloudWatch does not take the query, or does not tell us: asking again won't help."""


class MetricReads(Protocol):
    """CloudWatch, to read."""

    def read(
        self, queries: Sequence[MetricQuery], *, returns: str, period_seconds: int, since: datetime, until: datetime
    ) -> tuple[Point, ...]:
        """
        Return the values of the query *returns*, oldest first: whole periods that begin at *since* or later.

        Raises:
            TransientError: CloudWatch throttles or is unreachable.
            MetricRefusedError: It does not take the query, or may not tell us.
        """
