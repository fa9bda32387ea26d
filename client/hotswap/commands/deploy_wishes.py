"""What `deploy create` takes beside plugin and version: flags, and a file, as one request body."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from hotswap.commands.arguments import json_object, read_file
from hotswap.errors import UsageError

_SHORT_DURATION = re.compile(r"([0-9]+)([smhd])")
_VARIANT = re.compile(r"([^=]+)=([^:]+):([0-9.]+)%?")


class _Flag(NamedTuple):
    """An option, and where its value goes: the config of a strategy (None: the request itself) and a field of it."""

    option: str
    config: str | None
    field: str
    read: Callable[[Any], Any]
    text: str


def _duration(given: str) -> str:
    """Let people write 10m; the API reads ISO 8601, which passes as it is."""
    short = _SHORT_DURATION.fullmatch(given)
    if short is None:
        return given
    return f"P{short[1]}D" if short[2] == "d" else f"PT{short[1]}{short[2].upper()}"


def _number(given: str) -> float | int:
    try:
        number = float(given.removesuffix("%"))
    except ValueError as error:
        raise UsageError(f"{given} is no percentage.", fix="write a number: 10, 12.5 or 25%") from error
    return int(number) if number.is_integer() else number


def _numbers(given: str) -> list[float | int]:
    return [_number(each.strip()) for each in given.split(",")]


def _batch_size(given: str) -> int | str:
    return int(given) if given.isascii() and given.isdigit() else given


def _as_it_is(given: object) -> object:
    return given


_CANARY, _GREEN, _ROLLING, _AB = "canaryConfig", "blueGreenConfig", "rollingConfig", "abConfig"
_FLAGS = (
    _Flag("--initial", _CANARY, "initialPercentage", _number, "Canary: the first percentage."),
    _Flag("--increment", _CANARY, "incrementPercentage", _number, "Canary: how much is added each time."),
    _Flag("--stages", _CANARY, "stages", _numbers, "Canary: the percentages themselves, as in 10,30,100."),
    _Flag("--evaluation", _CANARY, "evaluationPeriod", _duration, "Canary: how long each is watched, as in 10m."),
    _Flag("--split-by", _CANARY, "splitBy", _as_it_is, "Canary: tenant or request."),
    _Flag("--bake", _CANARY, "bake", _duration, "Canary: how long to watch on at 100 %."),
    _Flag("--warmup", _GREEN, "warmupPeriod", _duration, "BlueGreen: how long green is watched at 0 %."),
    _Flag("--switchover", _GREEN, "switchoverType", _as_it_is, "BlueGreen: Instant or Gradual."),
    _Flag("--monitoring", _GREEN, "monitoringPeriod", _duration, "BlueGreen: how long to watch after the switch."),
    _Flag("--batch-size", _ROLLING, "batchSize", _batch_size, "Rolling: tenants a batch, as in 5 or 25%."),
    _Flag("--by", _ROLLING, "by", _as_it_is, "Rolling: ring or tenant."),
    _Flag("--wait-between", _ROLLING, "waitBetweenBatches", _duration, "Rolling: how long each batch is watched."),
    _Flag("--health-check-timeout", _ROLLING, "healthCheckTimeout", _duration, "Rolling: and never less than this."),
    _Flag("--parallel", _ROLLING, "maxParallelBatches", int, "Rolling: batches that move at once."),
    _Flag("--test-duration", _AB, "testDuration", _duration, "ABTesting: how long it runs, as in 24h."),
    _Flag("--metric", _AB, "primaryMetric", _as_it_is, "ABTesting: what decides, as in errorRate."),
    _Flag("--goal", _AB, "goal", _as_it_is, "ABTesting: increase or decrease."),
    _Flag("--significance", _AB, "significance", _number, "ABTesting: the chance of a false winner, as in 0.05."),
    _Flag("--on-conflict", None, "onConflict", _as_it_is, "While another is live: reject, queue or supersede."),
    _Flag("--start-at", None, "startAt", _as_it_is, "Begin then, as in 2026-12-01T09:00:00Z."),
    _Flag("--max-tenants", None, "maxTenants", int, "Serve no more tenants before everybody."),
    _Flag("--max-requests", None, "maxRequests", int, "Hold after so many requests."),
    _Flag("--reason", None, "reason", _as_it_is, "Why; kept with the deployment."),
)
#: Flags without a value, and what each means.
_SWITCHES = {
    "hold_on_fail": (_CANARY, "autoRollback", False),
    "release_previous": (_GREEN, "keepPreviousEnvironment", False),
    "auto_promote": (_AB, "autoPromote", True),
}


def wish_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give *command* all options that say how to deploy; their values come in by name."""
    decorators = [
        *(click.option(flag.option, metavar="VALUE", help=flag.text) for flag in _FLAGS),
        click.option("--hold-on-fail", is_flag=True, help="Canary: hold instead of going back."),
        click.option("--release-previous", is_flag=True, help="BlueGreen: let blue go at the end."),
        click.option("--auto-promote", is_flag=True, help="ABTesting: promote a sure winner by itself."),
        click.option("--variant", multiple=True, metavar="NAME=VERSION:PERCENT", help="ABTesting: an arm; repeat it."),
        click.option("--health", metavar="JSON", help="Limits of health: JSON, @file, or - for stdin."),
        click.option(
            "--config-file",
            type=click.Path(path_type=Path),
            help="A JSON file with what the API takes: canaryConfig, health, steps …; flags go before it.",
        ),
    ]
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def wishes_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """
    Make the fields of the request from the values of the options; what the flags say goes before the file.

    Raises:
        UsageError: A value can't be read.
    """
    file = given.get("config_file")
    body = json_object(read_file(file, option="--config-file"), option="--config-file") if file else {}
    for flag in _FLAGS:
        value = given.get(flag.option.removeprefix("--").replace("-", "_"))
        if value is not None:
            _put(body, flag.config, flag.field, _read(flag, value))
    for name, (config, field, value) in _SWITCHES.items():
        if given.get(name):
            _put(body, config, field, value)
    if given.get("variant"):
        _put(body, _AB, "variants", _variants(given["variant"]))
    if given.get("health"):
        body["health"] = json_object(given["health"], option="--health")
    return body


def _put(body: dict[str, Any], config: str | None, field: str, value: object) -> None:
    if config is None:
        body[field] = value
    else:
        body[config] = {**(body.get(config) or {}), field: value}


def _read(flag: _Flag, value: str) -> object:
    try:
        return flag.read(value)
    except ValueError as error:
        raise UsageError(f"{flag.option} {value} can't be read.", fix=f"write {flag.option} with a number") from error


def _variants(given: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for each in given:
        match = _VARIANT.fullmatch(each)
        if match is None:
            raise UsageError(f"--variant {each} can't be read.", fix="write --variant B=2.0.0:50, one for each arm")
        found.append({"name": match[1], "version": match[2], "percentage": _number(match[3])})
    return found
