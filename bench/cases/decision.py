"""The decision with its reason, beside the engines that others sell, and as plugins and pins grow."""

import gc
import logging
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import Any

from bench.engines import (
    CANDIDATE,
    OURS_GIVEN,
    PEERS,
    PINNED,
    SHARE,
    STABLE,
    Engine,
    Facts,
    document_of,
    load,
    tenant_ids,
)
from bench.figures import Interval, percentile, ratio_of_medians
from bench.machine import one_core
from bench.materials import engines
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort, Taken, take_turns

#: Some 2 ms a turn: short enough to be undisturbed, long enough for the caches to be the engine's own.
_CALLS = {"ours": 2_000, OURS_GIVEN: 2_000, "Eppo": 1_000}
_CALLS_OF_OTHERS = 125
#: So many of them are then timed one by one.
_SINGLE_CALLS = 125
#: Its turns are short, so it may take more of them than others.
_PATIENCE = 8
#: Nothing here waits: where the clock ran this much longer than the thread, something else ran.
_AWAY = 1.02
_TENANTS = 10_000
_PINS = 500
_PLUGINS = 1_000
_OVERRIDE = "check of an override"
_ANY_PLUGIN = "1,000 × 500, each asked"
_OF_ALL_LENGTHS = ", ids of all lengths"


def measure(effort: Effort) -> Findings:
    """Ask each engine the same questions in turns; most of a turn is timed as a whole, the rest call by call."""
    sys.path.append(str(engines()))
    logging.getLogger("ldclient").setLevel(logging.WARNING)
    usual = Facts.of(1, _PINS, tenant_ids(_TENANTS))
    turns = {name: _contender(name, usual, tenant_ids(_TENANTS)) for name in ("ours", OURS_GIVEN, *PEERS)}
    mixed = tenant_ids(_TENANTS, width=1)
    for name in ("ours", "Eppo"):
        turns[f"{name}{_OF_ALL_LENGTHS}"] = _contender(name, Facts.of(1, _PINS, mixed), mixed)
    turns["1 × 10"] = _contender("ours", Facts.of(1, 10, tenant_ids(_TENANTS)), tenant_ids(_TENANTS))
    many = Facts.of(_PLUGINS, _PINS, tenant_ids(_TENANTS))
    turns["1,000 × 500"] = _contender("ours", many, tenant_ids(_TENANTS))
    turns[_ANY_PLUGIN] = _contender("ours", many, tenant_ids(_TENANTS), plugins=_PLUGINS)
    turns[_OVERRIDE] = _override_turn()
    gc.collect()
    gc.freeze()
    try:
        with one_core():
            quiet = take_turns(turns, replace(effort, rounds_at_most=effort.rounds_at_most * _PATIENCE))
    finally:
        gc.unfreeze()
    means = {name: [values[0] for values in kept] for name, kept in quiet.items()}
    singles = {name: [value for values in kept for value in values[1:]] for name, kept in quiet.items()}
    return Findings(_measures(means, singles), _notes(means, singles))


def _contender(name: str, facts: Facts, tenants: Sequence[str], *, plugins: int = 1) -> Callable[[], Taken]:
    """Load an engine, look at all that it answers, and make its turn: questions about the first *plugins*."""
    engine = load(name, document_of(name, facts), tenants)
    _check(name, engine, facts, tenants)
    source = random.Random(3)  # noqa: S311 - the same questions for every engine
    asked = [*facts.pins][:plugins]
    questions = [engine.question(source.choice(asked), tenant) for tenant in source.sample(tenants, len(tenants))]
    return _turn(engine.decide, questions, _CALLS.get(name, _CALLS_OF_OTHERS))


def _override_turn() -> Callable[[], Taken]:
    """Verify tokens as an invocation does, whose header has one."""
    from chalicelib.domain.overrides import Override, sign, verify  # noqa: PLC0415 - with the engines
    from chalicelib.domain.routes import Target  # noqa: PLC0415

    key, now, plugin = b"k" * 32, "2026-11-22T12:00:00.000Z", "plugin-0000"
    target = Target(CANDIDATE, "v2-0-0", "2", "a" * 64)
    override = Override(plugin, "Production", target, "ana", "2026-11-22T12:05:00.000Z")
    check = partial(verify, plugin_id=plugin, environment="Production", now=now)
    assert check(sign(override, key), key) == override
    return _turn(check, [(sign(override, key), key)] * _CALLS_OF_OTHERS, _CALLS_OF_OTHERS)


def _turn(decide: Callable[..., object], questions: Sequence[tuple[Any, ...]], calls: int) -> Callable[[], Taken]:
    """Ask the next questions in each turn."""
    batches = cycle([questions[start : start + calls] for start in range(0, len(questions), calls)])
    clock = time.perf_counter_ns

    def turn() -> Taken:
        batch = next(batches)
        on_core = time.thread_time_ns()
        started = clock()
        for question in batch:
            decide(*question)
        elapsed = clock() - started
        taken = [elapsed / calls / 1_000]
        for question in batch[:_SINGLE_CALLS]:
            began = clock()
            decide(*question)
            taken.append((clock() - began) / 1_000)
        is_disturbed = clock() - started > _AWAY * (time.thread_time_ns() - on_core)
        return Taken(tuple(taken), is_disturbed=is_disturbed)

    return turn


