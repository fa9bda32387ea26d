"""Constant load while versions are deployed and rolled back: what fails, what slows down, how soon all follow."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC
from functools import partial
from typing import Any, NamedTuple

from bench.deploying import VERSIONS, Asked, Deploying, Load, strategies
from bench.echo_stack import echo_stack
from bench.figures import Interval, percentile
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort
from hotswap.resources.deployments import Deployment

PLUGIN = "bench-always-there"
#: It is deployed and rolled back just so, and nobody asks for it: what requests notice then is the machine's load.
UNASKED = "bench-nobody-asks"
TENANTS = ("ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen")
#: ISSUE C: 20 of each.
_RUNS = 20
_QUIET_SECONDS = 40.0
#: Between two windows: what the last deployment has left to do is over then.
_SETTLED_SECONDS = 3.0
#: CONTRACT §4: every router follows within 2 s of the write.
_MOST_FOLLOWING_SECONDS = 2.0
_LOOKED_SECONDS = 3.0
_HELD = {"strategy": "Canary", "canaryConfig": {"stages": [50, 100], "evaluationPeriod": "PT1H"}}


class _Window(NamedTuple):
    """What was done to the plugin in a window of time, the requests of it, and those while it was done to the other."""

    name: str
    asked: list[Asked]
    beside: list[Asked]


def measure(effort: Effort) -> Findings:
    """Ask without end, first while nothing happens."""
    runs = min(_RUNS, effort.quiet_turns)
    with echo_stack() as stack:
        deploying = Deploying(stack)
        for plugin in (PLUGIN, UNASKED):
            deploying.publish(plugin)
            deploying.deploy(plugin, VERSIONS[0], strategies("PT0S")["Direct"])
        deploying.install(PLUGIN, TENANTS)
        with Load(stack, PLUGIN, TENANTS, at_once=2, pause_seconds=0.02) as load:
            time.sleep(_QUIET_SECONDS / 2)
            before = _during(load, lambda: time.sleep(_QUIET_SECONDS))
            windows = [
                _window(load, name, partial(_deploy, deploying, wishes, runs))
                for name, wishes in strategies("PT1S").items()
            ]
            followed: dict[str, list[float]] = {PLUGIN: [], UNASKED: []}
            windows.append(
                _window(
                    load,
                    "rollbacks",
                    lambda plugin: followed[plugin].extend(_roll_back(deploying, load, plugin) for _ in range(runs)),
                )
            )
        assert not load.broken, load.broken
    return Findings(
        (
            *(_failed(window, runs) for window in windows),
            *(measure for window in windows for measure in _slower(window, before)),
            _last(followed[PLUGIN]),
        ),
        (
            "Two hosts ask for eight tenants in turns; they, the stack and what is deployed share the machine's cores.",
            f"Before anything was deployed: {len(before)} requests, p99 {_p99(before):.0f} ms.",
            "Beside: the same was done to another plugin, which nobody asks for: what it costs is the load.",
            "A roll-back is one by hand of a canary at 50 %, timed to the last request that the candidate served.",
        ),
    )


def _window(load: Load, name: str, do: Callable[[str], object]) -> _Window:
    """Do it to the other plugin first, and then to the one that is asked for."""
    beside = _during(load, lambda: do(UNASKED))
    time.sleep(_SETTLED_SECONDS)
    asked = _during(load, lambda: do(PLUGIN))
    time.sleep(_SETTLED_SECONDS)
    return _Window(name, asked, beside)


def _during(load: Load, do: Callable[[], object]) -> list[Asked]:
    begins = time.time()
    do()
    return load.since(begins, time.time())


def _deploy(deploying: Deploying, wishes: dict[str, Any], runs: int, plugin: str) -> None:
    for _ in range(runs):
        deploying.deploy(plugin, deploying.other(plugin), wishes)


def _roll_back(deploying: Deploying, load: Load, plugin: str) -> float:
    """Roll a canary back at 50 %; return how many seconds later the candidate served for the last time."""
    candidate = deploying.other(plugin)
    begun = deploying.begin(plugin, candidate, _HELD)
    deploying.until(begun.id, _watches)
    # Every router sends half of the tenants to the candidate by now.
    time.sleep(_MOST_FOLLOWING_SECONDS)
    ended = deploying.say(begun.id, "rollback")
    assert ended.status == "RolledBack", ended.status_reason
    written = next(event.at for event in deploying.events(begun.id) if event.action == "RollBack")
    assert written is not None
    time.sleep(_LOOKED_SECONDS)
    wrote_at = written.replace(tzinfo=written.tzinfo or UTC).timestamp()
    return max([one.sent_at - wrote_at for one in load.since(wrote_at) if one.version == candidate], default=0.0)


def _watches(deployment: Deployment) -> bool:
    assert not deployment.is_settled, deployment.status_reason
    current = deployment.current_step
    return current is not None and current.kind == "observe" and current.status == "Running"


def _failed(window: _Window, runs: int) -> Measure:
    failed = sum(not one.is_ok for one in window.asked)
    return Measure(
        what=f"failed requests, {runs} {_what(window)}",
        ours="",
        result=Interval(failed, failed, failed),
        unit=Unit.CALLS,
        n=len(window.asked),
        aim=0,
    )


def _slower(window: _Window, before: list[Asked]) -> Iterable[Measure]:
    """Compare with the time before, as hosts notice it, and with the same done beside: that is the machine's load."""
    yield _ratio(f"p99 during {_what(window)}", window.asked, "before", before)
    yield _ratio("… against the same done to another plugin", window.asked, "beside", window.beside)


def _ratio(what: str, asked: list[Asked], against: str, others: list[Asked]) -> Measure:
    ratio = _p99(asked) / _p99(others)
    return Measure(
        what=what,
        ours=f"{_p99(asked):.0f} ms",
        peer=f"{against} {_p99(others):.0f} ms",
        result=Interval(ratio, ratio, ratio),
        unit=Unit.RATIO,
        n=len(asked),
        aim=1.5,
    )


def _last(followed: list[float]) -> Measure:
    return Measure(
        what="roll-back, from the write to the last router, p99",
        ours=f"p50 {percentile(followed, 0.5):.2f} s",
        result=Interval(percentile(followed, 0.99), min(followed), max(followed)),
        unit=Unit.SECONDS,
        n=len(followed),
        aim=_MOST_FOLLOWING_SECONDS,
    )


def _what(window: _Window) -> str:
    return window.name if window.name == "rollbacks" else f"{window.name} deployments"


def _p99(asked: list[Asked]) -> float:
    return percentile([one.milliseconds for one in asked], 0.99)


CASE = Case(
    name="zero-downtime",
    title="What requests notice of deployments and rollbacks",
    method="Constant load over connections that are kept while versions are deployed to and fro, in the emulator.",
    measure=measure,
    is_slow=True,
)
