"""
What MiniStack leaves out of an imported API definition: its gateway responses.

On AWS the errors that API Gateway answers by itself look as ``x-amazon-apigateway-gateway-responses`` says,
and may name ``$context.path`` and ``$context.requestTime``. MiniStack knows such responses, but does not
read them from a definition, and leaves these two variables as they are. What is wrapped is pinned in
`infra.local.pins`.
"""

# ruff: noqa: ANN401 - what is wrapped is private and has no types

import json
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

EXTENSION = "x-amazon-apigateway-gateway-responses"
# The form of $context.requestTime, which is that of Apache's log.
REQUEST_TIME = "%d/%b/%Y:%H:%M:%S +0000"

_path: ContextVar[str] = ContextVar("path", default="/")


def install() -> None:
    """Wrap MiniStack's functions in this process; `infra.local.pins.check` comes first."""
    from ministack.services import apigateway_v1

    _wrap_import(apigateway_v1)
    _wrap_rendering(apigateway_v1)


def _wrap_import(apigateway: Any) -> None:
    """Store the gateway responses of a definition before its first deployment takes a copy of them."""
    original = apigateway._import_rest_api

    def import_rest_api(definition: Mapping[str, Any], base: object = None) -> str:
        api_id: str = original(definition, base)
        for response_type, response in (definition.get(EXTENSION) or {}).items():
            apigateway._put_gateway_response(api_id, response_type, response)
        return api_id

    apigateway._import_rest_api = import_rest_api


def _wrap_rendering(apigateway: Any) -> None:
    """Fill in the variables that MiniStack leaves."""
    handle, render = apigateway._handle_execute_in_scope, apigateway._gateway_error_response

    async def handle_execute_in_scope(api_id: str, stage: str, method: str, path: str, *rest: object) -> object:
        _path.set(f"/{stage}{path}")
        return await handle(api_id, stage, method, path, *rest)

    def gateway_error_response(error: object, request: object) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = render(error, request)
        moment = time.strftime(REQUEST_TIME, time.gmtime())
        path = json.dumps(_path.get())[1:-1]
        body = body.replace(b"$context.requestTime", moment.encode()).replace(b"$context.path", path.encode())
        return status, headers, body

    apigateway._handle_execute_in_scope = handle_execute_in_scope
    apigateway._gateway_error_response = gateway_error_response
