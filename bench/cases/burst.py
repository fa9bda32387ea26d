"""A hundred plugins deployed at once: all come to their end, and Lambda is asked no faster than it allows."""

import json
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from bench.deploying import VERSIONS, Deploying, strategies
from bench.echo_stack import EchoStack, echo_stack
from bench.figures import Interval
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort
from hotswap.resources.deployments import Deployment

#: ISSUE C: so many; a quick run has fewer.
_PLUGINS, _FEW_PLUGINS = 100, 10
#: Lambda Developer Guide, "Lambda quotas": requests a second to its control plane, per account and region.
_LAMBDA_ALLOWS = 15
_AT_ONCE = 20
_FIRST_GROUP = 4
#: Under these names the emulator's trail has what goes to the control plane; calls of functions are apart.
_ASKS = (
    "CreateAlias",
    "CreateFunction",
    "DeleteFunction",
    "GetFunction",
    "ListAliases",
    "PublishVersion",
    "UpdateFunctionCode",
    "UpdateFunctionConfiguration",
)


def measure(effort: Effort) -> Findings:
    """Publish the plugins first, with Lambda's limit as on AWS, then deploy all of them."""
    most_plugins = _PLUGINS if effort.quiet_turns >= Effort().quiet_turns else _FEW_PLUGINS
    names = [f"bench-burst-{number:03d}" for number in range(most_plugins)]
    with echo_stack(lambda_as_on_aws=True) as stack, ThreadPoolExecutor(_AT_ONCE) as pool:
        deploying = Deploying(stack)
        for name in names:
            deploying.publish(name)
        _start_functions(deploying, pool, names)
        with _Trail(stack) as trail:
            started = time.monotonic()
            ended = _deploy(deploying, pool, names, VERSIONS[1])
            took = time.monotonic() - started
    completed = sum(one.status == "Completed" for one in ended)
    assert {one.plugin_id for one in ended} == {*names}
    most = trail.most_in_a_second()
    return Findings(
        (
            Measure(
                f"of {len(names)} deployments at once, not Completed",
                f"{completed} Completed",
                Interval(*(len(names) - completed,) * 3),
                Unit.CALLS,
                len(names),
                aim=0,
            ),
            Measure(
                "requests to Lambda's control plane, most in any second",
                f"{trail.count} requests",
                Interval(most, most, most),
                Unit.CALLS,
                trail.count,
                aim=_LAMBDA_ALLOWS,
            ),
            Measure("from the first request to the last end", "", Interval(took, took, took), Unit.SECONDS, len(names)),
        ),
        (
            "Lambda's budget is as on AWS, the limits of a user are raised; the emulator's trail counts, and not we.",
            *(f"{one.plugin_id}: {one.status}, {one.status_reason}" for one in ended if one.status != "Completed"),
        ),
    )


def _start_functions(deploying: Deploying, pool: ThreadPoolExecutor, names: list[str]) -> None:
    """Deploy the first versions in growing groups: on few cores, starting all functions at once would take minutes."""
    rest, size = names, _FIRST_GROUP
    while rest:
        _deploy(deploying, pool, rest[:size], VERSIONS[0])
        rest, size = rest[size:], size * 2


def _deploy(deploying: Deploying, pool: ThreadPoolExecutor, names: list[str], version: str) -> list[Deployment]:
    """Begin a deployment of each, and give them as they ended."""
    wishes = strategies("PT0S")["Direct"]
    begun = [*pool.map(lambda name: deploying.begin(name, version, wishes), names)]
    return [*pool.map(lambda one: deploying.until(one.id, lambda seen: seen.is_settled), begun)]


class _Trail:
    """What the emulator notes of requests to Lambda, read while it happens: it keeps only the last few thousand."""

    def __init__(self, stack: EchoStack) -> None:
        self._stack = stack
        self._events: dict[str, float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self._events)

    def most_in_a_second(self) -> int:
        """Count the most that were made in any second, wherever it begins."""
        moments = sorted(self._events.values())
        return max((sum(begin <= at < begin + 1 for at in moments) for begin in moments), default=0)

    def _watch(self) -> None:
        trail = self._stack.client("cloudtrail")
        begins = time.time()
        while not self._stopped.wait(0.5):
            ends = time.time()
            for name in _ASKS:
                self._read(trail, name, begins - 1, ends)
            begins = ends

    def _read(self, trail: Any, name: str, begins: float, ends: float) -> None:  # noqa: ANN401 - a client
        found = trail.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}], StartTime=begins, EndTime=ends
        )["Events"]
        assert len(found) < 50, f"more than a page of {name} in {ends - begins:.1f} s"
        for event in found:
            if event["EventSource"] == "lambda.amazonaws.com":
                self._events[event["EventId"]] = event["EventTime"].timestamp()

    def __enter__(self) -> Self:
        """Let the emulator begin to take notes."""
        body = json.dumps({"cloudtrail._recording_enabled": "true"}).encode()
        request = urllib.request.Request(f"{self._stack.info.emulator_url}/_ministack/config", body, method="POST")  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            assert json.load(answer)["applied"], "the emulator keeps no trail"
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Read the last."""
        time.sleep(1)
        self._stopped.set()
        self._thread.join()


CASE = Case(
    name="burst",
    title="A hundred plugins deployed at once",
    method="Direct deployments of different plugins, begun by twenty clients, in the emulator with Lambda's limit.",
    measure=measure,
    is_slow=True,
)
