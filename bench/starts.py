"""Starts that take turns, as measures: the wall time of each beside that of its peer."""

import statistics
from collections.abc import Mapping, Sequence

from bench.figures import Interval, ratio_of_medians
from bench.fresh import Program
from bench.machine import one_core
from bench.reports import Measure, Unit
from bench.slices import Effort, take_turns


def start_times(programs: Mapping[str, Program], effort: Effort) -> dict[str, list[float]]:
    """Time the starts of *programs* in turns on one core; return the wall times in ms of the quiet turns."""
    with one_core():
        quiet = take_turns({name: program.start for name, program in programs.items()}, effort)
    return {name: [value for (value,) in turns] for name, turns in quiet.items()}


def compared(what: str, ours: Sequence[float], peer_name: str, peer: Sequence[float], *, aim: float | None) -> Measure:
    """Compare two samples of starts by their medians."""
    return Measure(
        what=what,
        ours=f"{statistics.median(ours):.1f} ms",
        peer=f"{peer_name} {statistics.median(peer):.1f} ms",
        result=ratio_of_medians(ours, peer),
        unit=Unit.RATIO,
        aim=aim,
        n=len(ours),
    )


def alone(what: str, value: float, samples: int, *, unit: Unit, aim: float | None = None) -> Measure:
    """Report one value as it is."""
    return Measure(what=what, ours="", result=Interval(value, value, value), unit=unit, aim=aim, n=samples)
