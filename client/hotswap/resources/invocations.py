"""Invocations: asking a plugin to work for a tenant."""

from __future__ import annotations

from dataclasses import dataclass, field

from hotswap.resources.overrides import Override
from hotswap.resources.reading import Document, number_of, text_of
from hotswap.transport import Transport


@dataclass(frozen=True, slots=True)
class Invocation:
    """The answer of a plugin, and which version gave it, and why that one."""

    result: Document
    version: str
    reason: str
    duration_ms: float | None
    execution_id: str
    trace_id: str
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Invocation:
        """Read the answer of an invoke."""
        return cls(
            result=document.get("result") or {},
            version=text_of(document, "version"),
            reason=text_of(document, "reason"),
            duration_ms=number_of(document, "durationMs"),
            execution_id=text_of(document, "executionId"),
            trace_id=text_of(document, "traceId"),
            raw=document,
        )


class Invocations:
    """Requests that run a plugin."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def invoke(
        self,
        plugin_id: str,
        operation: str,
        *,
        tenant_id: str,
        payload: Document,
        environment: str | None = None,
        override: Override | None = None,
    ) -> Invocation:
        """
        Run *operation* with *payload* for a tenant; the environment is Production when none is named.

        With an *override* this one request goes to the version that the override is for.
        """
        body = {"tenantId": tenant_id, "operation": operation, "input": payload}
        if environment is not None:
            body["environment"] = environment

        path = f"/plugins/{plugin_id}/invoke"
        headers = {override.header: override.token} if override is not None else None

        return Invocation.of(self._transport.request("POST", path, body=body, headers=headers).document)
