"""Deployments: asking for one, and how it goes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Listing, Resource, Text
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.authorization import Caller
from chalicelib.domain.deployments import Deployment, DeploymentStatus, HealthCheck
from chalicelib.domain.errors import FieldError, UnprocessableError
from chalicelib.domain.ids import Environment, check_plugin_id
from chalicelib.domain.plans import Step, StepKind, StepStatus
from chalicelib.domain.strategies import DEFAULT_STRATEGY, Strategy
from chalicelib.domain.versions import SemVer
from chalicelib.services.deployments import CreateDeployment

_CONFIG_OF = {
    Strategy.CANARY: "canaryConfig",
    Strategy.BLUE_GREEN: "blueGreenConfig",
    Strategy.ROLLING: "rollingConfig",
    Strategy.AB_TESTING: "abConfig",
}
Config = Annotated[dict[str, Any] | None, Field(description="Goes with its own strategy.")]


class CreateDeploymentBody(Body):
    """Which version is to become the current one of an environment, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "pluginId": "payment-processor-stripe",
                    "version": "2.0.0",
                    "environment": "Development",
                    "strategy": "Direct",
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
    canary_config: Config = None
    blue_green_config: Config = None
    rolling_config: Config = None
    ab_config: Config = None
    health: Annotated[dict[str, Any] | None, Field(description="Not in this release: refused.")] = None
    steps: Annotated[list[Any] | None, Field(description="Not in this release: refused.")] = None
    on_conflict: Annotated[
        Literal["reject", "queue", "supersede"], Field(description="In this release only `reject`.")
    ] = "reject"

    def to_command(self, caller: Caller, *, validate_only: bool) -> CreateDeployment:
        """
        Make the command of the use case.

        Raises:
            ValidationError: The plugin's name or the version can't be one (400).
            UnprocessableError: It asks for what this release would not do (422).
        """
        check_plugin_id(self.plugin_id, field="/pluginId")
        SemVer.parse(self.version)
        refused = self._refused()
        if refused:
            raise UnprocessableError(
                "This release can't honour everything that the deployment asks for.", fix=refused[0].fix, errors=refused
            )
        return CreateDeployment(
            caller,
            self.plugin_id,
            self.version,
            self.environment,
            self.strategy,
            self.reason,
            validate_only=validate_only,
        )

    def _refused(self) -> tuple[FieldError, ...]:
        """
        Name what would else be ignored.

        The config of the deployment's own strategy is not among it: whether that strategy
        can run is the use case's to say.
        """
        strategy = self.strategy or DEFAULT_STRATEGY[self.environment]
        given = {
            "canaryConfig": self.canary_config,
            "blueGreenConfig": self.blue_green_config,
            "rollingConfig": self.rolling_config,
            "abConfig": self.ab_config,
            "health": self.health,
            "steps": self.steps,
            "onConflict": None if self.on_conflict == "reject" else self.on_conflict,
        }
        own = _CONFIG_OF.get(strategy)
        return tuple(_refusal(name, strategy) for name, value in given.items() if value is not None and name != own)


def _refusal(name: str, strategy: Strategy) -> FieldError:
    if name in _CONFIG_OF.values():
        return FieldError(f"/{name}", f"A {strategy} deployment has no {name}.", f"Leave {name} out.")
    if name == "onConflict":
        return FieldError("/onConflict", "Deployments can't wait in this release.", 'Leave it out, or send "reject".')
    return FieldError(f"/{name}", "It can't be honoured in this release.", f"Leave {name} out.")


class DeploymentListing(Listing):
    """Which deployments to list, newest first."""

    plugin_id: Annotated[str | None, Field(max_length=40, description="Only deployments of this plugin.")] = None
    environment: Annotated[Environment | None, Field(description="Only deployments to this environment.")] = None
    status: Annotated[DeploymentStatus | None, Field(description="Only deployments in this status.")] = None


class VerdictResource(Resource):
    """A judgement with its reason."""

    outcome: Annotated[str, Field(description="pass, fail, inconclusive or error.")]
    reason: str


