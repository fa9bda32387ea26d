"""What people send when they ask for a deployment."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any

from pydantic import AwareDatetime, ConfigDict, Field

from chalicelib.api.models import Body, Text
from chalicelib.domain.authorization import Caller
from chalicelib.domain.deployments import OnConflict
from chalicelib.domain.errors import FieldError, UnprocessableError
from chalicelib.domain.ids import Environment, check_plugin_id
from chalicelib.domain.strategies import CONFIG_NAMES, DEFAULT_STRATEGY, Strategy
from chalicelib.domain.versions import SemVer
from chalicelib.services.deployments import CreateDeployment

_MOST = 10_000_000


class CreateDeploymentBody(Body):
    """Which version is to become the current one of an environment, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "pluginId": "payment-processor-stripe",
                    "version": "2.0.0",
                    "environment": "Production",
                    "strategy": "Canary",
                    "canaryConfig": {
                        "initialPercentage": 10,
                        "incrementPercentage": 20,
                        "evaluationPeriod": "PT10M",
                    },
                    "health": {"maxErrorRate": 0.05, "onNoData": "hold"},
                    "reason": "Adds refunds.",
                }
            ]
        }
    )

    plugin_id: Annotated[str, Field(description="Name a registered plugin.")]
    version: Annotated[str, Field(max_length=64, description="Name a version that is Ready.")]
    environment: Annotated[Environment, Field(description="Use one of " + ", ".join(Environment) + ".")]
    strategy: Annotated[
        Strategy | None, Field(description="Use one of " + ", ".join(Strategy) + "; absent: the environment's own.")
    ] = None
    reason: Text = ""
    canary_config: Annotated[
        dict[str, Any] | None,
        Field(
            description="initialPercentage 10, incrementPercentage 20, or stages; evaluationPeriod PT10M, autoRollback "
            "true, splitBy tenant or request, bake PT0S."
        ),
    ] = None
    blue_green_config: Annotated[
        dict[str, Any] | None,
        Field(
            description="warmupPeriod PT2M, switchoverType Instant or Gradual, monitoringPeriod PT5M, "
            "keepPreviousEnvironment true."
        ),
    ] = None
    rolling_config: Annotated[
        dict[str, Any] | None,
        Field(
            description='by ring, or batchSize 5 or "25%" of tenants; waitBetweenBatches PT2M, healthCheckTimeout '
            "PT30S, maxParallelBatches 1."
        ),
    ] = None
    ab_config: Annotated[
        dict[str, Any] | None,
        Field(
            description="variants [{name, version, percentage}], or variantA, variantB, trafficSplit {A, B}; "
            "testDuration PT24H, primaryMetric errorRate, goal, significance 0.05, autoPromote false."
        ),
    ] = None
    health: Annotated[
        dict[str, Any] | None,
        Field(
            description="maxErrorRate 0.05, maxLatencyP99Ms 500, minSuccessRate 0.95, latencyRatio 2.0, minRequests "
            "50, healthCheckInterval PT10S, consecutiveFailures 3; onFail, onNoData, onError: rollback, hold or warn; "
            "tenantGuard true, watch PT1H (how long after the end a late regression goes back by itself); "
            "metrics: queries of CloudWatch, each {name, queries [{id, expression} or {id, namespace, metric, "
            "dimensions, stat}], returns, period PT1M, datapoints 3, one of max, min, maxRatio; onFail, onNoData, "
            "onError}; {version} and {alias} become those of the candidate, and of stable for maxRatio."
        ),
    ] = None
    steps: Annotated[
        list[Any] | None,
        Field(
            description="A plan of your own: {kind: shift, percentage, rings}, {kind: observe, duration}, "
            "{kind: pause, duration}, {kind: approve}; what keeps tenants safe is added where it is missing."
        ),
    ] = None
    on_conflict: Annotated[
        OnConflict, Field(description="While another one is going on: reject, queue or supersede.")
    ] = OnConflict.REJECT
    start_at: Annotated[
        AwareDatetime | None, Field(description="Begin then, RFC 3339; a moment that has passed is now.")
    ] = None
    max_tenants: Annotated[
        int | None, Field(ge=1, le=_MOST, description="Serve no more tenants before everybody is served.")
    ] = None
    max_requests: Annotated[
        int | None, Field(ge=1, le=_MOST, description="Hold after so many requests to the candidate.")
    ] = None

    def to_command(self, caller: Caller) -> CreateDeployment:
        """
        Make the command of the use case.

        Raises:
            ValidationError: The plugin's name or the version can't be one (400).
            UnprocessableError: It has the config of another strategy (422).
        """
        check_plugin_id(self.plugin_id, field="/pluginId")
        SemVer.parse(self.version)
        return CreateDeployment(
            caller,
            self.plugin_id,
            self.version,
            self.environment,
            self.strategy,
            self.reason,
            self.on_conflict,
            config=self._config(),
            health=self.health,
            steps=self.steps,
            start_at=self.start_at.astimezone(UTC) if self.start_at else None,
            max_tenants=self.max_tenants,
            max_requests=self.max_requests,
        )

    def _config(self) -> dict[str, Any] | None:
        """Take the config of the deployment's own strategy; another one would change nothing, so it is refused."""
        given = {
            Strategy.CANARY: self.canary_config,
            Strategy.BLUE_GREEN: self.blue_green_config,
            Strategy.ROLLING: self.rolling_config,
            Strategy.AB_TESTING: self.ab_config,
        }
        strategy = self.strategy or DEFAULT_STRATEGY[self.environment]
        foreign = [CONFIG_NAMES[kind] for kind, config in given.items() if config is not None and kind is not strategy]
        if foreign:
            errors = tuple(
                FieldError(f"/{name}", f"A {strategy} deployment has no {name}.", f"Leave {name} out.")
                for name in foreign
            )
            raise UnprocessableError(errors[0].message, fix=errors[0].fix, errors=errors)
        return given.get(strategy)
