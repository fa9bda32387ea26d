"""Deployments and their leases, and the routes that they write: one transaction a change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.approvals import DynamoApprovals
from chalicelib.adapters.dynamodb.audit import Check, DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.deployment_documents import deployment_of
from chalicelib.adapters.dynamodb.deployment_items import DeploymentItem
from chalicelib.adapters.dynamodb.items import LISTED_KEYS, Tables, document_of
from chalicelib.adapters.dynamodb.leases import DynamoLeases, fenced_off, stale
from chalicelib.adapters.dynamodb.listings import read_page, start_of
from chalicelib.adapters.dynamodb.registry_items import PluginItem
from chalicelib.adapters.dynamodb.routes import DynamoRoutes, route_item
from chalicelib.adapters.dynamodb.routing_items import RouteItem
from chalicelib.adapters.dynamodb.verdicts import DynamoVerdicts
from chalicelib.domain.approvals import Approval
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.deployments import Deployment, Lease
from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.domain.given_verdicts import GivenVerdict
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.plugins import PluginStatus
from chalicelib.domain.routes import Route


class DynamoDeployments:
    """Deployments; whatever moves with one is written with it, or not at all."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        self._items = tables.bind(DeploymentItem, "deployments")
        self._leases = DynamoLeases(tables)
        self._approvals = DynamoApprovals(tables, audit)
        self._verdicts = DynamoVerdicts(tables)
        self._route_items = tables.bind(RouteItem, "routing")
        self._routes = DynamoRoutes(tables)
        self._plugins = tables.bind(PluginItem, "registry")
        self._audit = audit

    def create(self, deployment: Deployment, lease: Lease | None, record: AuditRecord, *, now: datetime) -> None:
        """
        Store a new deployment and take the lease for it; without one it is queued.

        Raises:
            DeploymentInProgressError: Another deployment holds the lease.
        """
        taken = [self._leases.taking(lease, now)] if lease is not None else []
        is_new = DeploymentItem.pk.does_not_exist()
        exists = ConflictError(f"{deployment.id} exists already.", fix="Repeat the request.")
        self._audit.write(record, *taken, Put(self._item(deployment), is_new, lambda: exists))

    def take(
        self, deployment: Deployment, lease: Lease, record: AuditRecord, *, now: datetime, route: Route | None = None
    ) -> Deployment:
        """
        Take the free lease for a stored deployment, and move the route with it if one is given.

        Raises:
            DeploymentInProgressError: Another deployment holds the lease.
            StaleRevisionError: Somebody wrote in between.
        """
        return self._save(deployment, record, self._leases.taking(lease, now), route=route)

    def renew(self, lease: Lease) -> None:
        """
        Hold the lease until its new *expires_at*, without a touch of its deployment.

        Raises:
            FencedOffError: A newer deployment holds it, or it was given back.
        """
        self._leases.renew(lease)

    def live(self) -> Iterator[Deployment]:
        """Go through all that have not ended, queued ones too, oldest first; the listing may lag by a moment."""
        with translated("DynamoDB"):
            for item in self._items.live.query(keys.LIVE_DEPLOYMENTS):
                yield deployment_of(item)

    def watched(self) -> Iterator[Deployment]:
        """Go through all that have ended and are looked after, oldest first; the listing may lag by a moment."""
        with translated("DynamoDB"):
            for item in self._items.live.query(keys.WATCHED_DEPLOYMENTS):
                yield deployment_of(item)

    @translated("DynamoDB")
    def get(self, deployment_id: str) -> Deployment:
        """
        Return one deployment, strongly consistent.

        Raises:
            NotFoundError: There is none.
        """
        try:
            return deployment_of(self._items.get(*keys.deployment(deployment_id), consistent_read=True))
        except self._items.DoesNotExist:
            raise NotFoundError(
                f"There is no deployment {deployment_id[:80]!r}.", fix="GET /deployments lists them."
            ) from None

    @translated("DynamoDB")
    def page(
        self, request: PageRequest, *, plugin_id: str | None, environment: str | None, status: str | None
    ) -> Page[Deployment]:
        """List deployments, newest first; None filters nothing. Of one plugin it may lag by a moment (index)."""
        index = DeploymentItem.listing.Meta.index_name if plugin_id else None
        found = self._items.query(
            keys.deployments_of(plugin_id) if plugin_id else keys.DEPLOYMENTS,
            index_name=index,
            consistent_read=index is None,
            scan_index_forward=False,
            page_size=request.limit + 1,
            last_evaluated_key=start_of(request),
        )
        return read_page(
            found,
            request,
            deployment_of,
            key_names=LISTED_KEYS if index else ("pk", "sk"),
            admits=lambda one: environment in (None, one.environment) and status in (None, one.status.value),
        )

    def lease(self, plugin_id: str, environment: str) -> Lease | None:
        """Return the lease as it stands (also an expired or released one, whose holder is then ``""``)."""
        return self._leases.get(plugin_id, environment)

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
        """
        Write the deployment and what moves with it, all or nothing; return it with its new revision.

            old step (fence 6, paused)     new deployment
            ──────────────────────────     ──────────────
            read route, epoch 3
                                           take the expired lease, fence 7
                                           write route, epoch 4, fence 7
            write route, epoch 4, fence 6
            if epoch is 3 and fence ≤ 6 → refused: FencedOffError

        Raises:
            StaleRevisionError: Somebody wrote in between.
            FencedOffError: The lease or the route has a newer fence.
            NotFoundError: The plugin was deleted.
        """
        leases = [self._leases.keeping(lease)] if lease is not None else []
        approvals = [self._approvals.putting(approval)] if approval is not None else []
        verdicts = [self._verdicts.putting(verdict)] if verdict is not None else []
        return self._save(deployment, record, *leases, route=route, and_then=[*approvals, *verdicts])

    def _save(
        self,
        deployment: Deployment,
        record: AuditRecord,
        *first: Put,
        route: Route | None,
        and_then: Sequence[Put] = (),
    ) -> Deployment:
        """Write; what tells more about why it is refused comes first: a fence before a revision."""
        saved = replace(deployment, revision=deployment.revision + 1)
        is_unchanged = DeploymentItem.revision == deployment.revision
        own = Put(self._item(saved), is_unchanged, lambda: stale(deployment.id))
        moved = [self._put_route(route)] if route is not None else []
        checks = [self._plugin_is_there(route.plugin_id)] if route is not None and route.targets else []
        self._audit.write(record, *first, *moved, own, *and_then, checks=checks)
        return saved

    def timeline(self, deployment_id: str) -> tuple[AuditRecord, ...]:
        """Return what happened to it, oldest first."""
        return self._audit.read(f"deployments/{deployment_id}")

    def _put_route(self, route: Route) -> Put:
        follows_what_was_read = RouteItem.epoch == route.epoch - 1
        nobody_newer_wrote = RouteItem.fence <= route.fence
        is_next = follows_what_was_read & nobody_newer_wrote
        is_first = RouteItem.pk.does_not_exist()
        item = route_item(self._route_items, route)
        return Put(item, is_next | is_first if route.epoch == 1 else is_next, lambda: self._refusal_of(route))

    def _plugin_is_there(self, plugin_id: str) -> Check:
        has_no_tombstone = PluginItem.pk.does_not_exist() | (PluginItem.status != PluginStatus.DELETED.value)
        return Check(
            self._plugins,
            keys.plugin(plugin_id),
            has_no_tombstone,
            lambda: NotFoundError(f"There is no plugin {plugin_id!r}.", fix="Register it again."),
        )

    def _refusal_of(self, route: Route) -> Exception:
        """Tell a newer deployment from a mere change in between; both refused the write already."""
        stored = self._routes.get(route.plugin_id, route.environment)
        return fenced_off(route.plugin_id) if stored and stored.fence > route.fence else stale(route.plugin_id)

    def _item(self, deployment: Deployment) -> DeploymentItem:
        listing = keys.WATCHED_DEPLOYMENTS if deployment.is_watched else None
        if not deployment.status.is_final:
            listing = keys.LIVE_DEPLOYMENTS
        return self._items(
            *keys.deployment(deployment.id),
            gsi1pk=keys.deployments_of(deployment.plugin_id),
            gsi1sk=deployment.id,
            gsi2pk=listing,
            gsi2sk=deployment.id if listing else None,
            **document_of(deployment),
        )
