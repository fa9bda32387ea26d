"""Sides: from what containers have counted to what is compared, candidate and stable, each with its tenants' past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from chalicelib.domain.measurements import Histogram, Outcomes, Sides, total
from chalicelib.domain.routes import SplitBy
from chalicelib.domain.tallies import GROUP_BPS, GROUPS, Phase

#: What tenants did counts half as much after so many days.
HALF_LIFE_DAYS = 2.0
#: And not at all after so many.
HISTORY_DAYS = 7


class PhaseOutcomes(NamedTuple):
    """What became of the calls of one version in one phase."""

    phase: Phase
    outcomes: Outcomes


class Counted(NamedTuple):
    """What became of all calls of a version in one piece of time, *slot*."""

    slot: int
    version: str
    outcomes: Outcomes


class Usual(NamedTuple):
    """What tenants of a ring did on a day while nothing was being tried, by group."""

    day: int
    ring: str
    groups: Mapping[int, Outcomes]


class Observed(NamedTuple):
    """What was observed of a tenant, by its mark: how often, the sum, and the sum of squares."""

    tenant: str
    metric: str
    n: int
    total: float
    squares: float


class Exposure(NamedTuple):
    """Whom the versions on trial of a deployment have served, and how: what it costs if they were bad."""

    tenants: int = 0
    requests: int = 0
    failed_requests: int = 0


class Reach(NamedTuple):
    """Which tenants a version had: the buckets from *low_bps* to before *high_bps*, and all of *rings*."""

    low_bps: int
    high_bps: int
    rings: tuple[str, ...]


def outcomes_of(amounts: Mapping[str, int]) -> Outcomes:
    """Read a tally."""
    buckets = {int(name[1:]): amount for name, amount in amounts.items() if name[0] == "l" and name[1:].isdigit()}
    return Outcomes(amounts.get("requests", 0), amounts.get("failures", 0), Histogram.of(buckets))


def groups_of(amounts: Mapping[str, int]) -> dict[int, Outcomes]:
    """Read a tally by groups."""
    numbers = {int(name[1:]) for name in amounts if name[0] == "r" and name[1:].isdigit()}
    return {number: Outcomes(amounts[f"r{number}"], amounts.get(f"f{number}", 0)) for number in sorted(numbers)}


def sides_of(
    phases: Sequence[PhaseOutcomes],
    usual: Sequence[Usual],
    *,
    tried: str,
    stable: str | None,
    since_epoch: int,
    now_epoch: int,
    today: int,
) -> tuple[Sides, ...]:
    """
    Put what was counted since *since_epoch* side by side, phase by phase, oldest first.

    Phases in which *tried* had the same tenants are one step, so a write of the route that moved nobody begins no
    new one. The phase of *now_epoch* is there also before its first call: what was seen at the last step is no pass
    for this one. *stable* is the version to compare with, None before the first one.
    """
    rows = [row for row in phases if row.phase.epoch > since_epoch]
    reaches = {row.phase.epoch: _reach(row.phase) for row in rows if row.phase.version == tried}
    moments = sorted({(row.phase.epoch, row.phase.piece) for row in rows})
    steps = _steps([epoch for epoch, _ in moments], reaches)
    made: list[Sides] = []
    for moment in moments:
        here = [row for row in rows if (row.phase.epoch, row.phase.piece) == moment]
        mine, others = _parted(usual, reaches.get(moment[0]), today)
        made.append(
            Sides(
                total(row.outcomes for row in here if row.phase.version == tried),
                total(row.outcomes for row in here if row.phase.version == stable),
                mine,
                others,
                here[0].phase.split_by,
                steps[moment[0]],
            )
        )
    if now_epoch not in steps:
        made.append(
            Sides(split_by=made[-1].split_by if made else SplitBy.TENANT, step=max(steps.values(), default=-1) + 1)
        )
    return tuple(made)


def _steps(epochs: Sequence[int], reaches: Mapping[int, Reach]) -> dict[int, int]:
    """Give each epoch its step: one goes on only while it is known that the same tenants are reached."""
    steps: dict[int, int] = {}
    before: Reach | None = None
    for epoch in epochs:
        if epoch in steps:
            continue
        reach = reaches.get(epoch)
        is_same = reach is not None and reach == before
        steps[epoch] = max(steps.values(), default=0 if is_same else -1) + (not is_same)
        before = reach
    return steps


def without(phases: Iterable[PhaseOutcomes], gone: Mapping[tuple[int, str], Outcomes]) -> tuple[PhaseOutcomes, ...]:
    """
    Leave out what became of tenants that are *gone*, by epoch and version, of the counts of all.

    In which hour of an epoch it was is not known: it is taken from the first ones. Latencies stay.
    """
    left = dict(gone)
    rows = []
    for phase, outcomes in phases:
        more = left.get((phase.epoch, phase.version), Outcomes())
        failures = min(outcomes.failures, more.failures)
        requests = min(outcomes.requests - (outcomes.failures - failures), more.requests)
        left[phase.epoch, phase.version] = Outcomes(
            max(more.requests - requests, more.failures - failures), more.failures - failures
        )
        kept = Outcomes(outcomes.requests - requests, outcomes.failures - failures, outcomes.latencies)
        rows.append(PhaseOutcomes(phase, kept))
    return tuple(rows)


def sum_of(phases: Iterable[PhaseOutcomes], tried: Iterable[str]) -> Outcomes:
    """Add up what *tried* have answered in a deployment."""
    versions = frozenset(tried)
    return total(row.outcomes for row in phases if row.phase.version in versions)


def _reach(phase: Phase) -> Reach:
    return Reach(phase.low_bps, phase.high_bps, phase.rings)


def _parted(usual: Iterable[Usual], reach: Reach | None, today: int) -> tuple[Outcomes, Outcomes]:
    """
    Part what was usual between the tenants of *reach* and the others, older days counting less.

    A group that the edge of the reach parts counts as within it: which of its tenants failed is not known.
    """
    mine, others = Outcomes(), Outcomes()
    if reach is None:
        return mine, others
    within = range(reach.low_bps // GROUP_BPS, min(-(-reach.high_bps // GROUP_BPS), GROUPS))
    for row in usual:
        weight = 0.5 ** (max(today - row.day, 0) / HALF_LIFE_DAYS)
        for group, outcomes in row.groups.items():
            faded = _faded(outcomes, weight)
            if row.ring in reach.rings or group in within:
                mine += faded
            else:
                others += faded
    return mine, others


def _faded(outcomes: Outcomes, weight: float) -> Outcomes:
    requests = round(outcomes.requests * weight)
    return Outcomes(requests, min(round(outcomes.failures * weight), requests))
