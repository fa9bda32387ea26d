"""What a million invocations cost at AWS, from requests that were counted, beside one plain call of Lambda."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.cases.invoke_overhead import invocation, variables
from bench.fake_aws import FakeAws
from bench.figures import Interval
from bench.machine import PROJECT_DIRECTORY
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort
from chalicelib.domain.list_prices import LAMBDA_GB_SECOND_USD, LAMBDA_REQUEST_USD

# Lambda's prices are the product's own; these are what a deployment does not pay. List prices in dollars, us-east-1,
# on demand, without any free tier, as published since 2024-11-01:
# aws.amazon.com/dynamodb/pricing/on-demand, /api-gateway/pricing (REST, first 333 million).
_READ_UNIT = 0.125 / 1e6
_WRITE_UNIT = 0.625 / 1e6
_REST_REQUEST = 3.50 / 1e6

#: A plugin that takes so long with so much memory, and what our function adds to its wait.
_PLUGIN_SECONDS, _PLUGIN_GB = 0.050, 0.25
_OUR_SECONDS = 0.010
_INVOCATIONS = 2_000
#: A strongly consistent read or a write of an item of ours is one unit: each is far below 1 KB.
_UNITS = {
    "GetItem": _READ_UNIT,
    "PutItem": _WRITE_UNIT,
    "UpdateItem": _WRITE_UNIT,
    # Once a minute: what was counted of the version and of its callers, two items, twice the price in a transaction.
    "TransactWriteItems": 2 * 2 * _WRITE_UNIT,
}


@dataclass(slots=True)
class _SteppedClock:
    """A clock that moves when it is told to."""

    moment: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


def measure(_effort: Effort) -> Findings:
    """Count the requests of invocations at two rates, and price them."""
    plain = LAMBDA_REQUEST_USD + _PLUGIN_SECONDS * _PLUGIN_GB * LAMBDA_GB_SECOND_USD
    ours = LAMBDA_REQUEST_USD + (_PLUGIN_SECONDS + _OUR_SECONDS) * _our_gb() * LAMBDA_GB_SECOND_USD
    busy, seldom = _counted(timedelta(seconds=_PLUGIN_SECONDS + _OUR_SECONDS)), _counted(timedelta(seconds=10))
    return Findings(
        (
            _priced("a host calls our function, container busy", plain + ours + _tables(busy), plain),
            _priced("… container called every 10 s", plain + ours + _tables(seldom), plain),
            _priced("… through API Gateway, container busy", plain + ours + _tables(busy) + _REST_REQUEST, plain),
        ),
        (
            f"A plugin of {_PLUGIN_SECONDS * 1_000:.0f} ms, {_PLUGIN_GB} GB. Ours waits for it, {_our_gb():g} GB.",
            f"Assumed: ours takes {_OUR_SECONDS * 1_000:.0f} ms more, and the gateway keeps what the authorizer said.",
            f"Requests per invocation, busy: {_per_invocation(busy)}; every 10 s: {_per_invocation(seldom)}.",
            "List prices of us-east-1, on demand, without a free tier, as published since 2024-11-01.",
        ),
    )


def _our_gb() -> float:
    """Read how much memory our function has."""
    config: dict[str, Any] = json.loads((PROJECT_DIRECTORY / ".chalice" / "config.json").read_text())
    stages = config["stages"].values()
    return float(next(iter(stages))["lambda_functions"]["invoke_plugin"]["lambda_memory_size"]) / 1_024


def _counted(apart: timedelta) -> Counter[str]:
    """Run invocations that begin *apart* in one container, after a first one that fills its cache."""
    from chalicelib.bootstrap_serving import connect  # noqa: PLC0415 - after the variables are set
    from chalicelib.settings import Settings  # noqa: PLC0415

    aws, clock = FakeAws(), _SteppedClock()
    with variables(), aws.instead():
        call = invocation(connect(Settings.from_environment(), clock))
        call()
        before = aws.calls.copy()
        for _ in range(_INVOCATIONS):
            clock.moment += apart
            call()
    return aws.calls - before


def _tables(counted: Counter[str]) -> float:
    """Price what an invocation asks of DynamoDB; it asks nothing else but its plugin."""
    of_dynamodb = {name.partition(" ")[2]: count for name, count in counted.items() if name.startswith("dynamodb ")}
    assert sum(of_dynamodb.values()) + counted["lambda Invoke"] == counted.total(), counted
    return sum(count * _UNITS[operation] for operation, count in of_dynamodb.items()) / _INVOCATIONS


def _per_invocation(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count / _INVOCATIONS:g}" for name, count in sorted(counted.items()))


def _priced(what: str, ours: float, plain: float) -> Measure:
    ratio = ours / plain
    return Measure(
        what=what,
        ours=f"${ours * 1e6:.2f}",
        peer=f"a plain call ${plain * 1e6:.2f}",
        result=Interval(ratio, ratio, ratio),
        unit=Unit.RATIO,
        n=_INVOCATIONS,
    )


CASE = Case(
    name="costs",
    title="Cost of a million invocations",
    method="Requests counted over the real adapters and a clock that is stepped, priced by AWS's lists.",
    measure=measure,
)
