"""What Chalice refuses before a handler sees it (method, media type), in our one shape."""

from __future__ import annotations

from collections.abc import Callable

from chalice import Response
from chalice.app import Request

from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.problems import CODE_OF_STATUS, Problem
from chalicelib.api.tracing import trace_id_of

blueprint = ApiBlueprint(__name__)

_DETAILS = {
    405: ("This path does not take {method}.", "Use one of: {allowed}."),
    415: ("Bodies are JSON here.", "Send Content-Type: application/json."),
}


def present_refusals(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """
    Turn Chalice's own ``{Code, Message}`` into a problem.

    Paths that do not exist never get here: the gateway refuses them, in the same shape (see ``infra/``).
    """
    response = get_response(request)
    if not (isinstance(response.body, dict) and "Code" in response.body):
        return response

    code = CODE_OF_STATUS.get(response.status_code, "INTERNAL_ERROR")
    detail, fix = _DETAILS.get(response.status_code, ("The request could not be carried out.", "Repeat it."))
    allowed = str(response.headers.get("Allow") or "")
    trace_id = trace_id_of(request.headers)
    if response.status_code == 405 and not allowed:  # noqa: PLR2004 (Chalice's word for: no such path)
        code, detail, fix = "NOT_FOUND", "There is no such path.", "GET /docs lists all of them."
    problem = Problem(
        code,
        detail.format(method=request.method),
        fix.format(allowed=allowed),
        request.to_original_event().get("path") or request.path,
        trace_id,
    )
    reply = problem.reply().sealed(trace_id)
    if allowed:
        reply = reply.with_headers(Allow=allowed)
    return Response(body=reply.body, status_code=reply.status, headers=dict(reply.headers))


blueprint.register_middleware(present_refusals, "http")
