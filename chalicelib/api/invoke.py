"""
The invoke function: answers ``POST /v1/plugins/{plugin_id}/invoke`` and hosts that call it by ``lambda:Invoke``.

It starts in a third of the time of the API function, so it imports no model, no table and no Powertools.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from chalice import Blueprint

from chalicelib import cold_start
from chalicelib.api.bodies import read_object
from chalicelib.api.callers import caller_of
from chalicelib.api.invocation_bodies import command_of
from chalicelib.api.problems import Problem
from chalicelib.api.replies import Reply
from chalicelib.api.tracing import trace_id_of
from chalicelib.bootstrap_serving import serving_ports
from chalicelib.domain.authorization import (
    ON_BEHALF_OF,
    Caller,
    ForeignTenantError,
    Role,
    acting_for,
    require_permission,
)
from chalicelib.domain.errors import (
    DomainError,
    FieldError,
    ForbiddenError,
    PluginFailedError,
    TransientError,
    ValidationError,
)
from chalicelib.domain.redaction import fields_of, redact
from chalicelib.services import invocations

blueprint = Blueprint(__name__)

_UNTOLD = "-"
#: Whoever may call the function itself was let in by IAM, as a host.
_HOST = "lambda:Invoke"
_KEY_HEADER = "idempotency-key"
_OVERRIDE_HEADER = "x-hotswap-override"
_ACTION = "invoke_plugin"
_PERSON_HEADER = ON_BEHALF_OF.lower()
#: What is no part of the body in a host's own call.
_APART = frozenset({"pluginId", "traceparent", "override", "onBehalfOf"})


class Incoming(NamedTuple):
    """One request for an invocation, wherever it came from."""

    path: str
    plugin_id: str
    caller: Caller
    body: bytes
    key: str | None = None
    override: str | None = None
    person: str | None = None


@blueprint.lambda_function(name="invoke_plugin")
def invoke_plugin(event: object, context: object) -> dict[str, Any]:
    """
    Answer a request of API Gateway's proxy integration, or a host's own call.

    A host sends ``{pluginId, tenantId, operation, input, environment?, override?, onBehalfOf?}`` and gets the same
    document as over HTTP, a problem included: it has ``code`` and ``status``, an answer has ``result``.
    """
    if isinstance(event, Mapping) and "requestContext" in event:
        reply = answer_proxied(event, context)
        return {"statusCode": reply.status, "headers": reply.headers, "body": reply.body}
    document: dict[str, Any] = json.loads(answer_direct(event, context).body)
    return document


def answer_proxied(event: Mapping[str, Any], context: object) -> Reply:
    """Answer a request that came through the gateway, whose authorizer says who asks."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    trace_id = trace_id_of(headers)
    path = event.get("path") or _UNTOLD

    def read() -> Incoming:
        _require_no_query(event.get("queryStringParameters"))
        text = event.get("body") or ""
        return Incoming(
            path=path,
            plugin_id=unquote((event.get("pathParameters") or {}).get("plugin_id", "")),
            caller=caller_of(event["requestContext"], trace_id),
            body=b64decode(text) if event.get("isBase64Encoded") else text.encode(),
            key=headers.get(_KEY_HEADER),
            override=headers.get(_OVERRIDE_HEADER),
            person=headers.get(_PERSON_HEADER),
        )

    return _answer(read, path, trace_id, context)


def answer_direct(event: object, context: object) -> Reply:
    """Answer a host that called the function, with whatever it sent: Lambda takes any JSON."""
    if not isinstance(event, Mapping):
        return _answer(_refuse_event, _UNTOLD, trace_id_of({}), context)
    trace_id = trace_id_of({"traceparent": str(event.get("traceparent", ""))})
    plugin_id = str(event.get("pluginId", ""))
    path = f"/v1/plugins/{plugin_id[:40]}/invoke"

    def read() -> Incoming:
        body = {name: value for name, value in event.items() if name not in _APART}
        person = str(event["onBehalfOf"]) if "onBehalfOf" in event else None
        caller = Caller(_HOST, frozenset({Role.HOST}), trace_id=trace_id)
        override = str(event["override"]) if "override" in event else None
        return Incoming(path, plugin_id, caller, json.dumps(body).encode(), override=override, person=person)

    return _answer(read, path, trace_id, context)


def _refuse_event() -> Incoming:
    raise ValidationError("The event is not an object.", fix='Send {"pluginId", "tenantId", "operation", "input"}.')


