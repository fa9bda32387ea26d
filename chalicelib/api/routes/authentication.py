"""Log in, stay logged in."""

from __future__ import annotations

from hashlib import sha256

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.resources.users import LogInBody, LoginResource, RefreshBody
from chalicelib.bootstrap_identity import token_verifier
from chalicelib.bootstrap_limits import rate_limits
from chalicelib.domain.authorization import Caller
from chalicelib.ports import Ports
from chalicelib.services import authentication

blueprint = ApiBlueprint(__name__)


@blueprint.route("/authentication/login", methods=["POST"], authorizer=None)
@endpoint(blueprint, body=LogInBody, is_open=True, is_repeatable=False, logs_in="username")
def log_in(body: LogInBody, caller: Caller, ports: Ports) -> Ok[LoginResource]:
    """
    Exchange a user name and a password for tokens.

    An `Idempotency-Key` has no effect here: keeping the answer would mean keeping tokens. Attempts are limited
    per user name, and wait the longer the more of them fail.

    Raises:
        UnauthorizedError: They do not match, or there is no such user; the answer is the same (401).
    """
    login = authentication.log_in(body.to_command(caller), ports)
    rate_limits().forgive_login(body.username)

    return Ok(LoginResource.of(login, token_verifier().verify(login.token), ports.clock.now()))


@blueprint.route("/authentication/refresh", methods=["POST"], authorizer=None)
@endpoint(blueprint, body=RefreshBody, is_open=True, is_repeatable=False)
def refresh(body: RefreshBody, ports: Ports) -> Ok[LoginResource]:
    """
    Exchange a refresh token for a new token; the refresh token itself stays as it is.

    An `Idempotency-Key` has no effect here: keeping the answer would mean keeping tokens. Each refresh token may be
    used as often in a minute as one route may be called that changes something.

    Raises:
        UnauthorizedError: The refresh token is not valid any more (401).
        RateLimitExceededError: It was used too often (429).
    """
    # Of a token that may be a good one, only a hash is written down.
    rate_limits().admit(f"refresh-{sha256(body.refresh_token.encode()).hexdigest()}", "refresh", "POST")
    login = ports.identity.refresh(body.refresh_token)

    return Ok(LoginResource.of(login, token_verifier().verify(login.token), ports.clock.now()))