class StepResource(Resource):
    """One step of a plan."""

    index: Annotated[int, Field(description="Counted from 0.")]
    kind: StepKind
    detail: str
    status: StepStatus
    candidate_percentage: Annotated[float | None, Field(description="The candidate's share once this step is done.")]
    started_at: str | None
    ended_at: str | None
    verdict: VerdictResource | None

    @classmethod
    def of(cls, step: Step) -> StepResource:
        """Present a step."""
        verdict = step.verdict
        return cls(
            index=step.index,
            kind=step.kind,
            detail=step.detail,
            status=step.status,
            candidate_percentage=None if step.share_bps is None else step.share_bps / 100,
            started_at=step.started_at,
            ended_at=step.ended_at,
            verdict=VerdictResource(outcome=verdict.outcome, reason=verdict.reason) if verdict else None,
        )


class HealthCheckResource(Resource):
    """One synthetic call of the candidate."""

    at: str
    version: str
    operation: str
    outcome: str
    duration_ms: float
    message: str

    @classmethod
    def of(cls, check: HealthCheck) -> HealthCheckResource:
        """Present a health check."""
        return cls(
            at=check.at,
            version=check.version,
            operation=check.operation,
            outcome=check.outcome,
            duration_ms=check.duration_ms,
            message=check.message,
        )


class DeploymentResource(Resource):
    """One attempt to make a version the current one of an environment."""

    deployment_id: Annotated[str | None, Field(description="Null in a dry run, which makes none.")]
    plugin_id: str
    version: str
    previous_version: str | None
    environment: Environment
    strategy: Strategy
    status: DeploymentStatus
    status_reason: str
    reason: str
    progress_percentage: int
    candidate_percentage: float
    plan: list[StepResource]
    current_step: Annotated[int | None, Field(description="Index of the first step that is not done; null at the end.")]
    affected_tenants: Annotated[int, Field(description="How many tenants had the plugin enabled when it began.")]
    approvals: Annotated[list[dict[str, Any]], Field(description="Empty: nothing that needs one is accepted yet.")]
    health_checks: list[HealthCheckResource]
    initiated_by: str
    execution_arn: str | None
    created_at: str
    started_at: str | None
    ended_at: str | None
    trace_id: str

    @classmethod
    def of(cls, deployment: Deployment, *, is_preview: bool = False) -> DeploymentResource:
        """Present a deployment; a preview has no id and no execution, since there is none."""
        current = deployment.plan.current
        return cls(
            deployment_id=None if is_preview else deployment.id,
            plugin_id=deployment.plugin_id,
            version=deployment.target.version,
            previous_version=deployment.previous_version,
            environment=Environment(deployment.environment),
            strategy=deployment.strategy,
            status=deployment.status,
            status_reason=deployment.status_reason,
            reason=deployment.reason,
            progress_percentage=deployment.plan.progress_percentage,
            candidate_percentage=deployment.candidate_bps / 100,
            plan=[StepResource.of(step) for step in deployment.plan.steps],
            current_step=current.index if current and not deployment.status.is_final else None,
            affected_tenants=deployment.affected_tenants,
            approvals=[],
            health_checks=[HealthCheckResource.of(check) for check in deployment.health_checks],
            initiated_by=deployment.initiated_by,
            execution_arn=None if is_preview else deployment.execution_arn,
            created_at=deployment.created_at,
            started_at=deployment.started_at,
            ended_at=deployment.ended_at,
            trace_id=deployment.trace_id,
        )


class EventResource(Resource):
    """Something that happened to a deployment."""

    at: str
    action: str
    actor: str
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]
    trace_id: str

    @classmethod
    def of(cls, record: AuditRecord) -> EventResource:
        """Present a record of the audit trail."""
        return cls(
            at=record.at,
            action=record.action,
            actor=record.actor,
            reason=record.reason,
            before=dict(record.before),
            after=dict(record.after),
            trace_id=record.trace_id,
        )


class TimelineResource(Resource):
    """What happened to a deployment, oldest first."""

    items: list[EventResource]
