"""From the first bad response to no traffic on a bad version, by the rate of calls and the share that fails."""

import logging
import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from bench.figures import Interval, percentile
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort
from tests.canaries import chance
from tests.fakes import FakeWorld
from tests.services.live_deployments import PLUGIN, a_world, at_step, complete, stored_route
from tests.steps.worlds import a_manifest, run

#: ISSUE D: at 10 calls a second and 50 % errors; and everywhere.
_AIM_SECONDS, _ALWAYS_SECONDS = 10.0, 60.0
_RATES = (1, 10, 100)
_SHARES = (1.0, 0.5, 0.1)
_USUAL = 0.01
_TENANTS = tuple(f"tenant-{number}" for number in range(200))
_CALLS_BEFORE = 2_000
_RUNS_A_TURN = 3
_OBSERVE = {"kind": "wait", "index": 3}
#: A canary is watched for ten minutes at each share.
_PATIENCE_SECONDS = 600.0
#: A router that has just read a route keeps it for a second, and answers from it while it reads the next.
_ROUTER_SECONDS = 1.8


@dataclass(frozen=True, slots=True)
class _Run:
    """Seconds from the first bad response until the candidate serves nobody, and bad responses until then."""

    seconds: float
    bad: int


def measure(effort: Effort) -> Findings:
    """Let a version fail from its first call on, with the product's own counters, judge, state and roll-back."""
    runs = _RUNS_A_TURN * max(effort.quiet_turns, 2)
    # Each look writes its lines, as a function does.
    logging.disable(logging.CRITICAL)
    try:
        found = {
            (rate, share): [_run(chance(1_000 * rate + number), rate, share) for number in range(runs)]
            for share in _SHARES
            for rate in _RATES
        }
    finally:
        logging.disable(logging.NOTSET)
    return Findings(tuple(_measures(found)), tuple(_notes(found)))


def _run(source: Random, rate: int, share: float) -> _Run:
    world, deployment_id = _canary(source)
    started = world.clock.now().timestamp()
    calls, next_look, rolled_back_at, end = _calls(source, rate, share), 0.0, None, math.inf
    tick: Mapping[str, object] | None = None
    first_bad, bad = None, 0
    for at, is_candidate, has_failed in calls:
        while rolled_back_at is None and next_look <= at:
            _advance(world, started + next_look)
            tick = _look(world, deployment_id, tick)
            if world.tables.deployments[deployment_id].status == "RolledBack":
                rolled_back_at = next_look
                # The router of these calls, once: asked for each call anew, the quickest of many would end the run.
                end = rolled_back_at + source.uniform(0, _ROUTER_SECONDS)
            next_look += int(str(tick["seconds"])) if tick else 0
        if at >= end:
            return _Run(end - (end if first_bad is None else first_bad), bad)
        if at > _PATIENCE_SECONDS:
            break
        _advance(world, started + at)
        if is_candidate and has_failed:
            first_bad, bad = first_bad if first_bad is not None else at, bad + 1
        if rolled_back_at is None:
            _count(world, source, is_candidate=is_candidate, has_failed=has_failed)
    return _Run(_PATIENCE_SECONDS, bad)


