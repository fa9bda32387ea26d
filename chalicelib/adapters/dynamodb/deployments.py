"""Deployments and their leases, and the routes that they write: one transaction a change."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit import Check, DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.deployment_documents import deployment_of
from chalicelib.adapters.dynamodb.deployment_items import DeploymentItem, LeaseItem
from chalicelib.adapters.dynamodb.items import LISTED_KEYS, Tables
from chalicelib.adapters.dynamodb.listings import read_page, start_of
from chalicelib.adapters.dynamodb.registry_items import PluginItem
from chalicelib.adapters.dynamodb.routes import DynamoRoutes
from chalicelib.adapters.dynamodb.routing_items import RouteItem
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.deployments import Deployment, DeploymentInProgressError, Lease
from chalicelib.domain.errors import ConflictError, FencedOffError, NotFoundError, StaleRevisionError
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.plugins import PluginStatus
from chalicelib.domain.routes import Route


class DynamoDeployments:
    """Deployments; whatever moves with one is written with it, or not at all."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        self._items = tables.bind(DeploymentItem, "deployments")
        self._leases = tables.bind(LeaseItem, "deployments")
        self._route_items = tables.bind(RouteItem, "routing")
        self._routes = DynamoRoutes(tables)
        self._plugins = tables.bind(PluginItem, "registry")
        self._audit = audit

    def create(self, deployment: Deployment, lease: Lease, record: AuditRecord, *, now: datetime) -> None:
        """
        Store a new deployment and take the lease for it.

            first                          second
            ─────                          ──────
            read lease → free, fence 6
                                           read lease → free, fence 6
            write lease, fence 7
            if fence is 6 and it is free
                                           write lease, fence 7
                                           if fence is 6 → refused: it is 7

        Raises:
            DeploymentInProgressError: Another deployment holds the lease.
        """
        never_taken = LeaseItem.pk.does_not_exist()
        is_released = LeaseItem.holder == ""
        has_expired = LeaseItem.expires_at_ms <= _milliseconds(now)
        is_the_one_read = LeaseItem.fence == lease.fence - 1
        follows_it = is_the_one_read & (is_released | has_expired)
        may_take = follows_it | never_taken if lease.fence == 1 else follows_it
        self._audit.write(
            record,
            Put(
                self._lease_item(lease),
                may_take,
                lambda: DeploymentInProgressError(
                    f"A deployment of {lease.plugin_id} to {lease.environment} is going on.",
                    fix="Wait until it has ended: GET /deployments?pluginId=… shows it.",
                ),
            ),
            Put(
                self._item(deployment),
                DeploymentItem.pk.does_not_exist(),
                lambda: ConflictError(f"{deployment.id} exists already.", fix="Repeat the request."),
            ),
        )

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

    @translated("DynamoDB")
    def lease(self, plugin_id: str, environment: str) -> Lease | None:
        """Return the lease as it stands (also an expired or released one, whose holder is then ``""``)."""
        try:
            item = self._leases.get(*keys.lease(plugin_id, environment), consistent_read=True)
        except self._leases.DoesNotExist:
            return None
        return Lease(plugin_id, environment, item.holder, int(item.fence), item.expires_at)

    def commit(
        self, deployment: Deployment, record: AuditRecord, *, route: Route | None = None, lease: Lease | None = None
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
        saved = replace(deployment, revision=deployment.revision + 1)
        is_unchanged = DeploymentItem.revision == deployment.revision
        changes = [Put(self._item(saved), is_unchanged, lambda: _stale(deployment.id))]
        # What tells more about why comes first: a fence before a revision.
        if route is not None:
            changes.insert(0, self._put_route(route))
        if lease is not None:
            is_still_ours = LeaseItem.fence == lease.fence
            changes.insert(0, Put(self._lease_item(lease), is_still_ours, lambda: _fenced_off(lease.plugin_id)))
        checks = [self._plugin_is_there(route.plugin_id)] if route is not None and route.targets else []
        self._audit.write(record, *changes, checks=checks)
        return saved

    def timeline(self, deployment_id: str) -> tuple[AuditRecord, ...]:
        """Return what happened to it, oldest first."""
        return self._audit.read(f"deployments/{deployment_id}")

    def _put_route(self, route: Route) -> Put:
        follows_what_was_read = RouteItem.epoch == route.epoch - 1
        nobody_newer_wrote = RouteItem.fence <= route.fence
        is_next = follows_what_was_read & nobody_newer_wrote
        is_first = RouteItem.pk.does_not_exist()
        item = self._route_items(
            *keys.route(route.plugin_id, route.environment),
            gsi1pk=keys.ALL_ROUTES,
            gsi1sk=f"{route.plugin_id}#{route.environment}",
            **asdict(route),
        )
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
        return _fenced_off(route.plugin_id) if stored and stored.fence > route.fence else _stale(route.plugin_id)

    def _item(self, deployment: Deployment) -> DeploymentItem:
        return self._items(
            *keys.deployment(deployment.id),
            gsi1pk=keys.deployments_of(deployment.plugin_id),
            gsi1sk=deployment.id,
            **asdict(deployment),
        )

    def _lease_item(self, lease: Lease) -> LeaseItem:
        return self._leases(
            *keys.lease(lease.plugin_id, lease.environment),
            holder=lease.holder,
            fence=lease.fence,
            expires_at=lease.expires_at,
            expires_at_ms=_milliseconds(datetime.fromisoformat(lease.expires_at)),
        )


def _stale(what: str) -> StaleRevisionError:
    return StaleRevisionError(f"Somebody else changed {what} in between.", fix="Read it again, then repeat.")


def _fenced_off(plugin_id: str) -> FencedOffError:
    return FencedOffError(
        f"A newer deployment of {plugin_id} goes on.", fix="Nothing is to be done: the newer deployment goes on."
    )


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
