"""Eager looks: when to look again before the interval is over, since a version has just come or is under suspicion."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain.plans import StepKind, StepStatus
from chalicelib.domain.verdicts import SUSPICION, Outcome

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.verdicts import Verdict

#: Under suspicion it is looked at this often, and so long; what is not decided then waits for calls, not for looks.
_SUSPICIOUS_SECONDS = 2
_SUSPICION_LASTS_SECONDS = 600


def eager_seconds(deployment: Deployment, verdict: Verdict | None, now: datetime) -> int | None:
    """
    Say in how many seconds to look again at the latest; None where the interval is soon enough.

    Most bad versions are bad from their first call. So the looks after a shift come at once, then after twice the
    time of the one before, until the interval is reached: three or four more, and what fails half of its calls is gone
    before the first regular look. Evidence that is no proof yet may be one after a few more calls.
    """
    step = deployment.plan.current
    if step is None or step.kind is not StepKind.OBSERVE or not step.started_at or not _has_tenants(deployment):
        return None
    elapsed = (now - datetime.fromisoformat(step.started_at)).total_seconds()
    if verdict is not None and elapsed < _SUSPICION_LASTS_SECONDS and _is_suspicious(verdict):
        return _SUSPICIOUS_SECONDS
    return max(1, math.ceil(elapsed))


def _is_suspicious(verdict: Verdict) -> bool:
    """Tell whether any rule of ours holds more against it than chance explains."""
    doubts = (one for one in verdict.parts if one.outcome != Outcome.PASS and one.evidence is not None)
    return any(one.evidence is not None and one.evidence >= SUSPICION for one in doubts)


def _has_tenants(deployment: Deployment) -> bool:
    """Tell whether the last shift let anybody reach the candidate: only their calls are worth a look."""
    steps = deployment.plan.steps
    out = [one for one in steps if one.kind is StepKind.SHIFT and one.status is StepStatus.COMPLETED]
    reach = out[-1].reach if out else None
    return reach is not None and reach.tenants > 0
