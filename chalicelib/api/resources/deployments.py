"""Deployments: how they go."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.models import Listing, Resource
from chalicelib.api.resources.approvals import ApprovalResource
from chalicelib.api.resources.observations import ExperimentResource
from chalicelib.api.resources.plans import StepResource
from chalicelib.api.resources.previews import ForecastResource
from chalicelib.domain.approvals import Approval
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.deployments import Deployment, DeploymentStatus, HealthCheck, Hold, OnConflict
from chalicelib.domain.ids import Environment
from chalicelib.domain.routes import SplitBy
from chalicelib.domain.sides import Exposure
from chalicelib.domain.strategies import Strategy
from chalicelib.domain.verbs import Verb, possible_verbs
from chalicelib.services.experiments import Standing
from chalicelib.services.previews import Preview


class DeploymentListing(Listing):
    """Which deployments to list, newest first."""

    plugin_id: Annotated[str | None, Field(max_length=40, description="Only deployments of this plugin.")] = None
    environment: Annotated[Environment | None, Field(description="Only deployments to this environment.")] = None
    status: Annotated[DeploymentStatus | None, Field(description="Only deployments in this status.")] = None


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


class HoldResource(Resource):
    """Why a deployment stands still although it has not ended."""

    reason: str
    by: Annotated[str, Field(description="Who paused it; `system`: a verdict, or a window that is closed.")]
    since: str
    until: Annotated[str | None, Field(description="When it looks again on its own; null: when a person says so.")]

    @classmethod
    def of(cls, hold: Hold) -> HoldResource:
        """Present a hold."""
        return cls(reason=hold.reason, by=hold.by, since=hold.since, until=hold.until)


class ExposureResource(Resource):
    """Whom the versions on trial have served."""

    tenants: Annotated[int, Field(description="Each counted once.")]
    requests: int
    failed_requests: Annotated[int, Field(description="Also those that stable answered instead.")]

    @classmethod
    def of(cls, exposure: Exposure) -> ExposureResource:
        """Present an exposure."""
        return cls(tenants=exposure.tenants, requests=exposure.requests, failed_requests=exposure.failed_requests)


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
    config: Annotated[dict[str, Any], Field(description="Of its strategy, completed with the defaults.")]
    health: Annotated[dict[str, Any], Field(description="The limits that its candidate must keep.")]
    split_by: SplitBy
    auto_rollback: bool
    on_conflict: OnConflict
    is_queued: Annotated[bool, Field(description="It waits for its turn, and nothing of it has begun.")]
    start_at: str | None
    max_tenants: int | None
    max_requests: int | None
    attempt: Annotated[int, Field(description="Counted from 1; a retry is the next.")]
    hold: HoldResource | None
    outcome_version: Annotated[str | None, Field(description="What an experiment left serving.")]
    plan: list[StepResource]
    current_step: Annotated[int | None, Field(description="Index of the first step that is not done; null at the end.")]
    affected_tenants: Annotated[int, Field(description="How many tenants had the plugin enabled when it began.")]
    exposure: Annotated[
        ExposureResource | None, Field(description="Told of a single deployment only; null if it can't be read now.")
    ]
    sent_back_tenants: Annotated[int, Field(description="How many went back to stable alone, by their own evidence.")]
    experiment: Annotated[
        ExperimentResource | None, Field(description="How an A/B test stands; told of a single deployment only.")
    ]
    approvals: Annotated[list[ApprovalResource], Field(description="Who was asked; told of a single deployment only.")]
    health_checks: list[HealthCheckResource]
    possible_verbs: Annotated[
        list[Verb], Field(description="What may be done with it now; `resume` after a roll-back, of a single one only.")
    ]
    initiated_by: str
    execution_arn: str | None
    created_at: str
    started_at: str | None
    ended_at: str | None
    regressed_at: Annotated[
        str | None, Field(description="When what it left serving was last found to fail more than before.")
    ]
    trace_id: str
    forecast: Annotated[ForecastResource | None, Field(description="Of a dry run only.")] = None

    @classmethod
    def of(
        cls,
        deployment: Deployment,
        *,
        approvals: tuple[Approval, ...] = (),
        names_tenants: bool = False,
        tells_signals: bool = False,
        holds_others: bool = False,
        exposure: Exposure | None = None,
        standing: Standing | None = None,
    ) -> DeploymentResource:
        """
        Present a deployment; *names_tenants* only to callers who may know who the tenants are.

        *tells_signals* of one alone: what each verdict was made of is more than a page of a listing should hold.
        *holds_others*: it was rolled back by hand, and what is queued waits for its `resume`.
        """
        current = deployment.plan.current
        return cls(
            deployment_id=deployment.id,
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
            config=dict(deployment.config),
            health=dict(deployment.health),
            split_by=deployment.split_by,
            auto_rollback=deployment.auto_rollback,
            on_conflict=deployment.on_conflict,
            is_queued=deployment.is_queued,
            start_at=deployment.start_at,
            max_tenants=deployment.max_tenants,
            max_requests=deployment.max_requests,
            attempt=deployment.attempt,
            hold=HoldResource.of(deployment.hold) if deployment.hold else None,
            outcome_version=deployment.outcome_version,
            plan=[
                StepResource.of(step, names_tenants=names_tenants, tells_signals=tells_signals)
                for step in deployment.plan.steps
            ],
            current_step=current.index if current and not deployment.status.is_final else None,
            affected_tenants=deployment.affected_tenants,
            exposure=ExposureResource.of(exposure) if exposure else None,
            sent_back_tenants=len(deployment.sent_back),
            experiment=ExperimentResource.of(standing) if standing else None,
            approvals=[ApprovalResource.of(one) for one in approvals],
            health_checks=[HealthCheckResource.of(check) for check in deployment.health_checks],
            possible_verbs=list(possible_verbs(deployment, holds_others=holds_others)),
            initiated_by=deployment.initiated_by,
            execution_arn=deployment.execution_arn,
            created_at=deployment.created_at,
            started_at=deployment.started_at,
            ended_at=deployment.ended_at,
            regressed_at=deployment.regressed_at,
            trace_id=deployment.trace_id,
        )

    @classmethod
    def of_preview(cls, preview: Preview, *, names_tenants: bool) -> DeploymentResource:
        """Present what would begin, and what is foretold of it; it has no id and no execution, since there is none."""
        planned = cls.of(preview.deployment, names_tenants=names_tenants)
        foretold = ForecastResource.of(preview)
        return planned.model_copy(update={"deployment_id": None, "execution_arn": None, "forecast": foretold})


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
