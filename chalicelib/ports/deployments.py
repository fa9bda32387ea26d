"""Deployments with their leases, and the routes that they move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from chalicelib.domain.approvals import Approval
    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.deployments import Deployment, Lease
    from chalicelib.domain.given_verdicts import GivenVerdict
    from chalicelib.domain.pages import Page, PageRequest
    from chalicelib.domain.routes import Route


class RouteRepository(Protocol):
    """Routes: read here, written with the deployment that moves them."""

    def get(self, plugin_id: str, environment: str) -> Route | None:
        """Return the route, strongly consistent; None before the first deployment."""

    def everywhere(self) -> Iterator[Route]:
        """Go through all routes by plugin; the listing may lag behind by a moment."""

    def of_plugin(self, plugin_id: str) -> tuple[Route, ...]:
        """Return the routes of a plugin in all environments."""


class DeploymentRepository(Protocol):
    """Deployments, their leases, and the routes they write: one transaction a change."""

    def create(self, deployment: Deployment, lease: Lease | None, record: AuditRecord, *, now: datetime) -> None:
        """
        Store a new deployment and take the lease for it; without one it is queued, and nothing else changes.

        Written only if the lease is free or expired at *now*, and its stored fence is ``lease.fence - 1``.

        Raises:
            DeploymentInProgressError: Another deployment holds the lease.
        """

    def get(self, deployment_id: str) -> Deployment:
        """
        Return one deployment, strongly consistent.

        Raises:
            NotFoundError: There is none.
        """

    def page(
        self, request: PageRequest, *, plugin_id: str | None, environment: str | None, status: str | None
    ) -> Page[Deployment]:
        """List deployments, newest first; None filters nothing."""

    def lease(self, plugin_id: str, environment: str) -> Lease | None:
        """Return the lease as it stands (also an expired or released one, whose holder is then ``""``)."""

    def take(
        self, deployment: Deployment, lease: Lease, record: AuditRecord, *, now: datetime, route: Route | None = None
    ) -> Deployment:
        """
        Take the free lease for a stored deployment: its turn in the queue, a new attempt, a return to an old version.

        Conditions: those of `create` for the lease, those of `commit` for deployment and *route*. A lease that is
        given back in the same breath (holder ``""``) is as good: the fence grows.

        Raises:
            DeploymentInProgressError: Another deployment holds the lease.
            StaleRevisionError: Somebody wrote in between.
        """

    def live(self) -> Iterator[Deployment]:
        """Go through all that have not ended, queued ones too, oldest first; the listing may lag by a moment."""

    def watched(self) -> Iterator[Deployment]:
        """Go through all that have ended and are looked after, oldest first; the listing may lag by a moment."""

    def renew(self, lease: Lease) -> None:
        """
        Hold the lease until its new *expires_at*, without a touch of its deployment.

        Raises:
            FencedOffError: A newer deployment holds it, or it was given back.
        """

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

        Conditions: the deployment's revision is the one read; a given *route* follows the stored one
        (``epoch`` one less, or none stored and epoch 1) and its fence is not smaller than the stored one;
        a given *lease* still has the same fence (holder ``""`` releases it); a route with any target needs
        its plugin not to be deleted; a given *approval* is new (revision 0), or unchanged since it was read; a given
        *verdict* is new.

        Raises:
            StaleRevisionError: Somebody wrote in between.
            FencedOffError: The lease or the route has a newer fence.
            NotFoundError: The plugin was deleted.
        """

    def timeline(self, deployment_id: str) -> tuple[AuditRecord, ...]:
        """Return what happened to it, oldest first."""
