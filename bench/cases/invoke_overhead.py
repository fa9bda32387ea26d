"""What an invocation adds to the one call that it makes: our service beside boto3 calling the version's alias."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from bench.fake_aws import ANSWER, ENVIRONMENT, PLUGIN, STABLE, TENANT, FakeAws
from bench.figures import Interval, percentile, ratio_of_medians
from bench.functions import ENVIRONMENT as VARIABLES
from bench.machine import one_core
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort, Taken, take_turns

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from chalicelib.serving_ports import ServingPorts

_CALLS = 10
#: A p99 is one of a hundred: it takes thousands of calls until some dozens are beyond it.
_TURNS = 24
_PATIENCE = 30
_AWAY = 1.05
_COUNTED = 100
_INPUT = {"text": "hello"}
#: What ours sends along with the input; the bare call sends the same, so that both pay for the same bytes.
_PAYLOAD = {
    "operation": "echo",
    "input": _INPUT,
    "tenantId": TENANT,
    "environment": ENVIRONMENT,
    "config": {},
    "secrets": {},
    "state": {},
    "executionId": "exe_01JDA3Y3W6V6C6ZJ1M8Y5N9Q4T",
    "traceId": "0af7651916cd43dd8448eb211c80319c",  # pragma: allowlist secret
}


def measure(effort: Effort) -> Findings:
    """Call through both in turns, and count what a warm invocation asks of AWS."""
    aws = FakeAws()
    with variables(), aws.instead(), Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        service, handler = _ours(nowhere)
        counted = _counted(aws, service)
        plain, own = _clients()
        calls = {
            "boto3": _turn(_bare(plain)),
            "client": _turn(_bare(own)),
            "service": _turn(service),
            "function": _turn(handler),
        }
        with one_core():
            quiet = take_turns(calls, _longer(effort))
    times = {name: [value for turn in turns for value in turn] for name, turns in quiet.items()}
    return Findings(
        (
            *_compared("our service", times["service"], times["boto3"], 1.10),
            *_compared("our whole function", times["function"], times["boto3"], None),
            *_compared("our client alone", times["client"], times["boto3"], None),
            _count("calls of a database per warm invocation", counted.get("dynamodb GetItem", 0) / _COUNTED, 0.0),
            _count("calls of any service per warm invocation", sum(counted.values()) / _COUNTED, 1.0),
        ),
        (
            "The transport is a fake that answers at once: on AWS both sides wait some milliseconds more.",
            "boto3 is its own client with our timeouts; ours names itself and leaves checking parameters to Lambda.",
            "Before they are a second old, a thread on this core reads route, tenant and installation anew.",
            f"Counted over {_COUNTED} invocations within one second: {counted}.",
        ),
    )


def payload() -> dict[str, object]:
    """Give what an invocation sends to its plugin."""
    return dict(_PAYLOAD)


def _longer(effort: Effort) -> Effort:
    return Effort(effort.quiet_turns * _TURNS, effort.rounds_at_most * _PATIENCE, effort.plugin_starts)


def _clients() -> "tuple[LambdaClient, LambdaClient]":
    """Give boto3's own client, as patient as ours, and ours."""
    from chalicelib.adapters import aws_clients  # noqa: PLC0415 - after the variables are set

    patience = Config(read_timeout=aws_clients.INVOKE_SECONDS, retries={"total_max_attempts": 1}, tcp_keepalive=True)
    return boto3.client("lambda", config=patience), aws_clients.lambda_calls(aws_clients.INVOKE_SECONDS)


def _bare(client: "LambdaClient") -> Callable[[], object]:
    def call() -> object:
        response = client.invoke(
            FunctionName=f"bench-plugin-{PLUGIN}", Qualifier=STABLE.alias, Payload=json.dumps(_PAYLOAD).encode()
        )
        return json.loads(response["Payload"].read())

    assert call() == ANSWER
    return call


