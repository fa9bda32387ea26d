"""The authorizer: a token or key in, who it belongs to out. It is a function of its own, and imports little."""

from __future__ import annotations

import json
import sys

from chalice import AuthResponse, Blueprint
from chalice.app import AuthRequest

from chalicelib.api.callers import context_of
from chalicelib.bootstrap_identity import admissions
from chalicelib.domain.errors import UnauthorizedError

blueprint = Blueprint(__name__)

#: API Gateway keeps an answer this long per token: so much longer than it lasts a token may be used, and so much
#: longer a disabled user and a revoked key get in. It is also what bounds the cost: one look-up a token and minute.
ANSWER_KEPT_SECONDS = 60

_SCHEME = "bearer "


class RefusedError(Exception):
    """API Gateway turns an authorizer that fails with exactly this word into a 401, anything else into a 500."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


@blueprint.authorizer(name="verify_token", ttl_seconds=ANSWER_KEPT_SECONDS)
def verify_token(request: AuthRequest) -> AuthResponse:
    """
    Let in whoever holds a token of our issuer or a key of ours; what they may do is decided for each request.

    The answer allows every route, because API Gateway keeps it for the token and not for the route.

    Raises:
        RefusedError: There is no such token, or it can't be trusted (the gateway answers 401).
    """
    if request.token[: len(_SCHEME)].lower() != _SCHEME:
        _tell("refused", reason="no bearer token")
        raise RefusedError
    try:
        caller = admissions().admit(request.token[len(_SCHEME) :].strip())
    except UnauthorizedError as error:
        _tell("refused", reason=error.detail)
        raise RefusedError from None

    _tell("verified", username=caller.username)
    return AuthResponse(routes=["*"], principal_id=caller.username, context=context_of(caller))


def _tell(outcome: str, **more: str) -> None:
    """Write one line, never the token."""
    sys.stderr.write(json.dumps({"level": "INFO", "message": f"token {outcome}", **more}) + "\n")
