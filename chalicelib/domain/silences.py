"""Silences: how long nothing may be heard of an execution before its deployment is taken back without it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.deployments import LEASE_SECONDS, DeploymentStatus
from chalicelib.domain.health_criteria import criteria_of
from chalicelib.domain.plans import WAITS, StepKind
from chalicelib.domain.times import rfc3339
from chalicelib.domain.waits import tick_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.deployments import Deployment, Lease
    from chalicelib.domain.plans import Step

#: A look that is due may be so late: it is tried again for as long where a table is throttled or away for a while. With
#: the minute between two sweeps that is two minutes from the look that did not come.
PATIENCE_SECONDS = 60
#: What a step may take that does not wait: its function's own limit. A smoke test renews the lease before each call.
_WORK_SECONDS: Mapping[StepKind, int] = {StepKind.WARM: 90, StepKind.SMOKE: 60}
_OTHER_WORK_SECONDS = 30

_GOES_ON = (DeploymentStatus.IN_PROGRESS, DeploymentStatus.PAUSED)


def silent_since(deployment: Deployment, lease: Lease, now: datetime) -> str | None:
    """
    Say since when nothing was heard of an execution that should have shown a sign of life by *now*; else None.

    Each look and each step renews the lease, so the lease tells when that was. One that is slow and lives on finds its
    deployment ended and its fence gone, and touches nothing. While people are asked nobody has to show anything.
    """
    step = deployment.plan.current
    if deployment.status not in _GOES_ON or step is None or deployment.is_queued:
        return None
    renewed_at = rfc3339(datetime.fromisoformat(lease.expires_at) - timedelta(seconds=LEASE_SECONDS))
    # The first lease is a shorter one, and says less than when the deployment began.
    heard_at = max(renewed_at, deployment.created_at, deployment.started_at or "", step.started_at or "")
    due_at = datetime.fromisoformat(heard_at) + timedelta(seconds=_next_sign_seconds(deployment, step, now))
    return heard_at if now >= due_at + timedelta(seconds=PATIENCE_SECONDS) else None


def _next_sign_seconds(deployment: Deployment, step: Step, now: datetime) -> int:
    is_watched = step.kind in WAITS or deployment.hold is not None or deployment.status is DeploymentStatus.PAUSED
    look = tick_seconds(deployment, criteria_of(deployment.health), now)
    return look if is_watched else max(look, _WORK_SECONDS.get(step.kind, _OTHER_WORK_SECONDS))
