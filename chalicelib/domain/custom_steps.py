"""Custom steps: a plan of one's own, read and made whole; what keeps tenants safe can be added to, not left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.config_reading import Reading
from chalicelib.domain.durations import spoken_duration
from chalicelib.domain.errors import FieldError, UnprocessableError
from chalicelib.domain.plans import Plan, Step, StepKind
from chalicelib.domain.populations import Population
from chalicelib.domain.routes import FULL_BPS, SplitBy
from chalicelib.domain.shifts import Wish, numbered, observation, shifts, warmed
from chalicelib.domain.strategies import Conditions, approval
from chalicelib.domain.strategy_configs import MAX_SHIFTS

MAX_STEPS = 2 * MAX_SHIFTS
#: What may be asked for; a decision belongs to an experiment, and that has steps of its own.
KINDS = (StepKind.APPROVE, StepKind.WARM, StepKind.SMOKE, StepKind.SHIFT, StepKind.OBSERVE, StepKind.PAUSE)

_EXAMPLE = (
    '[{"kind": "shift", "percentage": 10}, {"kind": "observe", "duration": "PT10M"}, '
    '{"kind": "shift", "percentage": 100}]'
)


@dataclass(frozen=True, slots=True)
class WishedStep:
    """A step as it was asked for; *seconds* None is until a person says so."""

    kind: StepKind
    share_bps: int = 0
    rings: tuple[str, ...] = ()
    seconds: int | None = None


def read_steps(documents: Sequence[Any], *, rings: Sequence[str]) -> tuple[WishedStep, ...]:
    """
    Read the ``steps`` of a request.

    Raises:
        ValidationError: A step can't be, or the steps are in no order that ends at 100 % (400).
    """
    reading = Reading({"steps": documents})
    found = []
    for place, document in enumerate(documents):
        if isinstance(document, Mapping):
            found.append(_read_step(document, f"/steps/{place}", rings, reading))
        else:
            reading.refuse(f"steps/{place}", "It is not an object.", f"Send {_EXAMPLE}.")
    if len(documents) > MAX_STEPS:
        reading.refuse("steps", f"These are {len(documents):,} steps.", f"Send at most {MAX_STEPS}.")
    if not reading.errors:
        _check_order(found, reading)
    reading.require_sound("steps")
    return tuple(found)


def compile_steps(
    wished: Sequence[WishedStep],
    population: Population,
    conditions: Conditions,
    *,
    split_by: SplitBy = SplitBy.TENANT,
) -> Plan:
    """
    Make a plan of what was asked for, with what may never be missing.

    The policy's approvals come first, warm and smoke before the first shift, and an observation after each shift.

    Raises:
        UnprocessableError: An approval was asked for where the policy names nobody to ask (422).
    """
    asked = approval(conditions.approvals)
    if not asked and any(step.kind is StepKind.APPROVE for step in wished):
        place = next(place for place, step in enumerate(wished) if step.kind is StepKind.APPROVE)
        fix = 'Use {"kind": "pause"}, which waits for a person, or PUT the policy of the environment.'
        message = "The policy of the environment names nobody who could approve."
        raise UnprocessableError(message, fix=fix, errors=(FieldError(f"/steps/{place}/kind", message, fix),))
    wishes = [step for step in wished if step.kind is StepKind.SHIFT]
    moved = iter(
        shifts(
            [Wish(step.share_bps, 0, step.rings, _detail(step)) for step in wishes],
            population,
            split_by=split_by,
            max_tenants=conditions.max_tenants,
            reaches_one=True,
        )
    )
    steps = list(asked)
    for place, step in enumerate(wished):
        if step is wishes[0]:
            steps += warmed()
        if step.kind is StepKind.SHIFT:
            shift, judged = next(moved), next(moved)
            steps.append(shift)
            if not _is_observed(wished[place + 1 :]):
                steps.append(judged)
        elif step.kind not in (StepKind.WARM, StepKind.SMOKE):
            steps.append(_step_of(step, asked))
    return Plan(numbered(steps))


def _read_step(document: Mapping[str, Any], pointer: str, rings: Sequence[str], errors: Reading) -> WishedStep:
    reading = Reading(document, pointer)
    kind = reading.choice("kind", StepKind, StepKind.PAUSE)
    if kind not in KINDS or not reading.has("kind"):
        reading.refuse("kind", "It is no kind of step that can be asked for.", f"Use one of {', '.join(KINDS)}.")
    step = WishedStep(kind)
    if kind is StepKind.SHIFT:
        named = reading.items("rings")
        for place, ring in enumerate(named):
            if ring not in rings:
                reading.refuse(f"rings/{place}", "There is no such ring.", f"Use some of: {', '.join(rings)}.")
        if not reading.has("percentage") and not named:
            reading.refuse("percentage", "It is missing.", "Send a percentage, rings, or both.")
        share = reading.share_bps("percentage", 0, least_bps=0)
        step = replace(step, share_bps=share, rings=tuple(str(ring) for ring in named))
    elif kind is StepKind.OBSERVE or (kind is StepKind.PAUSE and reading.has("duration")):
        if not reading.has("duration"):
            reading.refuse(
                "duration", "It is missing.", 'Send how long it lasts: {"kind": "observe", "duration": "PT10M"}.'
            )
        step = replace(step, seconds=reading.seconds("duration", "PT0S"))
    reading.refuse_unknown()
    errors.take_errors(reading)
    return step


def _check_order(steps: Sequence[WishedStep], reading: Reading) -> None:
    """Shares and rings only ever grow, and in the end everybody has the candidate."""
    before: WishedStep | None = None
    for place, step in enumerate(steps):
        if step.kind in (StepKind.WARM, StepKind.SMOKE) and before is not None:
            reading.refuse(
                f"steps/{place}/kind", "It comes after a shift.", "Put warm and smoke before the first shift."
            )
        if step.kind is not StepKind.SHIFT:
            continue
        if before is not None and not _grows(before, step):
            reading.refuse(f"steps/{place}", "It reaches no more than the shift before.", "Let every shift reach more.")
        before = step
    if before is None or before.share_bps != FULL_BPS:
        reading.refuse("steps", "They do not end at 100 %.", 'Add {"kind": "shift", "percentage": 100}.')


def _grows(before: WishedStep, step: WishedStep) -> bool:
    keeps_all = step.share_bps >= before.share_bps and (
        set(before.rings) <= set(step.rings) or step.share_bps == FULL_BPS
    )
    return keeps_all and (step.share_bps, len(step.rings)) != (before.share_bps, len(before.rings))


def _is_observed(following: Sequence[WishedStep]) -> bool:
    """Tell whether an observation comes before the next shift."""
    kinds = [step.kind for step in following]
    until = kinds.index(StepKind.SHIFT) if StepKind.SHIFT in kinds else len(kinds)
    return StepKind.OBSERVE in kinds[:until]


def _step_of(step: WishedStep, asked: Sequence[Step]) -> Step:
    if step.kind is StepKind.APPROVE:
        return asked[0]
    if step.kind is StepKind.OBSERVE:
        return observation(step.seconds or 0)
    told = "until a person goes on" if step.seconds is None else f"for {spoken_duration(step.seconds)}"
    return Step(0, StepKind.PAUSE, told, seconds=step.seconds)


def _detail(step: WishedStep) -> str:
    if not step.rings:
        return ""
    rings = f"ring {' and '.join(step.rings)}"
    return f"{rings}, and {step.share_bps / 100:g} % of tenants" if step.share_bps else rings
