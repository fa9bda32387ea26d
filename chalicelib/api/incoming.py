"""Requests as the endpoints see them, apart from the framework."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from chalice.app import Request

from chalicelib.api.tracing import trace_id_of


class Incoming(NamedTuple):
    """A request."""

    method: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    context: Mapping[str, Any]
    trace_id: str

    @classmethod
    def of(cls, request: Request, parameters: Mapping[str, str]) -> Incoming:
        """Read Chalice's request. A query parameter that is repeated counts as a list parted by commas."""
        body = request.raw_body
        query = request.query_params
        return cls(
            method=request.method,
            path=request.to_original_event().get("path") or request.path,
            parameters={name: unquote(value) for name, value in parameters.items()},
            query={name: ",".join(query.getlist(name)) for name in query} if query else {},
            headers=request.headers,
            body=body.encode() if isinstance(body, str) else body,
            context=request.context,
            trace_id=trace_id_of(request.headers),
        )
