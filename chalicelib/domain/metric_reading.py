"""Reading ``health.metrics`` of a request: everything that CloudWatch would refuse is refused when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.domain.config_reading import Reading
from chalicelib.domain.durations import iso_duration
from chalicelib.domain.metric_signals import OF_VERSION, PLACEHOLDERS, MetricQuery, placeholders_in
from chalicelib.domain.verdicts import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Each is a request of its own to CloudWatch, at each look, and another one for stable.
_MOST_SIGNALS = 5
_MOST_QUERIES = 20
_MOST_DATAPOINTS = 100
# From the reference of GetMetricData: an id, the length of an expression, dimensions of a metric, statistics.
_ID = re.compile(r"[a-z][a-zA-Z0-9_]{0,254}")
_MOST_CHARACTERS = 2_048
_MOST_DIMENSIONS = 30
_NAME_CHARACTERS = 255
_STAT = re.compile(
    r"SampleCount|Average|Sum|Minimum|Maximum|IQM|(p|tm|wm|tc|ts)(100|\d{1,2}(\.\d{1,10})?)|(PR|TM|WM|TC|TS)\([\d.%:]{1,40}\)"
)
#: Metrics of high resolution have these, all others multiples of a minute.
_SHORT_PERIODS = frozenset({1, 5, 10, 30})
_MINUTE, _LONGEST_PERIOD_SECONDS = 60, 3_600
# Another account's metrics are named so in SEARCH and in SELECT; the field AccountId of a query is not taken at all.
_OTHER_ACCOUNT = re.compile(r"aws\.accountid", re.IGNORECASE)
_BRACED = re.compile(r"\{([a-zA-Z]+)\}")


def read_metrics(reading: Reading) -> list[dict[str, Any]]:
    """Read the ``metrics`` of ``health``; what is wrong is noted in *reading*."""
    given = reading.items("metrics")
    if len(given) > _MOST_SIGNALS:
        reading.refuse("metrics", f"{len(given)} are too many to ask at each look.", f"Ask {_MOST_SIGNALS} at most.")
        return []
    signals = []
    for index, document in enumerate(given):
        pointer = f"/health/metrics/{index}"
        part = _part(document, pointer)
        signals.append(_signal(part, pointer))
        reading.take_errors(part)
    names = [signal["name"] for signal in signals]
    if len({*names}) < len(names):
        reading.refuse("metrics", "Two have the same name.", "Give each a name of its own.")
    return signals


def _part(document: object, pointer: str) -> Reading:
    part = Reading(document if isinstance(document, Mapping) else {}, pointer)
    if not isinstance(document, Mapping):
        part.refuse("", "It is not an object.", 'Send an object: {"name": …, "queries": […], "max": …}.')
    return part


def _signal(reading: Reading, pointer: str) -> dict[str, Any]:
    given = enumerate(reading.items("queries"))
    queries = [_query(query, f"{pointer}/queries/{index}", reading) for index, query in given]
    ids = [query["id"] for query in queries]
    signal: dict[str, Any] = {
        "name": _text(reading, "name", "cloudwatch", _NAME_CHARACTERS),
        "queries": queries,
        "returns": reading.raw("returns") or (ids[-1] if ids else ""),
        "period": iso_duration(_period(reading)),
        "datapoints": reading.whole("datapoints", 3, least=1, most=_MOST_DATAPOINTS),
    }
    if not 1 <= len(ids) <= _MOST_QUERIES or len({*ids}) < len(ids):
        reading.refuse("queries", "It needs queries, each with an id of its own.", f"Send 1 to {_MOST_QUERIES}.")
    elif signal["returns"] not in ids:
        reading.refuse("returns", "None of the queries has this id.", f"Use one of {', '.join(ids)}.")
    signal |= _limit(reading, queries) | _actions(reading)
    reading.refuse_unknown()
    return signal


def _query(document: object, pointer: str, parent: Reading) -> dict[str, Any]:
    reading = _part(document, pointer)
    query: dict[str, Any] = {"id": reading.raw("id")}
    if not isinstance(query["id"], str) or not _ID.fullmatch(query["id"]):
        reading.refuse("id", "It can't be an id.", "Begin with a small letter; then letters, digits and _: errors.")
        query["id"] = f"unreadable{pointer.rpartition('/')[2]}"
    if reading.has("expression"):
        query["expression"] = _expression(reading)
    else:
        query |= {name: _text(reading, name, "", _NAME_CHARACTERS) for name in ("namespace", "metric")}
        query |= {"dimensions": _dimensions(reading), "stat": _text(reading, "stat", "Average", _NAME_CHARACTERS)}
        if not _STAT.fullmatch(query["stat"]):
            reading.refuse("stat", "CloudWatch has no such statistic.", "Use Sum, Average, Maximum, p99 or their like.")
    _refuse_unknown_placeholders(reading, query)
    reading.refuse_unknown()
    parent.take_errors(reading)
    return query


def _expression(reading: Reading) -> str:
    text = reading.raw("expression")
    if not isinstance(text, str) or not 1 <= len(text) <= _MOST_CHARACTERS:
        reading.refuse("expression", "It is not an expression.", f"Send 1 to {_MOST_CHARACTERS:,} characters.")
        return ""
    if _OTHER_ACCOUNT.search(text):
        reading.refuse("expression", "It names another account.", "Ask for metrics of this account only.")
    return text


def _dimensions(reading: Reading) -> dict[str, str]:
    given = reading.raw("dimensions")
    if given is None:
        return {}
    is_sound = isinstance(given, Mapping) and len(given) <= _MOST_DIMENSIONS
    if not is_sound or not all(_is_name(name) and _is_name(value) for name, value in given.items()):
        fix = f'Send at most {_MOST_DIMENSIONS} names with texts: {{"Version": "{{version}}"}}.'
        reading.refuse("dimensions", "They can't be dimensions.", fix)
        return {}
    return dict(given)


def _period(reading: Reading) -> int:
    seconds = reading.seconds("period", "PT1M", at_least=1)
    if seconds not in _SHORT_PERIODS and (seconds % _MINUTE or seconds > _LONGEST_PERIOD_SECONDS):
        fix = "Use PT1M or a multiple of it up to PT1H; for metrics of high resolution also PT1S, PT5S, PT10S, PT30S."
        reading.refuse("period", "CloudWatch has no such period.", fix)
    return seconds


def _limit(reading: Reading, queries: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Read the one limit: two in one signal could not be told apart in its verdict."""
    limits = {name: reading.raw(name) for name in ("max", "min", "maxRatio") if reading.has(name)}
    if len(limits) != 1 or not all(_is_number(value) for value in limits.values()):
        reading.refuse("max", "It needs exactly one limit.", "Send one number as max, min or maxRatio.")
        return {}
    named = {name for query in queries for name in placeholders_in(MetricQuery(**query))}
    if "maxRatio" in limits and not named & OF_VERSION:
        fix = "Name {version}, {alias} or {lambdaVersion} in a dimension or an expression."
        reading.refuse("maxRatio", "Its queries are the same for the candidate and for stable.", fix)
    return {name: float(value) for name, value in limits.items()}


def _actions(reading: Reading) -> dict[str, str]:
    names = [name for name in ("onFail", "onNoData", "onError") if reading.has(name)]
    return {name: reading.choice(name, Action, Action.HOLD).value for name in names}


def _refuse_unknown_placeholders(reading: Reading, query: Mapping[str, Any]) -> None:
    """Refuse a misspelt placeholder of a dimension; an expression has braces of its own."""
    texts = query.get("dimensions", {}).values()
    unknown = {name for text in texts for name in _BRACED.findall(text)} - {*PLACEHOLDERS}
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        reading.refuse("dimensions", f"There is no {{{min(unknown)}}}.", f"Use {known}.")


def _text(reading: Reading, name: str, default: str, most: int) -> str:
    value = reading.raw(name)
    if value is None and default:
        return default
    if not _is_name(value):
        reading.refuse(name, "It is not such a text.", f"Send 1 to {most} printable characters.")
        return default or "unreadable"
    return str(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= _NAME_CHARACTERS and value.isprintable()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15  # noqa: PLR2004 - a float keeps all its digits
