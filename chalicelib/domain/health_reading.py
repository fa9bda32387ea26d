"""Reading ``health`` of a request: the limits that a candidate must keep, completed with the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from chalicelib.domain.config_reading import Reading
from chalicelib.domain.durations import iso_duration
from chalicelib.domain.metric_reading import read_metrics
from chalicelib.domain.verdicts import Action

#: Looking more seldom than this would notice a breach too late for promise 3.
_SLOWEST_CHECK_SECONDS = 60
_MAX_RATIO = 1_000
#: Traffic is kept for eight days, and a part of them is what was usual before.
_LONGEST_WATCH_SECONDS = 3 * 86_400


def read_health(document: Mapping[str, Any] | None, *, on_no_data: Action = Action.HOLD) -> dict[str, Any]:
    """
    Read it in the words of the API, every absent value being its default (CONTRACT §4).

    *on_no_data* is the default of the strategy at hand: what is judged at once can't have met a request yet.

    Raises:
        ValidationError: A value can't be, or there is no such setting (400); all that is wrong is told.
    """
    reading = Reading(document, "/health")
    health = {
        "maxErrorRate": _rate(reading, "maxErrorRate", 0.05),
        "maxLatencyP99Ms": reading.whole("maxLatencyP99Ms", 500, least=1, most=900_000),
        "minSuccessRate": _rate(reading, "minSuccessRate", 0.95),
        "latencyRatio": _number(reading, "latencyRatio", 2.0, least=1, most=_MAX_RATIO),
        "minRequests": reading.whole("minRequests", 50, least=0, most=10_000_000),
        "healthCheckInterval": iso_duration(_interval(reading)),
        "consecutiveFailures": reading.whole("consecutiveFailures", 3, least=1, most=100),
        "onFail": reading.choice("onFail", Action, Action.ROLLBACK).value,
        "onNoData": reading.choice("onNoData", Action, on_no_data).value,
        "onError": reading.choice("onError", Action, Action.HOLD).value,
        "tenantGuard": reading.flag("tenantGuard", default=True),
        "watch": iso_duration(_watch(reading)),
    }
    metrics = read_metrics(reading)
    reading.refuse_unknown()
    reading.require_sound("health")
    # Only few ask CloudWatch: what nobody asked for is not told to everybody.
    if metrics:
        health["metrics"] = metrics
    return health


def _rate(reading: Reading, name: str, default: float) -> float:
    return _number(reading, name, default, least=0, most=1)


def _number(reading: Reading, name: str, default: float, *, least: int, most: int) -> float:
    """Read a number of at most four decimals: inside it is a whole number of basis points."""
    value = reading.raw(name)
    if value is None:
        return default
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most or Decimal(str(value)) * 10_000 % 1:
        fix = f"Send a number from {least} to {most:,} with at most four decimals: {default}."
        reading.refuse(name, "It is not such a number.", fix)
        return default
    return float(value)


def _watch(reading: Reading) -> int:
    seconds = reading.seconds("watch", "PT1H")
    if seconds > _LONGEST_WATCH_SECONDS:
        fix = f"Use PT0S to {iso_duration(_LONGEST_WATCH_SECONDS)}; what comes later only alarms."
        reading.refuse("watch", "It is longer than what is known of before is kept for.", fix)
    return min(seconds, _LONGEST_WATCH_SECONDS)


def _interval(reading: Reading) -> int:
    seconds = reading.seconds("healthCheckInterval", "PT10S", at_least=1)
    if seconds > _SLOWEST_CHECK_SECONDS:
        fix = f"Use PT1S to {iso_duration(_SLOWEST_CHECK_SECONDS)}."
        reading.refuse("healthCheckInterval", "It is too seldom to go back within a minute.", fix)
    return seconds
