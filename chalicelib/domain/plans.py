"""Plans: the ordered list of small steps that a strategy compiles to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class StepKind(StrEnum):
    """What a step does; the machine has one state for each kind that a plan can hold today."""

    APPROVE = "approve"
    WARM = "warm"
    SMOKE = "smoke"
    SHIFT = "shift"
    OBSERVE = "observe"
    DECIDE = "decide"
    PAUSE = "pause"


class StepStatus(StrEnum):
    """Life of a step."""

    PENDING = "Pending"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    SKIPPED = "Skipped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement with its reason: never a bare bool. *outcome*: pass, fail, inconclusive or error."""

    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan; *index* is 0-based, *share_bps* the candidate's share after a shift."""

    index: int
    kind: StepKind
    detail: str
    share_bps: int | None = None
    status: StepStatus = StepStatus.PENDING
    started_at: str | None = None
    ended_at: str | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order."""

    steps: tuple[Step, ...]

    @property
    def current(self) -> Step | None:
        """The first step that is not behind us; None when all are."""
        return next((step for step in self.steps if step.status in (StepStatus.PENDING, StepStatus.RUNNING)), None)

    @property
    def progress_percentage(self) -> int:
        """Share of the steps that are behind us, rounded down."""
        behind = sum(step.status in (StepStatus.COMPLETED, StepStatus.SKIPPED) for step in self.steps)
        return 100 * behind // len(self.steps) if self.steps else 100

    def begin(self, index: int, now: str) -> Plan:
        """Mark step *index* Running; a step that has begun already keeps its first time."""
        step = self.steps[index]
        if step.status is not StepStatus.PENDING:
            return self
        return self._with(replace(step, status=StepStatus.RUNNING, started_at=now))

    def complete(self, index: int, now: str, verdict: Verdict | None = None) -> Plan:
        """Mark step *index* Completed; doing it twice changes nothing."""
        step = self.steps[index]
        if step.status is StepStatus.COMPLETED:
            return self
        return self._with(replace(step, status=StepStatus.COMPLETED, ended_at=now, verdict=verdict))

    def fail(self, now: str, verdict: Verdict) -> Plan:
        """Mark the current step Failed and those after it Skipped."""
        current = self.current
        if current is None:
            return self
        failed = self._with(replace(current, status=StepStatus.FAILED, ended_at=now, verdict=verdict))
        return Plan(
            tuple(
                replace(step, status=StepStatus.SKIPPED) if step.status is StepStatus.PENDING else step
                for step in failed.steps
            )
        )

    def _with(self, step: Step) -> Plan:
        return Plan((*self.steps[: step.index], step, *self.steps[step.index + 1 :]))
