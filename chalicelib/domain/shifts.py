"""Shifts: what the steps that move tenants are made of, each told with whom it reaches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.config_reading import percent_of
from chalicelib.domain.durations import spoken_duration
from chalicelib.domain.plans import Step, StepKind
from chalicelib.domain.populations import Member, Population
from chalicelib.domain.routes import FULL_BPS, SplitBy


@dataclass(frozen=True, slots=True)
class Wish:
    """A shift as a strategy asks for it: a share of the buckets, all of *rings*, and how long it is then watched."""

    share_bps: int
    observe_seconds: int
    rings: tuple[str, ...] = ()
    detail: str = ""


def shifts(
    wishes: Iterable[Wish],
    population: Population,
    *,
    split_by: SplitBy = SplitBy.TENANT,
    max_tenants: int | None = None,
    reaches_one: bool = False,
) -> list[Step]:
    """
    Make each wish a shift and the observation that judges it.

    A share never shrinks and never exceeds what was asked for, but with *reaches_one* the first one is raised
    until it reaches a tenant, if there is one to reach. *max_tenants* holds every share below 100 % down; what it
    holds where it was already is no step.
    """
    steps: list[Step] = []
    share = 0
    reached: tuple[Member, ...] = ()
    for place, wish in enumerate(wishes):
        if share == FULL_BPS:
            # The one tenant that there is to reach first was the last by bucket: everybody has it already.
            break
        before, is_raised = share, reaches_one and place == 0
        share, note = _fitted(wish, before, population, max_tenants, is_raised=is_raised, split_by=split_by)
        if steps and share == before and wish.share_bps > share:
            continue
        reach = population.reach(share, rings=wish.rings, split_by=split_by, after=reached)
        reached = population.reached(share, wish.rings)
        detail = (wish.detail or _share_detail(wish.share_bps, split_by)) + note
        steps.append(Step(0, StepKind.SHIFT, detail, share_bps=share, rings=wish.rings, reach=reach))
        steps.append(observation(wish.observe_seconds))
    return steps


def observation(seconds: int, detail: str = "") -> Step:
    """Watch the candidate for so long, then judge it; at 0 s it is judged at once."""
    told = f"watch for {spoken_duration(seconds)}, then judge" if seconds else "judge at once"
    return Step(0, StepKind.OBSERVE, detail or told, seconds=seconds)


def warmed() -> list[Step]:
    """Start the candidate and try it out before anybody is served by it."""
    return [
        Step(0, StepKind.WARM, "start the candidate, wait until it is Active"),
        Step(0, StepKind.SMOKE, "health check and tests, without traffic"),
    ]


def numbered(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Give the steps their places, counted from 0."""
    return tuple(replace(step, index=index) for index, step in enumerate(steps))


def _fitted(
    wish: Wish, before: int, population: Population, max_tenants: int | None, *, is_raised: bool, split_by: SplitBy
) -> tuple[int, str]:
    """Fit a share to who is there; say in words where it is not what was asked for."""
    asked = wish.share_bps
    if asked == FULL_BPS or split_by is SplitBy.REQUEST:
        return max(asked, before), ""
    share, note = asked, ""
    if is_raised and population.movable and not population.below(share) and not wish.rings:
        share = population.movable[0].bucket + 1
        note = f", raised to {percent_of(share)} % so that it reaches one"
    if max_tenants is not None and (most := population.share_of_first(max_tenants)) < share:
        share, note = most, f", held at {percent_of(most)} % by maxTenants {max_tenants:,}"
    if share < before:
        return before, f", stays at {percent_of(before)} %"
    return share, note


def _share_detail(share_bps: int, split_by: SplitBy) -> str:
    return f"{percent_of(share_bps)} % of {'requests' if split_by is SplitBy.REQUEST else 'tenants'}"
