"""Our package beside what `chalice package` makes of the same application: start and size."""

from pathlib import Path

from bench.default_package import default_package
from bench.figures import Interval
from bench.functions import API, INVOKE, function, our_package
from bench.materials import lambda_sdk, unpacked
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort
from bench.starts import compared, start_times

#: A start loads what its first request needs, here GET /plugins; and, beside it, all that any request may need.
_EVERYDAY = f"{API}\nimport chalicelib.api.routes.plugins, chalicelib.adapters.dynamodb.plugins"
_EVERY_ROUTE = f"{API} as application\napplication.app.load_all()"


def measure(effort: Effort) -> Findings:
    """Time the same starts from both packages, and compare the zips."""
    ours, default = our_package(), default_package()
    slow_sdk = lambda_sdk(has_byte_code=False)
    programs = {
        "everyday": function(_EVERYDAY, ours),
        "everyday by default": function(_EVERYDAY, default),
        "api": function(_EVERY_ROUTE, ours),
        "api by default": function(_EVERY_ROUTE, default),
        "api, source SDK": function(_EVERY_ROUTE, ours, slow_sdk),
        "invoke": function(INVOKE, ours),
        "invoke by default": function(INVOKE, default),
    }
    by_default = [m for m in programs["api by default"].modules() if m.is_source_in(unpacked(default))]
    assert len(by_default) > 100
    assert not any(module.has_byte_code for module in by_default), "the default package has been compiled"
    assert all(module.has_byte_code for module in programs["api"].modules() if module.is_source_in(unpacked(ours)))
    times = start_times(programs, effort)
    name = "default"
    return Findings(
        (
            compared("API function, for GET /plugins", times["everyday"], name, times["everyday by default"], aim=0.45),
            compared("API function, every route", times["api"], name, times["api by default"], aim=None),
            compared("invoke function", times["invoke"], name, times["invoke by default"], aim=None),
            compared(
                "API function, every route, if Lambda's SDK had no byte code",
                times["api, source SDK"],
                name,
                times["api by default"],
                aim=None,
            ),
            _size(ours, default),
        ),
        (
            "Both hold the same versions; the default one also holds botocore.",
            "Lambda's folder is read-only, so what comes without byte code is compiled at each start.",
        ),
    )


def _size(ours: Path, default: Path) -> Measure:
    our_bytes, default_bytes = ours.stat().st_size, default.stat().st_size
    ratio = our_bytes / default_bytes
    return Measure(
        what="zip",
        ours=f"{our_bytes / 1e6:.1f} MB",
        peer=f"default {default_bytes / 1e6:.1f} MB",
        result=Interval(ratio, ratio, ratio),
        unit=Unit.RATIO,
        aim=0.35,
        n=1,
    )


CASE = Case(
    name="package",
    title="Our package against the default one",
    method="The same application and requirements, packed by `chalice package` alone; starts as in invoke-start.",
    measure=measure,
)
