"""The errors that API Gateway answers by itself, in the shape of all others (`chalicelib.api.problems`)."""

import json
from dataclasses import dataclass
from typing import Any

from chalicelib.api.problems import KINDS, MEDIA_TYPE, Problem
from chalicelib.api.replies import SAFE_HEADERS


@dataclass(frozen=True, slots=True)
class GatewayProblem:
    """One of API Gateway's own answers: what it is called there, and what we say instead."""

    response_type: str
    code: str
    detail: str
    fix: str


_LOG_IN = "Send Authorization: Bearer <token>; POST /authentication/login gives one."
_REPEAT = "Repeat the request; if it fails again, tell the operator the traceId."

PROBLEMS = (
    GatewayProblem(
        "MISSING_AUTHENTICATION_TOKEN",
        "NOT_FOUND",
        "There is no such path, or it does not take this method.",
        "GET /docs lists all of them.",
    ),
    GatewayProblem("RESOURCE_NOT_FOUND", "NOT_FOUND", "There is no such path.", "GET /docs lists all of them."),
    GatewayProblem("UNAUTHORIZED", "UNAUTHORIZED", "There is no token, or it is not valid.", _LOG_IN),
    GatewayProblem("EXPIRED_TOKEN", "UNAUTHORIZED", "The token has expired.", _LOG_IN),
    GatewayProblem("ACCESS_DENIED", "FORBIDDEN", "This token may not be used here.", _LOG_IN),
    GatewayProblem("BAD_REQUEST_BODY", "VALIDATION_ERROR", "The body can't be read.", "Send JSON."),
    GatewayProblem(
        "BAD_REQUEST_PARAMETERS", "VALIDATION_ERROR", "A parameter can't be read.", "GET /docs tells what it takes."
    ),
    GatewayProblem(
        "REQUEST_TOO_LARGE",
        "PAYLOAD_TOO_LARGE",
        "The request is over 10 MB.",
        "Send less; packages go to upload.url, not through here.",
    ),
    GatewayProblem(
        "UNSUPPORTED_MEDIA_TYPE", "UNSUPPORTED_MEDIA_TYPE", "Bodies are JSON here.", "Send application/json."
    ),
    GatewayProblem("THROTTLED", "RATE_LIMIT_EXCEEDED", "Requests come too fast.", "Repeat it in a moment."),
    GatewayProblem(
        "QUOTA_EXCEEDED", "QUOTA_EXCEEDED", "The quota of requests is used up.", "Wait until it is renewed."
    ),
    GatewayProblem("INTEGRATION_TIMEOUT", "SERVICE_UNAVAILABLE", "The answer took too long.", _REPEAT),
    GatewayProblem("DEFAULT_4XX", "VALIDATION_ERROR", "The gateway refused the request.", "Compare it with GET /docs."),
    GatewayProblem("DEFAULT_5XX", "INTERNAL_ERROR", "The request could not be carried out.", _REPEAT),
)


def gateway_responses() -> dict[str, Any]:
    """
    Give the value of ``x-amazon-apigateway-gateway-responses`` for the API's definition.

    ``timestamp`` has the form of API Gateway's ``$context.requestTime``: it knows no other.
    """
    return {problem.response_type: _response_of(problem) for problem in PROBLEMS}


def _response_of(problem: GatewayProblem) -> dict[str, Any]:
    """Render one problem as a gateway response; what is known only then are variables of API Gateway."""
    occurrence = Problem(problem.code, problem.detail, problem.fix, "$context.path", "$context.requestId")
    body = {**occurrence.document(), "timestamp": "$context.requestTime"}
    headers = {**SAFE_HEADERS, **occurrence.reply().headers, "Content-Type": MEDIA_TYPE}
    return {
        "statusCode": str(KINDS[problem.code].status),
        "responseParameters": {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()},
        "responseTemplates": {"application/json": json.dumps(body)},
    }
