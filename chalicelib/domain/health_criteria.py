"""Health criteria: the limits that a deployment is asked to keep, and what it does when they are not kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.durations import seconds_of
from chalicelib.domain.routes import FULL_BPS
from chalicelib.domain.verdicts import Action, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class HealthCriteria:
    """
    What a candidate must keep (``health`` of a deployment); shares in basis points, times in their unit.

    *has_tenant_guard*: a tenant that it harms goes back to stable alone. *watch_seconds* is how long after the end
    what then fails more than before is taken back by itself; later it only alarms.
    """

    max_error_rate_bps: int = 500
    max_latency_p99_ms: int = 500
    min_success_rate_bps: int = 9_500
    latency_ratio_bps: int = 20_000
    min_requests: int = 50
    health_check_interval_seconds: int = 10
    consecutive_failures: int = 3
    on_fail: Action = Action.ROLLBACK
    on_no_data: Action = Action.HOLD
    on_error: Action = Action.HOLD
    has_tenant_guard: bool = True
    watch_seconds: int = 3_600

    @property
    def error_limit(self) -> float:
        """The largest share of failures that both limits on it allow."""
        return min(self.max_error_rate_bps, FULL_BPS - self.min_success_rate_bps) / FULL_BPS

    @property
    def latency_ratio(self) -> float:
        """How many times stable's p99 the candidate's may be."""
        return self.latency_ratio_bps / FULL_BPS


def action_of(verdict: Verdict, criteria: HealthCriteria) -> Action | None:
    """Say what *criteria* ask to be done about *verdict*, or it asks itself; None for a pass: go on."""
    if verdict.action and verdict.outcome != Outcome.PASS:
        return Action(verdict.action)
    actions = {
        Outcome.FAIL: criteria.on_fail,
        Outcome.INCONCLUSIVE: criteria.on_no_data,
        Outcome.ERROR: criteria.on_error,
    }
    return actions.get(Outcome(verdict.outcome))


def criteria_of(health: Mapping[str, Any]) -> HealthCriteria:
    """Read the ``health`` of a deployment, in the words of the API; what it does not say is the default."""
    readers: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "maxErrorRate": ("max_error_rate_bps", _bps),
        "maxLatencyP99Ms": ("max_latency_p99_ms", int),
        "minSuccessRate": ("min_success_rate_bps", _bps),
        "latencyRatio": ("latency_ratio_bps", _bps),
        "minRequests": ("min_requests", int),
        "healthCheckInterval": ("health_check_interval_seconds", seconds_of),
        "consecutiveFailures": ("consecutive_failures", int),
        "onFail": ("on_fail", Action),
        "onNoData": ("on_no_data", Action),
        "onError": ("on_error", Action),
        "tenantGuard": ("has_tenant_guard", bool),
        "watch": ("watch_seconds", seconds_of),
    }
    said = {field: read(health[word]) for word, (field, read) in readers.items() if word in health}
    return HealthCriteria(**said)


def _bps(share: Any) -> int:  # noqa: ANN401 - a number of JSON, or the Decimal that a table makes of it
    return round(float(share) * FULL_BPS)
