"""The composition root of what every request of the API passes before its use case: the rate limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.dynamodb.rate_limits import DynamoRateLedger
from chalicelib.domain.rate_limits import buckets_of
from chalicelib.ports.rate_limits import RateLimits
from chalicelib.services.rate_limits import LeasedRateLimits
from chalicelib.settings import Settings

_replaced: list[RateLimits] = []


def rate_limits() -> RateLimits:
    """Return the limits of this process; they keep what it has set aside."""
    return _replaced[-1] if _replaced else _real_limits()


@contextmanager
def use(replacement: RateLimits) -> Iterator[None]:
    """Let everything in this process see other limits for a while: for tests, instead of patches."""
    _replaced.append(replacement)
    try:
        yield
    finally:
        _replaced.pop()


@cache
def _real_limits() -> RateLimits:
    settings = Settings.from_environment()
    # Nobody waits long for being counted: the client is the one that gives up within a second.
    ledger = DynamoRateLedger(Lazy(aws_clients.serving_dynamodb), settings.table("idempotency"))
    return LeasedRateLimits(ledger, SystemClock(), buckets_of(settings.rate_limits, factor=settings.limit_factor))
