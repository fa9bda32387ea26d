"""Forecasts: how long a plan takes at least and at most, when each step begins, and what AWS asks for its run."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.approvals import OnExpiry
from chalicelib.domain.list_prices import LAMBDA_GB_SECOND_USD, LAMBDA_REQUEST_USD, STATE_TRANSITION_USD
from chalicelib.domain.plans import WAITS, StepKind
from chalicelib.domain.warm_ups import FEWEST_CONTAINERS
from chalicelib.domain.windows import may_begin

if TYPE_CHECKING:
    from chalicelib.domain.plans import Plan, Step
    from chalicelib.domain.policies import EnvironmentPolicy

#: What a run takes beyond its waits: measured in the emulator, and what the product promises at most.
_STEP_SECONDS, _PROMISED_SECONDS = 0.3, 30
#: States that are passed: before the first step, at its preparation, and after the last.
_TRANSITIONS_AROUND, _CALLS_AROUND = 2 + 3 + 4, 2 + 2 + 2
#: Per step of the plan: TakeStep, WhichStep? and the step's own; an approval has four of these.
_TRANSITIONS_OF_STEP, _CALLS_OF_STEP = 3, 2
_TRANSITIONS_OF_APPROVAL, _CALLS_OF_APPROVAL = 6, 4
#: A look at a step that waits: EvaluateStep, IsItOver?, WaitForTick; it calls our function, and the plugin's.
_TRANSITIONS_OF_LOOK, _CALLS_OF_LOOK = 3, 1
#: So many looks make one child execution; the next one begins with a look at the same moment.
_LOOKS_OF_CHILD = 500
#: How often each version that is tried is called, beside the looks; the tests of its manifest are not in the plan, and
#: a busy plugin's further containers are not foreseen.
_CALLS_OF_PLUGIN = {StepKind.WARM: FEWEST_CONTAINERS, StepKind.SMOKE: 1, StepKind.OBSERVE: 1}
#: A call of ours, or a health check of a plugin, is taken to last so long with so much memory.
_CALL_SECONDS, _CALL_GB = 0.2, 0.5


class Obstacle(NamedTuple):
    """What keeps a step from beginning when its turn comes; *until* None means that nobody can say."""

    step_index: int
    reason: str
    until: datetime | None


class Cost(NamedTuple):
    """What a run that is not held uses of AWS, by list price."""

    transitions: int
    lambda_calls: int
    usd: float


class Forecast(NamedTuple):
    """
    What is known of a run before it begins; holds by a verdict are not, for nobody can foretell them.

    *at_most_seconds* is None where *open_ends* say why there is no limit. *begins* holds the earliest begin of
    each step, None after a step that can't begin as things are.
    """

    at_least_seconds: int
    at_most_seconds: int | None
    open_ends: tuple[str, ...]
    begins: tuple[datetime | None, ...]
    obstacles: tuple[Obstacle, ...]
    cost: Cost


class _Walk(NamedTuple):
    begins: tuple[datetime | None, ...]
    obstacles: tuple[Obstacle, ...]
    ends: datetime | None


def forecast(
    plan: Plan,
    policy: EnvironmentPolicy,
    now: datetime,
    *,
    start_at: datetime | None = None,
    interval_seconds: int = 10,
    promotes_itself: bool = False,
) -> Forecast:
    """
    Foretell a run of *plan* that begins at *now*, or at *start_at* if that is later.

    At least: people answer at once. At most: they take all the time that they have. Windows and freezes count in
    both; *interval_seconds* is how often a step that waits is looked at.
    """
    from_then = max(now, start_at or now)
    quick = _walk(plan, policy, from_then, is_slow=False)
    slow = _walk(plan, policy, from_then, is_slow=True)
    open_ends = tuple(_open_ends(plan, policy, quick, promotes_itself=promotes_itself))
    at_least = (quick.ends or _last(quick, from_then)) - now
    at_most = slow.ends - now if slow.ends and not open_ends else None
    return Forecast(
        ceil(at_least.total_seconds()),
        None if at_most is None else ceil(at_most.total_seconds()) + _PROMISED_SECONDS,
        open_ends,
        quick.begins,
        quick.obstacles,
        cost_of(plan, interval_seconds),
    )


def cost_of(plan: Plan, interval_seconds: int) -> Cost:
    """Count states and calls of a run in which nothing is retried or held, and price them."""
    transitions, calls = _TRANSITIONS_AROUND, _CALLS_AROUND
    tried = max([1, *(len(step.variants) - 1 for step in plan.steps)])
    for step in plan.steps:
        if step.kind is StepKind.APPROVE:
            transitions += _TRANSITIONS_OF_APPROVAL
            calls += _CALLS_OF_APPROVAL
        elif step.kind in WAITS and step.seconds:
            intervals = ceil(step.seconds / interval_seconds)
            children = ceil(intervals / (_LOOKS_OF_CHILD - 1))
            looks = intervals + children
            transitions += looks * _TRANSITIONS_OF_LOOK + children * _TRANSITIONS_OF_STEP
            calls += looks * (_CALLS_OF_LOOK + tried) + children
        else:
            transitions += _TRANSITIONS_OF_STEP
            calls += _CALLS_OF_STEP + tried * _CALLS_OF_PLUGIN.get(step.kind, 0)
    per_call = LAMBDA_REQUEST_USD + _CALL_SECONDS * _CALL_GB * LAMBDA_GB_SECOND_USD
    return Cost(transitions, calls, transitions * STATE_TRANSITION_USD + calls * per_call)


def _walk(plan: Plan, policy: EnvironmentPolicy, moment: datetime, *, is_slow: bool) -> _Walk:
    begins: list[datetime | None] = []
    obstacles: list[Obstacle] = []
    for step in plan.steps:
        if step.kind is StepKind.SHIFT:
            opening = may_begin(policy, moment, plan.watched_seconds(step))
            if not opening.is_open:
                obstacles.append(Obstacle(step.index, opening.reason, opening.opens_at))
            if opening.opens_at is None:
                rest = len(plan.steps) - len(begins)
                return _Walk((*begins, *[None] * rest), tuple(obstacles), None)
            moment = opening.opens_at
        begins.append(moment)
        moment += timedelta(seconds=_lasts(step, policy, is_slow=is_slow))
    return _Walk(tuple(begins), tuple(obstacles), moment)


def _lasts(step: Step, policy: EnvironmentPolicy, *, is_slow: bool) -> float:
    if step.kind is StepKind.APPROVE:
        terms = 2 if policy.approvals.on_expiry is OnExpiry.ESCALATE else 1
        return terms * policy.approvals.seconds if is_slow else _STEP_SECONDS
    return (step.seconds or 0) + _STEP_SECONDS


def _open_ends(plan: Plan, policy: EnvironmentPolicy, quick: _Walk, *, promotes_itself: bool) -> list[str]:
    ends = []
    for step in plan.steps:
        number = step.index + 1
        if step.kind is StepKind.APPROVE and policy.approvals.on_expiry is OnExpiry.HOLD:
            ends.append(f"step {number} waits for people, also after their time")
        if step.kind is StepKind.PAUSE and step.seconds is None:
            ends.append(f"step {number} pauses until a person goes on")
        if step.kind is StepKind.DECIDE:
            by = "until a variant is surely better" if promotes_itself else "for a person's decision"
            ends.append(f"step {number} waits {by}")
    return ends + [
        f"step {each.step_index + 1} can't begin: {each.reason}" for each in quick.obstacles if not each.until
    ]


def _last(walk: _Walk, begin: datetime) -> datetime:
    """Say how far it comes; the step that can't begin is the end of what is known."""
    return max((each for each in walk.begins if each is not None), default=begin)
