"""
What MiniStack leaves out of an imported API definition: its gateway responses.

On AWS the errors that API Gateway answers by itself look as ``x-amazon-apigateway-gateway-responses`` says,
and may name ``$context.path`` and ``$context.requestTime``. MiniStack knows such responses, but does not
read them from a definition, and leaves these two variables as they are. What is wrapped is pinned in
`infra.local.pins`.
"""

# ruff: noqa: ANN401 - what is wrapped has no types

import time
from collections.abc import Mapping
from typing import Any

EXTENSION = "x-amazon-apigateway-gateway-responses"
# The form of $context.requestTime, which is that of Apache's log.
REQUEST_TIME = "%d/%b/%Y:%H:%M:%S +0000"


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
    original = apigateway._gateway_error_response

    def gateway_error_response(error: object, request: Mapping[str, Any]) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = original(error, request)
        moment = time.strftime(REQUEST_TIME, time.gmtime())
        path = request["resource_path"] or "/"
        body = body.replace(b"$context.requestTime", moment.encode()).replace(b"$context.path", path.encode())
        return status, _without_duplicates(headers), body

    apigateway._gateway_error_response = gateway_error_response


def _without_duplicates(headers: Mapping[str, str]) -> dict[str, str]:
    """Keep the last of headers that differ only in case."""
    return {name: value for name, value in {key.lower(): (key, value) for key, value in headers.items()}.values()}
