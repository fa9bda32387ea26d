"""Deployments: attempts to make a version the current one of an environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from hotswap.resources.forecasts import Forecast
from hotswap.resources.pages import walk
from hotswap.resources.reading import Document, number_of, text_of, time_of
from hotswap.transport import Transport


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step of a deployment's plan."""

    index: int
    kind: str
    detail: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    verdict: str
    verdict_reason: str
    reaches: int | None = None
    of_tenants: int | None = None
    sample: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Document) -> PlanStep:
        """Read one entry of a deployment's ``plan``."""
        verdict = document.get("verdict") or {}
        reach = document.get("reach") or {}

        return cls(
            index=int(number_of(document, "index") or 0),
            kind=text_of(document, "kind"),
            detail=text_of(document, "detail"),
            status=text_of(document, "status"),
            started_at=time_of(document, "startedAt"),
            ended_at=time_of(document, "endedAt"),
            verdict=text_of(verdict, "outcome"),
            verdict_reason=text_of(verdict, "reason"),
            reaches=reach.get("tenants"),
            of_tenants=reach.get("ofTenants"),
            sample=tuple(reach.get("sample") or ()),
        )


@dataclass(frozen=True, slots=True)
class Deployment:
    """One attempt to make a version the current one of an environment."""

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
            forecast=Forecast.of(document["forecast"]) if document.get("forecast") else None,
            raw=document,
        )

    @property
    def is_settled(self) -> bool:
        """Tell whether it has come to its end, whatever that is."""
        return self.status in {"Completed", "RolledBack", "Rejected", "Aborted", "Superseded", "Failed"}

    @property
    def is_held(self) -> bool:
        """Tell whether it waits for a person."""
        return self.status in {"PendingApproval", "Paused"}


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
