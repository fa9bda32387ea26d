"""The authorizer: a token or key in, who it belongs to out. It is a function of its own, and imports little."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from chalice import AuthResponse, Blueprint
from chalice.app import AuthRequest

from chalicelib.api.callers import context_of, origin_of
from chalicelib.api.tracing import trace_id_of
from chalicelib.bootstrap_identity import admissions, refused_credentials
from chalicelib.domain.credentials import CredentialRefusedError, RefusedVisit

blueprint = Blueprint(__name__)

#: API Gateway keeps an answer this long per token: so much longer than it lasts a token may be used, and so much
#: longer a disabled user and a revoked key get in. It is also what bounds the cost: one look-up a token and minute.
ANSWER_KEPT_SECONDS = 60

_SCHEME = "bearer "


class RefusedError(Exception):
    """
    API Gateway turns an authorizer that fails with exactly this word into a 401, anything else into a 500.

    *why* is None where there was nothing to look at: that is no attempt, and is not recorded.
    """

    def __init__(self, why: CredentialRefusedError | None = None) -> None:
        super().__init__("Unauthorized")
        self.why = why


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
    except CredentialRefusedError as error:
        _tell("refused", reason=error.reason)
        raise RefusedError(error) from None

    _tell("verified", username=caller.username)
    return AuthResponse(routes=["*"], principal_id=caller.username, context=context_of(caller))


def verify_request(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401 - Lambda's own
    """
    Do as `verify_token` for a whole request, which the gateway sends: where it came from is part of the record.

    While a deployment is under way the gateway still sends the token alone.

    Raises:
        RefusedError: As there.
    """
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    token = headers.get("authorization") or event.get("authorizationToken", "")
    try:
        answer: Mapping[str, Any] = verify_token(
            {"type": "TOKEN", "authorizationToken": token, "methodArn": event["methodArn"]}, context
        )
    except RefusedError as refused:
        if refused.why is not None:
            _record(refused.why, event, headers)
        raise
    return answer


def _record(why: CredentialRefusedError, event: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    path, origin = str(event.get("path") or ""), origin_of(event.get("requestContext") or {})
    visit = RefusedVisit(why.reason, path, trace_id_of(headers), *origin, claimed=why.claimed)
    refused_credentials().record(visit)


def _tell(outcome: str, **more: str) -> None:
    """Write one line, never the token, and nothing that the settings keep out of the log."""
    line: dict[str, Any] = {"level": "INFO", "message": f"token {outcome}", **more}
    hidden = os.environ.get("HOTSWAP_REDACT", "")
    if hidden:
        # Only who keeps something out of the log waits for this.
        from chalicelib.domain.redaction import fields_of, redact  # noqa: PLC0415

        line = redact(line, fields_of(hidden))
    sys.stderr.write(json.dumps(line) + "\n")
