"""What a route promises: read at each request, and by the OpenAPI document."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, NamedTuple, get_type_hints

import pydantic

from chalicelib.api.answers import Answer, Html, JsonText, Lines, answer_type
from chalicelib.api.models import Body, Query

Handler = Callable[..., Answer[Any] | Html | JsonText | Lines]

_STATUS = re.compile(r"\((\d{3})\)")


class ChangeQuery(Query):
    """What every change takes."""

    validate_only: bool = False


class Contract(NamedTuple):
    """What one route promises."""

    handler: Handler
    action: str
    doc: str
    body: type[Body] | None
    query: type[Query]
    takes: frozenset[str]
    is_open: bool
    is_repeatable: bool
    logs_in: str | None
    told_once: str | None = None

    @property
    def status(self) -> int:
        """Status of a success."""
        return self._answer[0]

    @property
    def resource(self) -> type[pydantic.BaseModel] | None:
        """What a success holds, None for a text."""
        return self._answer[1]

    @property
    def _answer(self) -> tuple[int, type[pydantic.BaseModel] | None]:
        # Only the OpenAPI document asks; to evaluate the hints of every handler would hold up each start.
        return answer_type(get_type_hints(self.handler)["return"])

    @property
    def has_preview(self) -> bool:
        """Tell whether ``?validateOnly=true`` is understood."""
        return "validate_only" in self.takes

    @property
    def refusals(self) -> frozenset[int]:
        """Statuses that the docstring's ``Raises:`` names."""
        return frozenset(int(status) for status in _STATUS.findall(self.doc))


def contract_of(
    handler: Handler,
    *,
    body: type[Body] | None = None,
    query: type[Query] | None = None,
    is_open: bool = False,
    is_repeatable: bool = True,
    logs_in: str | None = None,
    told_once: str | None = None,
) -> Contract:
    """Read what *handler* promises from its signature and docstring."""
    takes = frozenset(inspect.signature(handler).parameters)
    return Contract(
        handler=handler,
        action=handler.__name__,
        doc=inspect.getdoc(handler) or "",
        body=body,
        query=query or (ChangeQuery if "validate_only" in takes else Query),
        takes=takes,
        is_open=is_open,
        is_repeatable=is_repeatable,
        logs_in=logs_in,
        told_once=told_once,
    )
