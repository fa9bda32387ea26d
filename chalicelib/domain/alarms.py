"""Alarms: what an alarm of somebody else says about a place that a deployment moves."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.ids import Environment
from chalicelib.domain.plans import StepKind, StepStatus
from chalicelib.domain.verdicts import Outcome, Verdict

#: Of a name: the stack, the plugin, the environment; what follows is for people.
_PARTS = 3


class RaisedAlarm(NamedTuple):
    """An alarm named ``<stack>/<plugin>/<environment>[/…]`` that was raised *at* a moment (aware), and why."""

    name: str
    reason: str
    at: datetime

    @property
    def place(self) -> tuple[str, str] | None:
        """Which (plugin, environment) it is about; None if its name does not say so."""
        parts = self.name.split("/")
        if len(parts) < _PARTS or parts[2] not in list(Environment):
            return None
        return parts[1], parts[2]

    @property
    def verdict(self) -> Verdict:
        """What it says of a candidate that serves somebody."""
        return Verdict(Outcome.FAIL, f"the alarm {self.name} was raised: {self.reason}", rule="alarm", query=self.name)


def is_about(alarm: RaisedAlarm, deployment: Deployment) -> bool:
    """
    Tell whether *alarm* may be the candidate's doing: it was raised after the candidate had got its first traffic.

    EventBridge may deliver late, and a deployment that began since has nothing to do with it.
    """
    shifts = (one for one in deployment.plan.steps if one.kind is StepKind.SHIFT)
    first = next((one.ended_at for one in shifts if one.status is StepStatus.COMPLETED and one.ended_at), None)
    return first is not None and alarm.at >= datetime.fromisoformat(first)
