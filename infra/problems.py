"""The errors that API Gateway answers by itself, in the product's own shape (RFC 9457)."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class GatewayProblem:
    """One of API Gateway's own answers: what it is called there, and what we say instead."""

    response_type: str
    status: int
    code: str
    title: str
    detail: str


PROBLEMS = (
    GatewayProblem("MISSING_AUTHENTICATION_TOKEN", 404, "NOT_FOUND", "Not found", "There is no such method and path."),
    GatewayProblem("RESOURCE_NOT_FOUND", 404, "NOT_FOUND", "Not found", "There is no such path."),
    GatewayProblem(
        "UNAUTHORIZED", 401, "UNAUTHORIZED", "Unauthorized", "Send a valid token: Authorization: Bearer <token>."
    ),
    GatewayProblem("EXPIRED_TOKEN", 401, "UNAUTHORIZED", "Unauthorized", "The token has expired: log in again."),
    GatewayProblem("ACCESS_DENIED", 403, "FORBIDDEN", "Forbidden", "This token may not be used here."),
    GatewayProblem("BAD_REQUEST_BODY", 400, "VALIDATION_ERROR", "Bad request", "The body can't be read."),
    GatewayProblem("BAD_REQUEST_PARAMETERS", 400, "VALIDATION_ERROR", "Bad request", "A parameter can't be read."),
    GatewayProblem(
        "REQUEST_TOO_LARGE", 413, "PAYLOAD_TOO_LARGE", "Payload too large", "A request has at most 10 MB of body."
    ),
    GatewayProblem(
        "UNSUPPORTED_MEDIA_TYPE", 415, "VALIDATION_ERROR", "Unsupported media type", "Send application/json."
    ),
    GatewayProblem(
        "THROTTLED", 429, "RATE_LIMIT_EXCEEDED", "Too many requests", "Repeat the request in a moment, more slowly."
    ),
    GatewayProblem("INTEGRATION_TIMEOUT", 504, "SERVICE_UNAVAILABLE", "Timeout", "The answer took too long."),
    GatewayProblem("DEFAULT_4XX", 400, "VALIDATION_ERROR", "Bad request", "The request was refused by the gateway."),
    GatewayProblem("DEFAULT_5XX", 500, "INTERNAL_ERROR", "Internal error", "Repeat the request; name the traceId."),
)


def gateway_responses() -> dict[str, Any]:
    """
    Give the value of ``x-amazon-apigateway-gateway-responses`` for the API's definition.

    ``timestamp`` has the form of API Gateway's ``$context.requestTime``: it knows no other.
    """
    return {problem.response_type: _response_of(problem) for problem in PROBLEMS}


def _response_of(problem: GatewayProblem) -> dict[str, Any]:
    """Render one problem as a gateway response."""
    body = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": "$context.path",
        "code": problem.code,
        "traceId": "$context.requestId",
        "timestamp": "$context.requestTime",
        "errors": [],
    }
    headers = {"Content-Type": "'application/problem+json'"}
    if problem.status == 401:  # noqa: PLR2004 - RFC 9110 asks for this header with this status
        headers["WWW-Authenticate"] = "'Bearer'"
    if problem.status == 429:  # noqa: PLR2004 - likewise
        headers["Retry-After"] = "'1'"
    return {
        "statusCode": str(problem.status),
        "responseParameters": {f"gatewayresponse.header.{name}": value for name, value in headers.items()},
        "responseTemplates": {"application/json": json.dumps(body)},
    }
