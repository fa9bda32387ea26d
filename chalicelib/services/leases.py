"""Leases of deployments: taking, keeping and giving back the right to move a (plugin, environment)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.deployments import FIRST_LEASE_SECONDS, LEASE_SECONDS, Lease
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment
    from chalicelib.ports import Ports


def lease_expiry(now: datetime) -> str:
    """Say until when a lease that a step renews *now* holds."""
    return rfc3339(now + timedelta(seconds=LEASE_SECONDS))


def first_lease(deployment: Deployment, now: datetime) -> Lease:
    """Hold the lease until the first step of the execution renews it; a person who begins ends every hold."""
    expires_at = rfc3339(now + timedelta(seconds=FIRST_LEASE_SECONDS))
    return Lease(deployment.plugin_id, deployment.environment, deployment.id, deployment.fence, expires_at)


def renewed_lease(deployment: Deployment, ports: Ports) -> Lease:
    """Hold the lease for another full time."""
    expires_at = lease_expiry(ports.clock.now())
    return Lease(deployment.plugin_id, deployment.environment, deployment.id, deployment.fence, expires_at)


def released_lease(deployment: Deployment, ports: Ports, *, held_by: str = "") -> Lease:
    """
    Give the lease back; the fence stays, so that the next holder's is greater.

    *held_by*: nothing queued and nothing automatic begins until somebody resumes that deployment.
    """
    expires_at = rfc3339(ports.clock.now())
    return Lease(deployment.plugin_id, deployment.environment, "", deployment.fence, expires_at, held_by)


def next_fence(lease: Lease | None) -> int:
    """Say which fence the next holder gets."""
    return lease.fence + 1 if lease else 1
