"""Loading a plugin: from a fresh interpreter to a container that is ready for its first call."""

import hashlib
import io
import json
import tempfile
from pathlib import Path

from bench.figures import Interval, percentile
from bench.fresh import Program
from bench.machine import PROJECT_DIRECTORY
from bench.materials import unpacked
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort
from bench.starts import start_times
from chalicelib.domain.packages import inspect_package
from chalicelib.plugin_runtime.build import inject_runtime
from hotswap.packing import pack

_ECHO = Path(__file__).parents[1] / "programs" / "echo"
_STRIPE = PROJECT_DIRECTORY / "examples" / "plugins" / "payment-processor-stripe" / "2.0.0"
_LOAD = "from _hotswap.handler import handle"
_PROBE = f"""{_LOAD}
import json, types
print(json.dumps(handle({{"hotswap": "probe"}}, types.SimpleNamespace(get_remaining_time_in_millis=lambda: 1000))))"""
_MOST_MS = 200.0


def measure(effort: Effort) -> Findings:
    """Time the loads of the smallest plugin and of one with a real SDK, above the interpreter's own start."""
    programs = {
        "python": Program("pass"),
        "echo": Program(_LOAD, (_built(_ECHO),)),
        "stripe": Program(_LOAD, (_built(_STRIPE),)),
    }
    for name, plugin in (("echo", "bench-echo"), ("stripe", "payment-processor-stripe")):
        answer = json.loads(Program(_PROBE, programs[name].path).output().splitlines()[-1])
        assert answer["ok"], answer
        assert answer["probe"]["name"] == plugin
    starts = effort.plugin_starts
    times = start_times(programs, Effort(quiet_turns=starts, rounds_at_most=5 * starts))
    interpreter_ms = percentile(times["python"], 0.5)
    measures = [
        _share(f"{what}, {told}", times[name], interpreter_ms, share, aim)
        for name, what in (("echo", "echo"), ("stripe", "payment-processor-stripe"))
        for told, share, aim in (("p50", 0.5, None), ("p99", 0.99, _MOST_MS))
    ]
    return Findings(
        tuple(measures),
        (
            f"The interpreter's own start, {interpreter_ms:.1f} ms at p50, is taken off.",
            "Both answered the probe that the intake sends before they were timed.",
        ),
    )


def _share(what: str, times: list[float], interpreter_ms: float, share: float, aim: float | None) -> Measure:
    value = percentile(times, share) - interpreter_ms
    return Measure(
        what=what,
        ours=f"{value:.1f} ms",
        result=Interval(value, value, value),
        unit=Unit.MILLISECONDS,
        aim=aim,
        n=len(times),
    )


def _built(folder: Path) -> Path:
    """Pack the plugin as `hotswap plugin pack` does, build it as the intake does, unpack it as Lambda does."""
    package = pack(folder)
    report = inspect_package(io.BytesIO(package), len(package))
    assert report.manifest is not None, report.findings
    sha256 = hashlib.sha256(package).hexdigest()
    with tempfile.NamedTemporaryFile(suffix=".zip") as built:
        built.write(inject_runtime(package, manifest=report.manifest.document(), sha256=sha256))
        built.flush()
        return unpacked(Path(built.name))


CASE = Case(
    name="plugin-load",
    title="Loading a plugin",
    method="Spawn to ready in a fresh interpreter, of the package that the intake builds, runtime and checks included.",
    measure=measure,
)
