"""Deployments, their leases and the routes they write, in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.approvals import Approval
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.deployments import Deployment, DeploymentInProgressError, Lease
from chalicelib.domain.errors import ConflictError, FencedOffError, NotFoundError, StaleRevisionError
from chalicelib.domain.given_verdicts import GivenVerdict
from chalicelib.domain.ids import Environment
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.plugins import PluginStatus
from chalicelib.domain.routes import Route
from tests.fakes.approvals import require_next_approval
from tests.fakes.tables import FakeTables, page_of, require_revision
from tests.fakes.verdicts import require_new_verdict


@dataclass
class FakeRoutes:
    """Routes, to read."""

    tables: FakeTables

    def get(self, plugin_id: str, environment: str) -> Route | None:
        return self.tables.routes.get((plugin_id, environment))

    def everywhere(self) -> Iterator[Route]:
        for _, route in sorted(self.tables.routes.items()):
            yield route

    def of_plugin(self, plugin_id: str) -> tuple[Route, ...]:
        found = (self.get(plugin_id, environment) for environment in Environment)
        return tuple(route for route in found if route is not None)


@dataclass
class FakeDeployments:
    """Deployments with all that moves with them."""

    tables: FakeTables

    def create(self, deployment: Deployment, lease: Lease | None, record: AuditRecord, *, now: datetime) -> None:
        with self.tables.transaction(record):
            if lease is not None:
                self._require_free(lease, now)
            if deployment.id in self.tables.deployments:
                raise ConflictError(f"{deployment.id} exists already.")
            self.tables.deployments[deployment.id] = deployment
            if lease is not None:
                self.tables.leases[lease.plugin_id, lease.environment] = lease

    def take(
        self, deployment: Deployment, lease: Lease, record: AuditRecord, *, now: datetime, route: Route | None = None
    ) -> Deployment:
        with self.tables.transaction(record):
            self._require_free(lease, now)
            return self._save(deployment, route, lease)

    def live(self) -> Iterator[Deployment]:
        for _, deployment in sorted(self.tables.deployments.items()):
            if not deployment.status.is_final:
                yield deployment

    def watched(self) -> Iterator[Deployment]:
        for _, deployment in sorted(self.tables.deployments.items()):
            if deployment.status.is_final and deployment.is_watched:
                yield deployment

    def renew(self, lease: Lease) -> None:
        with self.tables.lock:
            known = self.lease(lease.plugin_id, lease.environment)
            if known is None or (known.fence, known.holder) != (lease.fence, lease.holder):
                raise FencedOffError("A newer deployment holds the lease, or it was given back.")
            self.tables.leases[lease.plugin_id, lease.environment] = lease

    def get(self, deployment_id: str) -> Deployment:
        deployment = self.tables.deployments.get(deployment_id)
        if deployment is None:
            raise NotFoundError(f"There is no deployment {deployment_id!r}.", fix="List the deployments.")
        return deployment

    def page(
        self, request: PageRequest, *, plugin_id: str | None, environment: str | None, status: str | None
    ) -> Page[Deployment]:
        newest_first = sorted(self.tables.deployments.items(), reverse=True)
        return page_of(
            (
                (key, item)
                for key, item in newest_first
                if plugin_id in (None, item.plugin_id)
                and environment in (None, item.environment)
                and status in (None, item.status)
            ),
            request,
        )

    def lease(self, plugin_id: str, environment: str) -> Lease | None:
        return self.tables.leases.get((plugin_id, environment))

    def commit(
        self,
        deployment: Deployment,
        record: AuditRecord,
        *,
        route: Route | None = None,
        lease: Lease | None = None,
        approval: Approval | None = None,
        verdict: GivenVerdict | None = None,
    ) -> Deployment:
        with self.tables.transaction(record):
            if lease is not None:
                self._require_same_fence(lease)
            return self._save(deployment, route, lease, approval, verdict)

    def _save(
        self,
        deployment: Deployment,
        route: Route | None,
        lease: Lease | None,
        approval: Approval | None = None,
        verdict: GivenVerdict | None = None,
    ) -> Deployment:
        if route is not None:
            self._require_next(route)
            self._require_plugin(route)
        require_revision(self.tables.deployments.get(deployment.id), deployment.revision)
        if approval is not None:
            require_next_approval(self.tables, approval)
        if verdict is not None:
            require_new_verdict(self.tables, verdict)

        saved = replace(deployment, revision=deployment.revision + 1)
        self.tables.deployments[deployment.id] = saved
        if lease is not None:
            self.tables.leases[lease.plugin_id, lease.environment] = lease
        if route is not None:
            self.tables.routes[route.plugin_id, route.environment] = route
        if approval is not None:
            self.tables.approvals[approval.id] = replace(approval, revision=approval.revision + 1)
        if verdict is not None:
            self.tables.verdicts[verdict.deployment_id, verdict.place] = verdict
        return saved

    def timeline(self, deployment_id: str) -> tuple[AuditRecord, ...]:
        own = (record for record in self.tables.records if record.resource == f"deployments/{deployment_id}")
        return tuple(sorted(own, key=lambda record: (record.at, record.id)))

    def _require_free(self, lease: Lease, now: datetime) -> None:
        known = self.lease(lease.plugin_id, lease.environment)
        is_free = known is None or not known.holder or datetime.fromisoformat(known.expires_at) <= now
        is_next = (known.fence if known else 0) == lease.fence - 1
        if not is_free or not is_next:
            raise DeploymentInProgressError(
                f"A deployment of {lease.plugin_id} to {lease.environment} is going on.",
                fix="Wait until it has ended.",
            )

    def _require_same_fence(self, lease: Lease) -> None:
        known = self.lease(lease.plugin_id, lease.environment)
        if known is None or known.fence != lease.fence:
            raise FencedOffError("A newer deployment holds the lease.")

    def _require_plugin(self, route: Route) -> None:
        plugin = self.tables.plugins.get(route.plugin_id)
        if route.targets and plugin is not None and plugin.status is PluginStatus.DELETED:
            raise NotFoundError(f"There is no plugin {route.plugin_id!r}.", fix="Register it again.")

    def _require_next(self, route: Route) -> None:
        known = self.tables.routes.get((route.plugin_id, route.environment))
        if known is not None and known.fence > route.fence:
            raise FencedOffError("A newer deployment owns the route.")
        if (known.epoch if known else 0) != route.epoch - 1:
            raise StaleRevisionError("Somebody else wrote the route in between.")
