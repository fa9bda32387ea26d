"""Deployments: attempts to make a version the current one of an environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from hotswap.resources.decisions import Approval, Event, Exposure, Hold
from hotswap.resources.forecasts import Forecast
from hotswap.resources.given_verdicts import GivenVerdict
from hotswap.resources.pages import walk
from hotswap.resources.reading import Document, number_of, seconds_of, text_of, time_of
from hotswap.resources.verdicts import Verdict
from hotswap.transport import Transport


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step of a deployment's plan; *seconds* is how long it waits, *due_at* when that is over."""

    index: int
    kind: str
    detail: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    verdict: Verdict | None
    percentage: float | None = None
    seconds: float | None = None
    due_at: datetime | None = None
    reaches: int | None = None
    of_tenants: int | None = None
    sample: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Document) -> PlanStep:
        """Read one entry of a deployment's ``plan``."""
        reach = document.get("reach") or {}

        return cls(
            index=int(number_of(document, "index") or 0),
            kind=text_of(document, "kind"),
            detail=text_of(document, "detail"),
            status=text_of(document, "status"),
            started_at=time_of(document, "startedAt"),
            ended_at=time_of(document, "endedAt"),
            verdict=Verdict.of(document["verdict"]) if document.get("verdict") else None,
            percentage=number_of(document, "candidatePercentage"),
            seconds=seconds_of(document, "duration"),
            due_at=time_of(document, "dueAt"),
            reaches=reach.get("tenants"),
            of_tenants=reach.get("ofTenants"),
            sample=tuple(reach.get("sample") or ()),
        )


@dataclass(frozen=True, slots=True)
class Deployment:
    """
    One attempt to make a version the current one of an environment.

    *possible_verbs* is what a person may do with it now; *approvals* are known of a single deployment only.
    """

    id: str
    plugin_id: str
    version: str
    previous_version: str
    environment: str
    strategy: str
    status: str
    status_reason: str
    candidate_percentage: float | None
    progress_percentage: float | None
    plan: tuple[PlanStep, ...]
    initiated_by: str
    created_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    reason: str = ""
    attempt: int = 1
    is_queued: bool = False
    start_at: datetime | None = None
    hold: Hold | None = None
    affected_tenants: int = 0
    max_tenants: int | None = None
    max_requests: int | None = None
    outcome_version: str = ""
    exposure: Exposure | None = None
    approvals: tuple[Approval, ...] = ()
    possible_verbs: tuple[str, ...] = ()
    forecast: Forecast | None = None
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Deployment:
        """Read a deployment."""
        return cls(
            id=text_of(document, "deploymentId", "id"),
            plugin_id=text_of(document, "pluginId"),
            version=text_of(document, "version"),
            previous_version=text_of(document, "previousVersion"),
            environment=text_of(document, "environment"),
            strategy=text_of(document, "strategy"),
            status=text_of(document, "status"),
            status_reason=text_of(document, "statusReason"),
            candidate_percentage=number_of(document, "candidatePercentage"),
            progress_percentage=number_of(document, "progressPercentage"),
            plan=tuple(PlanStep.of(each) for each in document.get("plan") or ()),
            initiated_by=text_of(document, "initiatedBy"),
            created_at=time_of(document, "createdAt"),
            started_at=time_of(document, "startedAt"),
            ended_at=time_of(document, "endedAt"),
            reason=text_of(document, "reason"),
            attempt=int(number_of(document, "attempt") or 1),
            is_queued=bool(document.get("isQueued")),
            start_at=time_of(document, "startAt"),
            hold=Hold.of(document["hold"]) if document.get("hold") else None,
            affected_tenants=int(number_of(document, "affectedTenants") or 0),
            max_tenants=document.get("maxTenants"),
            max_requests=document.get("maxRequests"),
            outcome_version=text_of(document, "outcomeVersion"),
            exposure=Exposure.of(document["exposure"]) if document.get("exposure") else None,
            approvals=tuple(Approval.of(each) for each in document.get("approvals") or ()),
            possible_verbs=tuple(document.get("possibleVerbs") or ()),
            forecast=Forecast.of(document["forecast"]) if document.get("forecast") else None,
            raw=document,
        )

    @property
    def is_settled(self) -> bool:
        """Tell whether it has come to its end, whatever that is."""
        return self.status in {"Completed", "RolledBack", "Rejected", "Aborted", "Superseded", "Failed"}

    @property
    def is_held(self) -> bool:
        """Tell whether it stands still: people must agree, somebody paused it, or a verdict or a window holds it."""
        return not self.is_settled and (self.status in {"PendingApproval", "Paused"} or self.hold is not None)

    @property
    def current_step(self) -> PlanStep | None:
        """The step that it is at; None once it has ended."""
        behind = {"Completed", "Skipped", "Failed"}

        return None if self.is_settled else next((step for step in self.plan if step.status not in behind), None)

    @property
    def deciding_step(self) -> PlanStep | None:
        """The step whose verdict tells how it goes: the one that failed, else the last that was judged."""
        judged = [step for step in self.plan if step.verdict is not None]
        failed = [step for step in judged if step.status == "Failed"]

        return next(reversed(failed or judged), None)


class Deployments:
    """Requests about deployments."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        plugin_id: str,
        version: str,
        *,
        environment: str,
        validate_only: bool = False,
        **options: object,
    ) -> Deployment:
        """Begin a deployment, or only plan it; *options* in the API's spelling (``strategy``, ``canaryConfig``)."""
        body: dict[str, object] = {"pluginId": plugin_id, "version": version, "environment": environment}
        body |= {key: value for key, value in options.items() if value is not None}

        return Deployment.of(
            self._transport.request("POST", "/deployments", body=body, validate_only=validate_only).document
        )

    def get(self, deployment_id: str) -> Deployment:
        """Read one deployment."""
        return Deployment.of(self._transport.request("GET", f"/deployments/{deployment_id}").document)

    def timeline(self, deployment_id: str) -> tuple[Event, ...]:
        """Read what happened to a deployment, oldest first."""
        document = self._transport.request("GET", f"/deployments/{deployment_id}/timeline").document

        return tuple(Event.of(each) for each in document.get("items") or ())

    def verdicts(self, deployment_id: str, *, limit: int | None = None) -> Iterator[GivenVerdict]:
        """Walk through the verdicts on a deployment as they were given, newest first, *limit* at most (None: all)."""
        return walk(self._transport, f"/deployments/{deployment_id}/verdicts", GivenVerdict.of, limit=limit)

    def say(
        self, deployment_id: str, verb: str, *, reason: str, validate_only: bool = False, **options: object
    ) -> Deployment:
        """Do *verb* (``pause``, ``resume``, …) with it; *options* in the API's spelling (``stepIndex``)."""
        body = {"reason": reason, **{key: value for key, value in options.items() if value is not None}}
        path = f"/deployments/{deployment_id}/{verb}"

        return Deployment.of(self._transport.request("POST", path, body=body, validate_only=validate_only).document)

    def list(
        self,
        *,
        plugin_id: str | None = None,
        environment: str | None = None,
        status: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Deployment]:
        """Walk through the deployments that the filters admit."""
        filters = {"pluginId": plugin_id, "environment": environment, "status": status}

        return walk(self._transport, "/deployments", Deployment.of, limit=limit, filters=filters)