def _check(name: str, engine: Engine, facts: Facts, tenants: Sequence[str]) -> None:
    """Every pin holds, and of the others a tenth is on the candidate."""
    plugin, *_ = facts.pins
    pinned = {*facts.pins[plugin]}
    served = {tenant: engine.version(engine.decide(*engine.question(plugin, tenant))) for tenant in tenants}
    assert {tenant for tenant, version in served.items() if version == PINNED} == pinned, f"{name} loses pins"
    others = [version for tenant, version in served.items() if tenant not in pinned]
    assert {*others} == {STABLE, CANDIDATE}, f"{name} answers {set(others)}"
    share = others.count(CANDIDATE) / len(others)
    assert SHARE - 0.01 <= share <= SHARE + 0.01, f"{name} gives the candidate {share:.1%}"


def _measures(means: dict[str, list[float]], singles: dict[str, list[float]]) -> tuple[Measure, ...]:
    given = ("LaunchDarkly", "GrowthBook")
    return (
        _times_as_fast("decisions per second", means, "ours", "Eppo", 1.2),
        *(_times_as_fast("decisions per second, given the tenant", means, OURS_GIVEN, peer, 12.0) for peer in given),
        *(_times_as_fast("… ours finds it by its id", means, "ours", peer, None) for peer in given),
        _times_as_fast("… ids of all lengths", means, f"ours{_OF_ALL_LENGTHS}", f"Eppo{_OF_ALL_LENGTHS}", None),
        *(_p99(singles, peer, 8.0 if peer == "LaunchDarkly" else None) for peer in PEERS),
        Measure(
            what="check of an override, in decisions",
            ours=_per_call(means[_OVERRIDE]),
            peer=f"a decision {_per_call(means['ours'])}",
            result=ratio_of_medians(means[_OVERRIDE], means["ours"]),
            unit=Unit.RATIO,
            aim=8.0,
            n=len(means[_OVERRIDE]),
        ),
        _growth("1,000 plugins × 500 pins loaded, one asked", means, "1,000 × 500", 1.3),
        _growth("… all of them asked", means, _ANY_PLUGIN, None),
    )


def _growth(what: str, means: dict[str, list[float]], large: str, aim: float | None) -> Measure:
    return Measure(
        what=what,
        ours=_per_call(means[large]),
        peer=f"1 × 10 {_per_call(means['1 × 10'])}",
        result=ratio_of_medians(means[large], means["1 × 10"]),
        unit=Unit.RATIO,
        aim=aim,
        n=len(means[large]),
    )


def _times_as_fast(what: str, means: dict[str, list[float]], ours: str, peer: str, aim: float | None) -> Measure:
    return Measure(
        what=what,
        ours=_per_second(means[ours]),
        peer=f"{peer.partition(',')[0]} {_per_second(means[peer])}",
        result=ratio_of_medians(means[peer], means[ours]),
        unit=Unit.RATIO,
        aim=aim,
        is_least=True,
        n=len(means[ours]),
    )


def _p99(singles: dict[str, list[float]], peer: str, aim: float | None) -> Measure:
    ours, theirs = percentile(singles["ours"], 0.99), percentile(singles[peer], 0.99)
    ratio = theirs / ours
    return Measure(
        what="p99 of a call, times shorter",
        ours=f"{ours:.2f} µs",
        peer=f"{peer} {theirs:.2f} µs",
        result=Interval(ratio, ratio, ratio),
        unit=Unit.RATIO,
        aim=aim,
        is_least=True,
        n=len(singles["ours"]),
    )


def _notes(means: dict[str, list[float]], singles: dict[str, list[float]]) -> tuple[str, ...]:
    return (
        *(
            f"{name}: {_per_call(means[name])} a decision, p50 {percentile(times, 0.5):.2f} µs, "
            f"p99 {percentile(times, 0.99):.2f} µs with the clock"
            for name, times in singles.items()
        ),
        "Ours finds route and installation in dicts, asked by ids the tenant too; only its answer has a reason.",
        "LaunchDarkly and GrowthBook are given their contexts ready-made; beside them ours is given its tenant.",
        "A request without the header of an override pays for one comparison with None.",
        "Each engine kept all pins and gave 9 to 11 % of the others the candidate before it was timed.",
        "All of them asked: each decision finds another plugin's facts, which are in no cache of the processor.",
        "Eppo compares an id with each pinned one, first by length: ids of many lengths suit it.",
    )


def _per_second(means: Sequence[float]) -> str:
    return f"{1_000 / percentile(means, 0.5):,.0f}k/s"


def _per_call(means: Sequence[float]) -> str:
    return f"{percentile(means, 0.5):.2f} µs"


CASE = Case(
    name="decision",
    title="The decision and its reason",
    method=(
        "One thread, no network, 500 of 10,000 tenants pinned and 10 % of the others on the candidate; "
        "the engines take turns in one process."
    ),
    measure=measure,
)