def _ours(nowhere: Any) -> tuple[Callable[[], object], Callable[[], object]]:  # noqa: ANN401 - a stream
    """Give the service, and the function around it with parsing, log and answer, over the real adapters."""
    from chalicelib.api.invoke import answer_proxied  # noqa: PLC0415 - after the variables are set
    from chalicelib.bootstrap_serving import connect, use  # noqa: PLC0415
    from chalicelib.settings import Settings  # noqa: PLC0415

    ports = connect(Settings.from_environment())
    body = {"tenantId": TENANT, "operation": "echo", "input": _INPUT, "environment": ENVIRONMENT}
    event = {
        "path": f"/v1/plugins/{PLUGIN}/invoke",
        "pathParameters": {"plugin_id": PLUGIN},
        "headers": {"content-type": "application/json"},
        "requestContext": {"authorizer": {"username": "bench", "roles": "Host", "tenantId": ""}},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }

    def function() -> object:
        with use(ports), contextlib.redirect_stderr(nowhere):
            return answer_proxied(event, None)

    answer = answer_of(function())
    assert answer == ANSWER["result"], answer
    return invocation(ports), function


def invocation(ports: "ServingPorts") -> Callable[[], object]:
    """Give an invocation by the service, with nothing around it."""
    from chalicelib.domain.authorization import Caller, Role  # noqa: PLC0415 - as above
    from chalicelib.domain.ids import Environment  # noqa: PLC0415
    from chalicelib.services.invocations import InvokePlugin, invoke_plugin  # noqa: PLC0415

    caller = Caller("bench", frozenset({Role.HOST}), trace_id=str(_PAYLOAD["traceId"]))
    command = InvokePlugin(caller, PLUGIN, TENANT, "echo", _INPUT, Environment(ENVIRONMENT))
    return lambda: invoke_plugin(command, ports)


def answer_of(reply: Any) -> object:  # noqa: ANN401 - a reply of the function
    """Return the result in the function's answer."""
    assert reply.status == 200, reply
    return json.loads(reply.body)["result"]


def _counted(aws: FakeAws, service: Callable[[], object]) -> dict[str, int]:
    """Count what warm invocations within one second ask for."""
    for _ in range(20):
        service()
        before, started = aws.calls.copy(), time.monotonic()
        for _ in range(_COUNTED):
            service()
        reads = aws.calls["dynamodb GetItem"] - before["dynamodb GetItem"]
        if not reads or time.monotonic() - started < 0.5:
            return dict(aws.calls - before)
    raise AssertionError("the invocations took longer than the cache keeps")


def _turn(call: Callable[[], object]) -> Callable[[], Taken]:
    clock = time.perf_counter_ns

    def turn() -> Taken:
        taken = []
        # Of all threads: what ours does aside is no disturbance, but a part of what it costs.
        on_core, started = time.process_time_ns(), clock()
        for _ in range(_CALLS):
            began = clock()
            call()
            taken.append((clock() - began) / 1_000)
        return Taken(tuple(taken), is_disturbed=clock() - started > _AWAY * (time.process_time_ns() - on_core))

    return turn


@contextlib.contextmanager
def variables(**more: str) -> Iterator[None]:
    """Give this process what a function's environment says, for as long as the case runs."""
    before = dict(os.environ)
    os.environ.update({**VARIABLES, **more})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _compared(what: str, ours: list[float], bare: list[float], aim: float | None) -> Iterator[Measure]:
    p50 = ratio_of_medians(ours, bare)
    tail = percentile(ours, 0.99) / percentile(bare, 0.99)
    for share, told, result in ((0.5, "p50", p50), (0.99, "p99", Interval(tail, tail, tail))):
        yield Measure(
            what=f"{what}, {told}",
            ours=f"{percentile(ours, share):.0f} µs",
            peer=f"boto3 {percentile(bare, share):.0f} µs",
            result=result,
            unit=Unit.RATIO,
            aim=aim,
            n=len(ours),
        )


def _count(what: str, value: float, aim: float) -> Measure:
    return Measure(what=what, ours="", result=Interval(value, value, value), unit=Unit.CALLS, aim=aim, n=_COUNTED)


CASE = Case(
    name="invoke-overhead",
    title="Overhead of an invocation",
    method="In one process over a transport that answers at once; the peer is boto3 calling the version's alias.",
    measure=measure,
)
