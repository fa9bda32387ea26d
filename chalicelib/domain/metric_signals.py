"""Metric signals: what a deployment wants asked of CloudWatch about its candidate, and which values it allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.durations import seconds_of
from chalicelib.domain.verdicts import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What queries may name in braces; each is filled in for the version that is asked about.
PLACEHOLDERS = ("plugin", "environment", "version", "alias", "lambdaVersion")
#: Those in which the candidate and stable differ.
OF_VERSION = frozenset({"version", "alias", "lambdaVersion"})
#: A verdict of each step names each query, and all of them are in the item of their deployment: it holds 400 KB.
_LINE_CHARACTERS = 200


class MetricQuery(NamedTuple):
    """One line of a query: a metric with its statistic, or an *expression* over the ids of others."""

    id: str
    expression: str = ""
    namespace: str = ""
    metric: str = ""
    dimensions: Mapping[str, str] = {}
    stat: str = ""

    def filled(self, values: Mapping[str, str]) -> MetricQuery:
        """Replace the placeholders."""
        dimensions = {name: fill(value, values) for name, value in self.dimensions.items()}
        return self._replace(expression=fill(self.expression, values), dimensions=dimensions)


class Point(NamedTuple):
    """The value of one whole period; *at* is when it began, in seconds since 1970."""

    at: int
    value: float


@dataclass(frozen=True, slots=True)
class MetricSignal:
    """
    A series that must stay at or below *most*, at or above *least*, or at or below *most_times* that of stable.

    *returns* is the id of the query whose values count. *datapoints* periods in a row that break the limit are a fail.
    *on_fail*, *on_no_data* and *on_error* are its own; None is what the deployment does.
    """

    name: str
    queries: tuple[MetricQuery, ...]
    returns: str
    period_seconds: int
    datapoints: int
    most: float | None = None
    least: float | None = None
    most_times: float | None = None
    on_fail: Action | None = None
    on_no_data: Action | None = None
    on_error: Action | None = None

    def action_for(self, outcome: Outcome) -> Action | None:
        """Say what it wants done about *outcome* that is not what the deployment does."""
        wanted = {Outcome.FAIL: self.on_fail, Outcome.INCONCLUSIVE: self.on_no_data, Outcome.ERROR: self.on_error}
        return wanted.get(outcome)

    def queries_for(self, values: Mapping[str, str]) -> tuple[MetricQuery, ...]:
        """Fill in the placeholders of all queries."""
        return tuple(query.filled(values) for query in self.queries)

    @property
    def query(self) -> str:
        """Say in a line what it asks, for people; all of it is in ``health`` of the deployment."""
        asked = next(one for one in self.queries if one.id == self.returns)
        told = f"{self.name}: {asked.expression or f'{asked.stat} of {asked.namespace} {asked.metric}'}"
        return told if len(told) <= _LINE_CHARACTERS else f"{told[: _LINE_CHARACTERS - 1]}…"


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace ``{version}`` and its like; any other brace stays as it is: SEARCH expressions have them too."""
    for name in PLACEHOLDERS:
        text = text.replace("{" + name + "}", values[name])
    return text


def placeholders_in(query: MetricQuery) -> set[str]:
    """Name the placeholders of a query."""
    texts = (query.expression, *query.dimensions.values())
    return {name for name in PLACEHOLDERS for text in texts if "{" + name + "}" in text}


def signals_of(health: Mapping[str, Any]) -> tuple[MetricSignal, ...]:
    """Read the ``metrics`` of a stored ``health``, every value of which was checked when it was asked for."""
    return tuple(signal_of(document) for document in health.get("metrics", ()))


def signal_of(document: Mapping[str, Any]) -> MetricSignal:
    """Read one of them, in the words of the API."""
    limits = {"most": "max", "least": "min", "most_times": "maxRatio"}
    actions = {"on_fail": "onFail", "on_no_data": "onNoData", "on_error": "onError"}
    return MetricSignal(
        name=document["name"],
        queries=tuple(_query_of(query) for query in document["queries"]),
        returns=document["returns"],
        period_seconds=seconds_of(document["period"]),
        datapoints=int(document["datapoints"]),
        **{field: float(document[word]) for field, word in limits.items() if word in document},  # type: ignore[arg-type]
        **{field: Action(document[word]) for field, word in actions.items() if word in document},  # type: ignore[arg-type]
    )


def _query_of(document: Mapping[str, Any]) -> MetricQuery:
    return MetricQuery(
        id=document["id"],
        expression=document.get("expression", ""),
        namespace=document.get("namespace", ""),
        metric=document.get("metric", ""),
        dimensions=document.get("dimensions", {}),
        stat=document.get("stat", ""),
    )
