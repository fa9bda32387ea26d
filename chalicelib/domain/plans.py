"""Plans: the ordered list of small steps that a strategy compiles to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile

from chalicelib.domain.routes import Variant
from chalicelib.domain.verdicts import Verdict


class StepKind(StrEnum):
    """
    What a step does.

    *approve* asks people and is the only one that waits for a task token; *warm* starts the candidate; *smoke*
    tests it at 0 %; *shift* writes the route; *observe* watches for a while and ends with a verdict; *decide*
    waits for a person with the numbers of an experiment; *pause* waits for a time, or for a person.
    """

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


#: Kinds that wait while the candidate may serve; the machine watches its health all the while.
WAITS = frozenset({StepKind.OBSERVE, StepKind.DECIDE, StepKind.PAUSE})
#: Kinds that nobody may skip, not even by force: people must agree, and the candidate must work.
NEVER_SKIPPED = frozenset({StepKind.APPROVE, StepKind.WARM, StepKind.SMOKE})


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom the candidate serves after a step, counted when the plan was made; *sample* names some of them."""

    tenants: int
    of_tenants: int
    sample: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """
    One step of a plan; *index* is 0-based.

    A shift leaves the candidate with *share_bps* of the tenants' buckets and with all of *rings*, or the route
    with *variants*; *seconds* is how long an observe or a pause lasts (None: until a person says so).
    *waited_seconds* is time that does not count: the deployment was paused or held meanwhile. *is_cut*: a person
    promoted, so it lasts no longer and is judged at once; what it was asked to last stays, for another attempt.
    """

    index: int
    kind: StepKind
    detail: str
    share_bps: int | None = None
    rings: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    seconds: int | None = 0
    reach: Reach | None = None
    waited_seconds: int = 0
    is_cut: bool = False
    status: StepStatus = StepStatus.PENDING
    started_at: str | None = None
    ended_at: str | None = None
    verdict: Verdict | None = None

    @property
    def lasts_seconds(self) -> int | None:
        """How long it lasts as things are; None: until a person says so."""
        return 0 if self.is_cut else self.seconds


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

    def watched_seconds(self, shift: Step) -> float | None:
        """
        Add up what is watched after *shift* until the next one; None if that has no end.

        So long nothing may come in between: no freeze, and no end of a window.
        """
        following = takewhile(lambda step: step.kind is not StepKind.SHIFT, self.steps[shift.index + 1 :])
        waits = [step.lasts_seconds for step in following]
        return None if None in waits else float(sum(seconds or 0 for seconds in waits))

    def begin(self, index: int, now: str) -> Plan:
        """Mark step *index* Running; a step that has begun already keeps its first time."""
        step = self.steps[index]
        if step.status is not StepStatus.PENDING:
            return self
        return self._with(replace(step, status=StepStatus.RUNNING, started_at=now))

    def skip(self, index: int, now: str, verdict: Verdict | None = None) -> Plan:
        """Mark step *index* Skipped; one that is behind us stays as it is."""
        step = self.steps[index]
        if step.status not in (StepStatus.PENDING, StepStatus.RUNNING):
            return self
        return self._with(replace(step, status=StepStatus.SKIPPED, ended_at=now, verdict=verdict))

    def wait_longer(self, index: int, seconds: int) -> Plan:
        """Do not count so many seconds for step *index*."""
        step = self.steps[index]
        return self._with(replace(step, waited_seconds=step.waited_seconds + seconds))

    def cut_to_the_end(self, now: str, verdict: Verdict) -> Plan:
        """
        Skip what lies between here and the last shift, but never an approval, the warm-up or a smoke test.

        *verdict* says who cut it short and why: a wait that was begun did not pass. The look after the last shift
        stays, for a verdict follows every shift, but it takes no time. One that has failed is behind whoever promotes.
        """
        last_shift = max((step.index for step in self.steps if step.kind is StepKind.SHIFT), default=-1)
        last_look = next((step for step in self.steps[last_shift + 1 :] if step.kind is StepKind.OBSERVE), None)
        plan = self
        if last_look is not None and _is_open(last_look):
            plan = plan._with(replace(last_look, is_cut=True))
        for step in plan.steps:
            if step.kind not in NEVER_SKIPPED and step.index != last_shift and not step.is_cut:
                plan = plan.skip(step.index, now, verdict if step.status is StepStatus.RUNNING else None)
        return plan

    def afresh(self) -> Plan:
        """Return the same steps as if none had ever begun: what a new attempt runs."""
        return Plan(
            tuple(
                replace(
                    step,
                    status=StepStatus.PENDING,
                    started_at=None,
                    ended_at=None,
                    verdict=None,
                    waited_seconds=0,
                    is_cut=False,
                )
                for step in self.steps
            )
        )

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


def _is_open(look: Step) -> bool:
    """Tell whether a look still has its verdict before it."""
    has_failed = look.verdict is not None and look.verdict.is_fail
    return look.status in (StepStatus.PENDING, StepStatus.RUNNING) and not has_failed