def _answer(read: Callable[[], Incoming], path: str, trace_id: str, context: object) -> Reply:
    began = time.perf_counter()
    told: dict[str, Any] = {"message": "invoke", "traceId": trace_id}

    def perform(incoming: Incoming) -> Reply:
        try:
            return _invoke(incoming, told)
        except ForeignTenantError as error:
            return _refuse(_recorded(error, incoming), path, trace_id, told)
        except Exception as error:  # noqa: BLE001 (a refusal is an answer, and is kept like one)
            return _refuse(error, path, trace_id, told)

    try:
        incoming = read()
        told |= {"username": incoming.caller.username, "pluginId": incoming.plugin_id[:40]}
        incoming = _permitted(incoming)
        if incoming.person is not None:
            told["onBehalfOf"] = incoming.person
        reply = _once(incoming, perform, context) if incoming.key is not None else perform(incoming)
    except Exception as error:  # noqa: BLE001 (the last one who can turn it into an answer)
        reply = _refuse(error, path, trace_id, told)
    _log(told, reply, began)
    return reply.sealed(trace_id)


def _permitted(incoming: Incoming) -> Incoming:
    """Let through who may invoke, for whom they say if they are a machine."""
    try:
        require_permission(incoming.caller, _ACTION)
        return incoming._replace(caller=acting_for(incoming.caller, incoming.person))
    except ForbiddenError as error:
        raise _recorded(error, incoming) from None


def _recorded(denial: DomainError, incoming: Incoming) -> Exception:
    """Record that somebody reached for what is not theirs; return what to answer."""
    # Rare, and slow to import: only who is refused waits.
    from chalicelib.api.denials import recorded  # noqa: PLC0415

    return recorded(denial, incoming.caller, _ACTION, incoming.path)


def _once(incoming: Incoming, perform: Callable[[Incoming], Reply], context: object) -> Reply:
    # Powertools costs more than an invocation: only who asks for it waits for its import.
    from chalicelib.api.idempotency import RepeatKey, answer_once  # noqa: PLC0415

    # Another override is another request, even if its body is the same.
    sent = incoming.body if incoming.override is None else b"\0".join((incoming.body, incoming.override.encode()))
    caller = incoming.caller
    key = RepeatKey(caller.username, "POST", incoming.path, incoming.key or "", sent, caller.tenant_id or "")
    return answer_once(key, lambda: perform(incoming), context)


def _invoke(incoming: Incoming, told: dict[str, Any]) -> Reply:
    command = command_of(incoming.plugin_id, read_object(incoming.body), incoming.caller, incoming.override)
    told |= {"tenantId": command.tenant_id, "environment": command.environment, "operation": command.operation}
    made = invocations.invoke_plugin(command, serving_ports())
    told |= {"version": made.version, "reason": made.reason, "executionId": made.execution_id}
    if not made.is_metered:
        told |= {"level": "WARNING", "quotas": "not counted"}
    if made.stood_in_for:
        told |= {"level": "WARNING", "stoodInFor": made.stood_in_for}
    if made.is_state_lost:
        told |= {"level": "WARNING", "state": "not kept: uninstalled during the call"}
    document = {
        "result": made.result,
        "version": made.version,
        "executionId": made.execution_id,
        "durationMs": made.duration_ms,
        "traceId": made.trace_id,
        "reason": made.reason,
    }
    try:
        body = json.dumps(document, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise PluginFailedError(
            f"{incoming.plugin_id} {made.version} answered with a number that JSON can't carry.",
            fix="The plugin must not return NaN or infinities.",
        ) from None
    headers = {
        "Content-Type": "application/json",
        "X-HotSwap-Version": made.version,
        "X-HotSwap-Reason": str(made.reason),
    }
    return Reply(200, headers, body)


def _require_no_query(query: Mapping[str, str] | None) -> None:
    if query:
        fix = "Leave it out: everything is in the body."
        errors = tuple(FieldError(f"/{name}", "There is no such query parameter.", fix) for name in sorted(query))
        raise ValidationError("Invoking takes no query parameters.", fix=fix, errors=errors)


def _refuse(error: Exception, path: str, trace_id: str, told: dict[str, Any]) -> Reply:
    problem = Problem.of(error, instance=path, trace_id=trace_id)
    told["code"] = problem.code
    if not isinstance(error, DomainError | TransientError):
        told["traceback"] = "".join(traceback.format_exception(error))
    return problem.reply()


def _log(told: Mapping[str, Any], reply: Reply, began: float) -> None:
    """Write one line to stderr: what was asked and how it went, but neither input nor result."""
    level = "ERROR" if "traceback" in told else told.get("level", "INFO")
    duration_ms = round((time.perf_counter() - began) * 1000, 1)
    line = {**told, "level": level, "status": reply.status, "durationMs": duration_ms}
    # What is told of a call that went well is ours; of a bug anything may be.
    hidden = os.environ.get("HOTSWAP_REDACT", "")
    line = redact(line, fields_of(hidden)) if hidden or "traceback" in told else line
    sys.stderr.write(json.dumps(line) + "\n")


cold_start.finish()
