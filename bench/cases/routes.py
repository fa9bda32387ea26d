"""What it takes to hold every route and every pin at once, beside Eppo with the same facts."""

import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.engines import Facts, document_of, tenant_ids
from bench.figures import Interval, ratio_of_medians
from bench.fresh import Program
from bench.machine import PROJECT_DIRECTORY, one_core
from bench.materials import engines
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort
from chalicelib.adapters.dynamodb import items
from chalicelib.domain.routes import Route, Target

_PLUGINS, _PINS, _TENANTS = 1_000, 500, 10_000
_LOADS, _QUICK_LOADS = 9, 3
#: Pins of each plugin that a container serves before its memory is looked at.
_SERVED = 50


def measure(effort: Effort) -> Findings:
    """Load each in fresh processes, in turns; what is compared is the CPU time, as a load waits for nothing."""
    loads = _LOADS if effort.quiet_turns >= Effort().quiet_turns else _QUICK_LOADS
    with tempfile.TemporaryDirectory() as folder, one_core():
        programs = _programs(Path(folder))
        told = [{name: json.loads(program.output()) for name, program in programs.items()} for _ in range(loads)]
    mb = {name: [turn[name]["mb"] for turn in told] for name in programs}
    ms = {name: [turn[name]["ms"] for turn in told] for name in programs if name != "served"}
    ms["first"] = [turn["served"]["first"] for turn in told]
    ms["all"] = [turn["served"]["all"] * _PINS / _SERVED for turn in told]
    return Findings(
        (
            _compared("1,000 plugins × 500 pins, memory", mb["ours"], mb["Eppo"], "MB", 1.2),
            _compared("1,000 plugins × 500 pins, time to load", ms["ours"], ms["Eppo"], "ms", 1.0),
            _compared("a container that served them, memory", mb["served"], mb["Eppo"], "MB", 1.2),
            _compared("… its time to read, before the first decision", ms["first"], ms["Eppo"], "ms", 1.0),
            _compared("… with the decisions, when each pin was asked for", ms["all"], ms["Eppo"], "ms", None),
            _alone("1,000 routes, memory", mb["routes"], Unit.MEGABYTES),
            _alone("1,000 routes, time to load", ms["routes"], Unit.MILLISECONDS),
        ),
        (
            "Ours: the objects of the product, a pin with its installation. Growth of the process, and CPU time.",
            "No process of the product loads all pins: a container reads what it is asked for, and keeps 10,000.",
            f"It served {_SERVED} pins of each plugin, five times what it keeps: more would take no more memory.",
            f"When each was asked for: {_PINS // _SERVED} times that for {_SERVED}. Eppo has then decided nothing yet.",
        ),
    )


def _programs(folder: Path) -> dict[str, Program]:
    facts = Facts.of(_PLUGINS, _PINS, tenant_ids(_TENANTS))
    path = (PROJECT_DIRECTORY, engines())
    programs = {}
    for name in ("ours", "Eppo"):
        document = folder / f"{name}.json"
        document.write_bytes(document_of(name, facts))
        code = f"from bench.programs.loading import measure_load, Path; measure_load({name!r}, Path({str(document)!r}))"
        programs[name] = Program(code, path)
    document = folder / "routes.json"
    document.write_text(json.dumps([items.document_of(_route(number)) for number in range(_PLUGINS)]))
    code = f"from bench.programs.loading import measure_routes, Path; measure_routes(Path({str(document)!r}))"
    programs["routes"] = Program(code, path)
    document = folder / "pins.json"
    document.write_text(json.dumps({plugin: pinned[:_SERVED] for plugin, pinned in facts.pins.items()}))
    code = f"from bench.programs.loading import measure_served, Path; measure_served(Path({str(document)!r}))"
    programs["served"] = Program(code, (*path, *map(Path, sys.path[1:])))
    return programs


def _route(number: int) -> Route:
    stable, candidate = (Target(f"{major}.0.0", f"v{major}-0-0", str(major), f"{major}" * 64) for major in (1, 2))
    return Route(f"plugin-{number:04}", "Production", f"salt-{number}", stable, candidate, 1_000)


def _compared(what: str, ours: Sequence[float], theirs: Sequence[float], unit: str, aim: float | None) -> Measure:
    value = statistics.median(ours)
    return Measure(
        what=what,
        ours=f"{value:.0f} {unit}" if value >= 1 else f"{value:.2g} {unit}",
        peer=f"Eppo {statistics.median(theirs):.0f} {unit}",
        result=ratio_of_medians(ours, theirs),
        unit=Unit.RATIO,
        aim=aim,
        n=len(ours),
    )


def _alone(what: str, values: Sequence[float], unit: Unit) -> Measure:
    value = statistics.median(values)
    return Measure(what=what, ours="", result=Interval(value, min(values), max(values)), unit=unit, n=len(values))


CASE = Case(
    name="routes",
    title="Holding every route and every pin",
    method="Fresh processes that load the same facts, in turns; Eppo is the peer.",
    measure=measure,
)
