"""Callers: who asks, as the authorizer's context says; never from a header or a body. Light."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.errors import UnauthorizedError

_ROLES = {role.value: role for role in Role}


def context_of(caller: Caller) -> dict[str, str]:
    """Write a verified caller as an authorizer's context, which holds only texts."""
    context = {
        "username": caller.username,
        "roles": ",".join(sorted(caller.roles)),
        "tenantId": caller.tenant_id or "",
    }
    narrowed = {"onlyActions": caller.only_actions, "onlyTenants": caller.only_tenants}
    return context | {name: ",".join(sorted(only)) for name, only in narrowed.items() if only is not None}


def caller_of(request_context: Mapping[str, Any], trace_id: str) -> Caller:
    """
    Read what the authorizer wrote.

    Raises:
        UnauthorizedError: No authorizer has let this request in (401).
    """
    context = request_context.get("authorizer") or {}
    username = context.get("username")
    if not username:
        raise UnauthorizedError(
            "This needs a token.", fix="Send Authorization: Bearer <token>; POST /v1/authentication/login gives one."
        )
    roles = frozenset(_ROLES[name] for name in str(context.get("roles", "")).split(",") if name in _ROLES)
    return Caller(
        str(username),
        roles,
        context.get("tenantId") or None,
        trace_id,
        *origin_of(request_context),
        only_actions=_only(context, "onlyActions"),
        only_tenants=_only(context, "onlyTenants"),
    )


def _only(context: Mapping[str, Any], name: str) -> frozenset[str] | None:
    """Read what a key narrows; one that names nothing allows nothing."""
    return frozenset(str(context[name]).split(",")) if name in context else None


def origin_of(request_context: Mapping[str, Any]) -> tuple[str, str]:
    """Tell IP and user agent as the gateway saw them; a header such as ``X-Forwarded-For`` is anybody's word."""
    identity = request_context.get("identity") or {}
    return str(identity.get("sourceIp") or ""), str(identity.get("userAgent") or "")
