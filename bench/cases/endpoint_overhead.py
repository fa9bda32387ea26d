"""What `@endpoint` adds to a request: our route beside a bare Chalice route of the same application."""

import contextlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalice import Chalice

from bench.figures import percentile, ratio_of_medians
from bench.functions import ENVIRONMENT
from bench.machine import one_core
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort, Taken, take_turns

_CALLS = 300
_ROUTES = 50
_MIDDLE = _ROUTES // 2
_DOCUMENT = {"pluginId": "echo", "name": "Echo", "revision": 1}


def measure(effort: Effort) -> Findings:
    """Call both routes in turns, in this process, and time each call."""
    app = _application()
    calls = {
        f"{method} {kind}": _caller(app, f"/{kind}/{_MIDDLE}", method)
        for method in ("GET", "POST")
        for kind in ("bare", "ours")
    }
    with one_core():
        quiet = take_turns(calls, effort)
    times = {name: [value for turn in turns for value in turn] for name, turns in quiet.items()}
    return Findings(
        tuple(_compared(method, times[f"{method} ours"], times[f"{method} bare"]) for method in ("GET", "POST")),
        (
            *(f"{name}: {_described(values)}" for name, values in times.items()),
            "Ours: caller, permission, query, body and answer by pydantic, headers, a line of log (to nowhere).",
        ),
    )


def _application() -> Chalice:
    """Make an application of 50 bare routes and 50 of ours."""
    os.environ.update({name: value for name, value in ENVIRONMENT.items() if not name.startswith("AWS_")})
    # The logger keeps the stdout that it finds when it is made.
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        from bench.programs.routes import blueprint_of_ours  # noqa: PLC0415

    app = Chalice("bench")
    for number in range(_ROUTES):
        app.route(f"/bare/{number}", methods=["GET", "POST"])(_bare(app))
    app.register_blueprint(blueprint_of_ours(_ROUTES, _DOCUMENT))
    return app


def _bare(app: Chalice) -> Callable[[], dict[str, Any]]:
    def show_plugin() -> dict[str, Any]:
        request = app.current_request
        assert request is not None
        return dict(request.json_body if request.raw_body else _DOCUMENT)

    return show_plugin


def _caller(app: Chalice, path: str, method: str) -> Callable[[], Taken]:
    """Make a turn of many calls with one event, after a look at what the call answers."""
    event = _event(path, method)
    answered = app(event, None)
    assert answered["statusCode"] == 200, answered
    assert json.loads(answered["body"]) == _DOCUMENT, answered

    def turn() -> Taken:
        taken = []
        for _ in range(_CALLS):
            started = time.perf_counter_ns()
            app(event, None)
            taken.append((time.perf_counter_ns() - started) / 1_000)
        return Taken(tuple(taken))

    return turn


def _event(path: str, method: str) -> dict[str, Any]:
    headers = {"content-type": "application/json", "accept": "application/json", "host": "api.invalid"}
    authorizer = {"username": "ana", "roles": "Developer", "tenantId": ""}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {"resourcePath": path, "httpMethod": method, "stage": "api", "authorizer": authorizer},
        "body": json.dumps(_DOCUMENT) if method == "POST" else None,
        "isBase64Encoded": False,
    }


def _compared(method: str, ours: list[float], bare: list[float]) -> Measure:
    our_p50, bare_p50 = percentile(ours, 0.5), percentile(bare, 0.5)
    return Measure(
        what=f"{method}, route {_MIDDLE} of {_ROUTES}, p50",
        ours=f"{our_p50:.0f} µs",
        peer=f"bare {bare_p50:.0f} µs",
        result=ratio_of_medians(ours, bare),
        unit=Unit.RATIO,
        n=len(ours),
    )


def _described(values: list[float]) -> str:
    per_second = 1_000_000 / (sum(values) / len(values))
    return f"{per_second:,.0f} req/s, p50 {percentile(values, 0.5):.0f} µs, p99 {percentile(values, 0.99):.0f} µs"


CASE = Case(
    name="endpoint",
    title="Overhead of the API per request",
    method="In one process, with events of API Gateway; a bare Chalice route of the same application is the peer.",
    measure=measure,
)