def _canary(source: Random) -> tuple[FakeWorld, str]:
    """Make a canary of half the tenants that begins to be watched now, and what its tenants did before."""
    from chalicelib.domain.plans import Plan, Reach, StepKind  # noqa: PLC0415 - the bench's start loads no product

    world = a_world()
    for (plugin, number), version in world.tables.versions.items():
        world.tables.versions[plugin, number] = replace(version, manifest=a_manifest(number))
        world.functions.respond(PLUGIN, f"v{number.replace('.', '-')}", lambda _: {"ok": True})
    complete(world, "1.0.0")
    for _ in range(_CALLS_BEFORE):
        world.clock.advance(seconds=0.1)
        _count(world, source, is_candidate=False, has_failed=source.random() < _USUAL)
    world.clock.advance(seconds=120)
    _count(world, source, is_candidate=False, has_failed=False)
    deployment = at_step(world, "2.0.0", 3, share_bps=5_000)
    reach = Reach(len(_TENANTS) // 2, len(_TENANTS))
    steps = tuple(replace(step, reach=reach) if step.kind is StepKind.SHIFT else step for step in deployment.plan.steps)
    world.tables.deployments[deployment.id] = replace(deployment, plan=Plan(steps))
    return world, deployment.id


def _calls(source: Random, rate: int, share: float) -> Iterator[tuple[float, bool, bool]]:
    """Give calls by time: (seconds, of the candidate, failed), *rate* a second to each side."""
    at = 0.0
    while True:
        at += source.expovariate(2 * rate)
        is_candidate = source.random() < 0.5
        yield at, is_candidate, source.random() < (share if is_candidate else _USUAL)


def _count(world: FakeWorld, source: Random, *, is_candidate: bool, has_failed: bool) -> None:
    from chalicelib.domain.tallies import Call  # noqa: PLC0415 - as above
    from chalicelib.domain.tenants import Tenant  # noqa: PLC0415 - as above

    route = stored_route(world)
    target = route.candidate if is_candidate else route.stable
    assert target is not None
    side = _side(route.salt, route.candidate_bps, is_candidate=is_candidate) or _TENANTS
    tenant = Tenant(source.choice(side), "", "", "")
    world.calls.count(Call(route, tenant, target, is_split=True, has_failed=has_failed, duration_ms=20.0))


@cache
def _side(salt: str, candidate_bps: int, *, is_candidate: bool) -> tuple[str, ...]:
    """Name the tenants that a canary of so much serves by its candidate, or by stable."""
    from chalicelib.domain.resolution import bucket_of  # noqa: PLC0415 - as above

    return tuple(name for name in _TENANTS if (bucket_of(PLUGIN, salt, name) < candidate_bps) == is_candidate)


def _look(world: FakeWorld, deployment_id: str, tick: Mapping[str, object] | None) -> Mapping[str, object]:
    from chalicelib.steps.evaluate_step import evaluate_step  # noqa: PLC0415 - as above

    given = {"deployment_id": deployment_id, "step": _OBSERVE, **({"tick": tick} if tick else {})}
    return run(evaluate_step, world.ports, **given)


def _advance(world: FakeWorld, to: float) -> None:
    world.clock.advance(seconds=max(0.0, to - world.clock.now().timestamp()))


def _measures(found: Mapping[tuple[int, float], list[_Run]]) -> Iterator[Measure]:
    for (rate, share), runs in found.items():
        seconds = [run.seconds for run in runs]
        bad = [run.bad for run in runs]
        yield Measure(
            what=f"{share:.0%} errors, {rate} calls a second",
            ours=f"{statistics.median(bad):.0f} bad responses, {max(bad)} at worst",
            result=Interval(statistics.median(seconds), min(seconds), max(seconds)),
            unit=Unit.SECONDS,
            n=len(seconds),
            aim=_AIM_SECONDS if (rate, share) == (10, 0.5) else _ALWAYS_SECONDS,
        )


def _notes(found: Mapping[tuple[int, float], list[_Run]]) -> Iterator[str]:
    slow = [
        f"{share:.0%} at {rate}/s {sum(run.seconds > _ALWAYS_SECONDS for run in runs) / len(runs):.0%} "
        f"(p95 {percentile([run.seconds for run in runs], 0.95):.0f} s)"
        for (rate, share), runs in found.items()
        if any(run.seconds > _ALWAYS_SECONDS for run in runs)
    ]
    yield f"Runs that took longer than {_ALWAYS_SECONDS:.0f} s: {', '.join(slow) or 'none'}."
    yield "The bounds are the quickest and the slowest run."
    yield f"Calls a second are those to the candidate, and as many to stable, {_USUAL:.0%} of which fail."
    yield "10 % of one call a second are six failures a minute: no honest rule tells them from luck in that time."
    yield f"A router follows within {_ROUTER_SECONDS} s of the write, which counts; a look takes no time: add yours."


CASE = Case(
    name="detection",
    title="From the first bad response to no traffic on the candidate",
    method=(
        "The product's own counters, looks, rules and roll-back over a clock that is stepped, the default interval of "
        "PT10S; the version is bad from its first call."
    ),
    measure=measure,
)
