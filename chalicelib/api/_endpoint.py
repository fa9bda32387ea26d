"""The one decorator around each handler: caller, permission, query, body and ports in; every error out as a problem."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pydantic
from chalice import Blueprint, Response

from chalicelib import bootstrap, bootstrap_limits
from chalicelib.api.bodies import read_object
from chalicelib.api.callers import caller_of, origin_of
from chalicelib.api.contracts import ChangeQuery, Contract, Handler, contract_of
from chalicelib.api.incoming import Incoming
from chalicelib.api.models import Body, Query, refusal_of
from chalicelib.api.problems import Problem
from chalicelib.api.replies import Reply
from chalicelib.domain.authorization import ON_BEHALF_OF, Caller, ForeignTenantError, acting_for, require_permission
from chalicelib.domain.errors import DomainError, ForbiddenError, NotFoundError, TransientError
from chalicelib.domain.rate_limits import Standing
from chalicelib.logs import function_logger
from chalicelib.services.records import record_of

logger = function_logger()

View = Callable[..., Response]

#: Far above the longest path that names something; a key of DynamoDB, which also a refusal is kept under, takes 2,048.
_MAX_PATH_BYTES = 1024


@dataclass(slots=True)
class Visit:
    """Who asks, and how that user stands once the request is counted."""

    caller: Caller
    standing: Standing | None = None


def endpoint(
    blueprint: Blueprint,
    *,
    body: type[Body] | None = None,
    query: type[Query] | None = None,
    is_open: bool = False,
    is_repeatable: bool = True,
    logs_in: str | None = None,
    told_once: str | None = None,
) -> Callable[[Handler], View]:
    """
    Make a handler the answer to a route.

    The handler gets what it names: parameters of the path, *body*, *query*, *caller*, *ports*,
    *validate_only*, *if_match*.
    Its own name is the action that the caller needs permission for; *is_open* needs none, and no token.
    *is_repeatable* is False where an answer must not be kept for an ``Idempotency-Key``; *logs_in*
    names the field of the body with the user name that requests are limited by, where there is no caller yet;
    *told_once* the field of the answer that is a secret, which a repeat is answered without.
    """

    def decorate(handler: Handler) -> View:
        contract = contract_of(
            handler,
            body=body,
            query=query,
            is_open=is_open,
            is_repeatable=is_repeatable,
            logs_in=logs_in,
            told_once=told_once,
        )

        @functools.wraps(handler)
        def view(**parameters: str) -> Response:
            incoming = Incoming.of(blueprint.current_request, parameters)
            reply = serve(contract, handler, incoming, blueprint.lambda_context)
            return Response(body=reply.body, status_code=reply.status, headers=dict(reply.headers))

        view.contract = contract  # type: ignore[attr-defined]
        return view

    return decorate


def serve(contract: Contract, handler: Handler, incoming: Incoming, context: object) -> Reply:
    """Answer a request: whatever happens, with one of the documented shapes."""
    began = time.perf_counter()
    visit = Visit(Caller("", frozenset(), None, incoming.trace_id, *origin_of(incoming.context)))
    try:
        _require_possible(incoming.path)
        if not contract.is_open:
            visit.caller = caller_of(incoming.context, incoming.trace_id)
            # Before the permission: a denial is recorded, and nobody may fill the records as fast as they can ask.
            limits = bootstrap_limits.rate_limits()
            visit.standing = limits.admit(visit.caller.username, contract.action, incoming.method)
            visit.caller = acting_for(visit.caller, incoming.headers.get(ON_BEHALF_OF))
            require_permission(visit.caller, contract.action)
        reply = _repeatably(contract, handler, incoming, visit, context)
    except Exception as error:  # noqa: BLE001 (the last one who can turn it into an answer)
        reply = _refuse(error, contract, incoming, visit)
    logger.info(
        "request",
        action=contract.action,
        method=incoming.method,
        path=incoming.path,
        status=reply.status,
        duration_ms=round((time.perf_counter() - began) * 1000, 1),
        username=visit.caller.username,
        trace_id=incoming.trace_id,
    )
    # Last, so that an answer that is kept for repeats does not keep how its user stood then.
    return reply.with_standing(visit.standing).sealed(incoming.trace_id)


def _require_possible(path: str) -> None:
    if len(path.encode()) > _MAX_PATH_BYTES:
        raise NotFoundError("There is no such path: it is longer than any name.", fix="GET /docs lists all of them.")


def _repeatably(
    contract: Contract,
    handler: Handler,
    incoming: Incoming,
    visit: Visit,
    context: object,
) -> Reply:
    """Carry it out at most once for a key; a dry run changes nothing, so it may be repeated as it is."""

    def carry_out() -> Reply:
        try:
            return _carry_out(contract, handler, incoming, visit)
        except Exception as error:  # noqa: BLE001 (a refusal is an answer, and is kept like one)
            return _refuse(error, contract, incoming, visit)

    key = incoming.headers.get("Idempotency-Key")
    is_dry_run = "validateOnly" in incoming.query
    if key is None or incoming.method != "POST" or not contract.is_repeatable or is_dry_run:
        return carry_out()
    # Powertools' idempotency is slow to import: only who asks for it waits.
    from chalicelib.api import idempotency  # noqa: PLC0415

    caller = visit.caller
    repeat = idempotency.RepeatKey(
        caller.username, incoming.method, incoming.path, key, incoming.body, caller.tenant_id or ""
    )
    return idempotency.answer_once(repeat, carry_out, context, hidden=contract.told_once)


def _carry_out(contract: Contract, handler: Handler, incoming: Incoming, visit: Visit) -> Reply:
    query = _query_of(contract, incoming)
    is_preview = isinstance(query, ChangeQuery) and query.validate_only
    body = _body_of(contract, incoming)
    if contract.logs_in is not None:
        visit.standing = bootstrap_limits.rate_limits().admit_login(getattr(body, contract.logs_in))
    given: dict[str, Any] = {
        "body": body,
        "query": query,
        "caller": visit.caller,
        "validate_only": is_preview,
        "if_match": incoming.headers.get("If-Match"),
    }
    if "ports" in contract.takes:
        given["ports"] = bootstrap.ports()
    named = {name: value for name, value in given.items() if name in contract.takes}
    return handler(**incoming.parameters, **named).reply(incoming.path, is_preview=is_preview)


def _query_of(contract: Contract, incoming: Incoming) -> Query:
    try:
        return contract.query.model_validate(incoming.query)
    except pydantic.ValidationError as error:
        raise refusal_of(error, contract.query, what="query") from None


def _body_of(contract: Contract, incoming: Incoming) -> Body | None:
    if incoming.method == "GET":
        return None
    read_object(incoming.body)
    model = contract.body or Body
    try:
        return model.model_validate_json(incoming.body.strip() or b"{}", strict=True)
    except pydantic.ValidationError as error:
        raise refusal_of(error, model, what="body") from None


def _refuse(error: Exception, contract: Contract, incoming: Incoming, visit: Visit) -> Reply:
    """Answer with what is wrong; whoever tried what only others may is on record before that."""
    try:
        _record_denial(error, contract, incoming, visit)
    except Exception as failed:  # noqa: BLE001 (who can't be recorded is not let in, and gets an answer)
        error = failed
    if not isinstance(error, DomainError | TransientError):
        logger.error("a bug", exc_info=error, trace_id=incoming.trace_id)
    return Problem.of(error, instance=incoming.path, trace_id=incoming.trace_id).reply()


def _record_denial(error: Exception, contract: Contract, incoming: Incoming, visit: Visit) -> None:
    if not isinstance(error, ForbiddenError | ForeignTenantError) or not visit.caller.username:
        return
    # Who reaches for another tenant is told apart from it: the other one's owners learn no name from its records.
    is_foreign = isinstance(error, ForeignTenantError)
    tenant_id = visit.caller.tenant_id if is_foreign else incoming.parameters.get("tenant_id")
    resource, ports = incoming.path.lstrip("/"), bootstrap.ports()
    denied = record_of(visit.caller, "DenyRequest", resource, ports, tenant_id=tenant_id, reason=contract.action)
    ports.audit.append(denied)
