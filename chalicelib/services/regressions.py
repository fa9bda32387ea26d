"""Late regressions: what a deployment left serving is taken back inside its window, and alarms after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.authorization import SYSTEM
from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.errors import DomainError, StaleRevisionError
from chalicelib.domain.health_criteria import criteria_of
from chalicelib.domain.measurements import Outcomes
from chalicelib.domain.regressions import judge_late_regression
from chalicelib.domain.tallies import SLOT_SECONDS
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Action
from chalicelib.services import turns
from chalicelib.services.records import record_of
from chalicelib.services.returns import return_to

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.verdicts import Verdict
    from chalicelib.ports import Ports

#: What was usual is what was counted in a day: each hour of it is there, and it is read in a moment.
_DAY = timedelta(days=1)
#: And looked at only every so many minutes, each at a minute of its own.
_SELDOM_MINUTES = 15
#: An alarm is not repeated sooner.
_QUIET = timedelta(days=1)


def watch(deployment: Deployment, ports: Ports) -> bool:
    """
    Judge what *deployment* left serving; tell whether anything was done about it.

    Inside its window it is rolled back, in one write as all roll-backs; where that can't be, and after the window, it
    alarms. If we die in between, the next minute looks again.
    """
    now = ports.clock.now()
    is_serving = deployment.status is DeploymentStatus.COMPLETED
    in_window = now < _ended_at(deployment) + timedelta(seconds=criteria_of(deployment.health).watch_seconds)
    if not is_serving or not (in_window or _is_due(deployment, now)):
        return False
    verdict = judge(deployment, ports)
    if verdict is None or not verdict.is_fail:
        return False
    if in_window and _goes_back(deployment):
        try:
            _roll_back(deployment, verdict, ports)
        except StaleRevisionError:
            raise
        except DomainError as error:
            return _alarm(deployment, f"{verdict.reason}; it stays, for {error.detail}", verdict, ports)
        return True
    return _alarm(deployment, verdict.reason, verdict, ports)


def judge(deployment: Deployment, ports: Ports) -> Verdict | None:
    """
    Compare what its version does now with what it, and the one before it, did before; None where nothing is known.

    Inside the window that is the day before it became stable; after it each day is compared with the one before.
    """
    now, ended_at = ports.clock.now(), _ended_at(deployment)
    length = timedelta(seconds=criteria_of(deployment.health).watch_seconds)
    begins = ended_at if now < ended_at + length else max(ended_at + length, now - _DAY)
    if now >= ended_at + length:
        length = _DAY
    first = -(-int(begins.timestamp()) // SLOT_SECONDS)
    since = int((begins - _DAY).timestamp() // SLOT_SECONDS)
    counted = ports.measurements.traffic(deployment.plugin_id, deployment.environment, since_slot=since)
    mine = deployment.outcome_version or deployment.target.version
    slots: dict[int, Outcomes] = {}
    before = Outcomes()
    for row in counted:
        if row.slot >= first and row.version == mine:
            slots[row.slot] = slots.get(row.slot, Outcomes()) + row.outcomes
        elif row.slot < first and row.version in (mine, deployment.previous_version):
            before += row.outcomes
    of_slots = max(int(length.total_seconds()) // SLOT_SECONDS, 1)
    window = f"since {rfc3339(begins)}"
    return judge_late_regression([slots[slot] for slot in sorted(slots)], before, of_slots=of_slots, window=window)


def _goes_back(deployment: Deployment) -> bool:
    return deployment.auto_rollback and criteria_of(deployment.health).on_fail is Action.ROLLBACK


def _roll_back(deployment: Deployment, verdict: Verdict, ports: Ports) -> None:
    record = record_of(
        SYSTEM._replace(trace_id=deployment.trace_id),
        "RollbackDeployment",
        f"deployments/{deployment.id}",
        ports,
        after={"verdict": verdict.outcome, "rule": verdict.rule},
        reason=f"late regression: {verdict.reason}",
    )
    returned = return_to(deployment, None, record, ports, is_automatic=True)
    turns.start_next(returned.plugin_id, returned.environment, ports)


def _alarm(deployment: Deployment, reason: str, verdict: Verdict, ports: Ports) -> bool:
    """Tell people, once a day."""
    now = ports.clock.now()
    known = deployment.regressed_at
    if known is not None and now - datetime.fromisoformat(known) < _QUIET:
        return False
    record = record_of(
        SYSTEM._replace(trace_id=deployment.trace_id),
        "NoteRegression",
        f"deployments/{deployment.id}",
        ports,
        after={"status": deployment.status, "verdict": verdict.outcome, "rule": verdict.rule},
        reason=reason,
    )
    ports.deployments.commit(replace(deployment, regressed_at=rfc3339(now)), record)
    return True


def _is_due(deployment: Deployment, now: datetime) -> bool:
    minute = int(now.timestamp() // 60)
    return minute % _SELDOM_MINUTES == sum(deployment.id.encode()) % _SELDOM_MINUTES


def _ended_at(deployment: Deployment) -> datetime:
    return datetime.fromisoformat(deployment.ended_at or deployment.created_at)
