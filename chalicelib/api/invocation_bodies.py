"""Bodies of invocations, checked by hand: the invoke function starts faster than a model can be built. Light."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.authorization import Caller
from chalicelib.domain.errors import FieldError, NotFoundError, ValidationError
from chalicelib.domain.ids import PLUGIN_ID, TENANT_ID, Environment
from chalicelib.services.invocations import InvokePlugin

MAX_OPERATION_LENGTH = 100

_KNOWN = ("tenantId", "operation", "input", "environment")
_FIXES = {
    "tenantId": "Send the tenant's id.",
    "operation": "Name an operation of the plugin's manifest.",
    "input": "Send an object that fits the operation's input schema.",
    "environment": "Use one of " + ", ".join(Environment) + ".",
}


def command_of(
    plugin_id: str, document: Mapping[str, Any], caller: Caller, override: str | None = None
) -> InvokePlugin:
    """
    Make the command from a body ``{tenantId, operation, input?, environment?}`` and the token of an override.

    Raises:
        NotFoundError: No plugin can have that name (404).
        ValidationError: Something is missing, unknown or of another type; all of it is told (400).
    """
    if not PLUGIN_ID.fullmatch(plugin_id):
        raise NotFoundError(f"There is no plugin {plugin_id[:40]!r}.", fix="Check the name; GET /v1/plugins lists all.")
    environment = document.get("environment", Environment.PRODUCTION)
    given_input = document.get("input", {})
    wrong = [_unknown(name) for name in document if name not in _KNOWN]
    wrong += [_missing(name) for name in ("tenantId", "operation") if name not in document]
    if "tenantId" in document and not _is_tenant(document["tenantId"]):
        wrong.append(_bad("tenantId", "It can't be a tenant's id."))
    if "operation" in document and not _is_operation(document["operation"]):
        wrong.append(_bad("operation", f"It must be a text of 1 to {MAX_OPERATION_LENGTH} characters."))
    if not isinstance(given_input, dict):
        wrong.append(_bad("input", "It must be an object."))
    if not isinstance(environment, str) or environment not in set(Environment):
        wrong.append(_bad("environment", "There is no such environment."))
    if wrong:
        named = ", ".join(each.field for each in wrong[:5])
        raise ValidationError(f"The body is not what this takes: {named}.", fix=wrong[0].fix, errors=tuple(wrong))
    return InvokePlugin(
        caller, plugin_id, document["tenantId"], document["operation"], given_input, Environment(environment), override
    )


def _is_tenant(value: object) -> bool:
    return isinstance(value, str) and TENANT_ID.fullmatch(value) is not None


def _is_operation(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_OPERATION_LENGTH


def _bad(name: str, message: str) -> FieldError:
    return FieldError(f"/{name}", message, _FIXES[name])


def _missing(name: str) -> FieldError:
    return FieldError(f"/{name}", "It is missing.", _FIXES[name])


def _unknown(name: str) -> FieldError:
    where = "/" + name[:80].replace("~", "~0").replace("/", "~1")
    return FieldError(where, "There is no such field.", f"Remove it. Known here: {', '.join(sorted(_KNOWN))}.")
