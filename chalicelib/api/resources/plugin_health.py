"""How the versions of a plugin fare."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Query, Resource
from chalicelib.domain.durations import NotADurationError, seconds_of
from chalicelib.domain.errors import FieldError, ValidationError
from chalicelib.domain.ids import Environment
from chalicelib.domain.measurements import Outcomes
from chalicelib.services.plugin_health import VersionCheck, VersionHealth, VersionTraffic

_LONGEST_SECONDS = 7 * 86_400


class MetricsQuery(Query):
    """Over which time to count."""

    window: Annotated[str, Field(max_length=40, description="Send an ISO 8601 duration up to P7D, such as PT1H.")] = (
        "PT1H"
    )

    @property
    def seconds(self) -> int:
        """
        Give the window in seconds.

        Raises:
            ValidationError: It is no time at all, or longer than anything is kept (400).
        """
        try:
            seconds = seconds_of(self.window)
        except NotADurationError:
            seconds = 0
        if not 0 < seconds <= _LONGEST_SECONDS:
            fix = "Send a duration from PT1S to P7D."
            raise ValidationError(
                "The window is no duration, or longer than counts are kept.",
                fix=fix,
                errors=(FieldError("/window", "It is not within P7D.", fix),),
            )
        return seconds


class TrafficResource(Resource):
    """What became of requests."""

    requests: int
    failed_requests: int
    error_rate: Annotated[float | None, Field(description="Failed requests per request; null without any.")]
    latency_p50_ms: Annotated[float | None, Field(alias="latencyP50Ms", description="Of the call to the plugin.")]
    latency_p95_ms: Annotated[float | None, Field(alias="latencyP95Ms")]
    latency_p99_ms: Annotated[float | None, Field(alias="latencyP99Ms")]

    @classmethod
    def of(cls, outcomes: Outcomes) -> TrafficResource:
        """Present what was counted."""
        p50, p95, p99 = (_rounded(outcomes.latencies.quantile_ms(share)) for share in (0.5, 0.95, 0.99))
        return cls(
            requests=outcomes.requests,
            failed_requests=outcomes.failures,
            error_rate=outcomes.failure_rate,
            latency_p50_ms=p50,
            latency_p95_ms=p95,
            latency_p99_ms=p99,
        )


class VersionMetricsResource(Resource):
    """What was counted of a version in an environment."""

    environment: Environment
    version: str
    traffic: TrafficResource

    @classmethod
    def of(cls, counted: VersionTraffic) -> VersionMetricsResource:
        """Present it."""
        traffic = TrafficResource.of(counted.outcomes)
        return cls(environment=counted.environment, version=counted.version, traffic=traffic)


class PluginMetricsResource(Resource):
    """What was counted of a plugin; containers add it up once a minute."""

    plugin_id: str
    window: str
    items: list[VersionMetricsResource]


class VersionHealthResource(Resource):
    """How a version that may serve fares."""

    environment: Environment
    version: str
    role: Annotated[str, Field(description="stable, candidate or variant.")]
    status: Annotated[str, Field(description="Healthy, Degraded, Unhealthy; Unknown without requests of late.")]
    reason: str
    traffic: TrafficResource

    @classmethod
    def of(cls, health: VersionHealth) -> VersionHealthResource:
        """Present it."""
        return cls(
            environment=health.environment,
            version=health.version,
            role=health.role,
            status=health.status,
            reason=health.reason,
            traffic=TrafficResource.of(health.outcomes),
        )


class PluginHealthResource(Resource):
    """How all versions of a plugin fare that may serve, by the last 15 minutes."""

    plugin_id: str
    items: list[VersionHealthResource]


class HealthCheckBody(Body):
    """Where to check; everywhere, if it is not said."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"environment": "Production"}]})

    environment: Environment | None = None


class VersionCheckResource(Resource):
    """A health check that was made just now."""

    environment: Environment
    version: str
    role: Annotated[str, Field(description="stable, candidate or variant.")]
    operation: str
    outcome: Annotated[str, Field(description="pass, fail, or error if it could not be made.")]
    duration_ms: float
    message: str

    @classmethod
    def of(cls, made: VersionCheck) -> VersionCheckResource:
        """Present it."""
        return cls(
            environment=made.environment,
            version=made.check.version,
            role=made.role,
            operation=made.check.operation,
            outcome=made.check.outcome,
            duration_ms=made.check.duration_ms,
            message=made.check.message,
        )


class PluginChecksResource(Resource):
    """What the health checks of a plugin said."""

    plugin_id: str
    items: list[VersionCheckResource]


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
