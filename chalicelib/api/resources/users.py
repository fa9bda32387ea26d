"""Users: logins, and who a token belongs to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Resource
from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.times import rfc3339
from chalicelib.ports.identity import Login
from chalicelib.services.authentication import LogIn


class LogInBody(Body):
    """A user name and its password."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"username": "ana", "password": "correct horse …"}]})

    username: Annotated[str, Field(min_length=1, max_length=128, description="Send the user's name.")]
    password: Annotated[str, Field(min_length=1, max_length=256, description="Send the user's password.", repr=False)]

    def to_command(self, caller: Caller) -> LogIn:
        """Make the command of the use case."""
        return LogIn(self.username, self.password, trace_id=caller.trace_id, ip=caller.ip, user_agent=caller.user_agent)


class RefreshBody(Body):
    """A refresh token."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"refreshToken": "eyJjdHki…"}]})

    refresh_token: Annotated[
        str, Field(min_length=1, max_length=8192, description="Send the refreshToken of a login.", repr=False)
    ]


class UserResource(Resource):
    """Who somebody is, as the verified token says."""

    username: str
    roles: list[Role]
    tenant_id: Annotated[str | None, Field(description="The tenant that a TenantOwner owns.")]

    @classmethod
    def of(cls, caller: Caller) -> UserResource:
        """Present a caller."""
        return cls(username=caller.username, roles=sorted(caller.roles), tenant_id=caller.tenant_id)


class LoginResource(Resource):
    """Tokens; keep them as you keep the password."""

    token: Annotated[str, Field(description="Send it as `Authorization: Bearer <token>`.")]
    refresh_token: Annotated[str | None, Field(description="Null after a refresh: go on using the one you have.")]
    expires_at: datetime
    user: UserResource

    @classmethod
    def of(cls, login: Login, user: Caller, now: datetime) -> LoginResource:
        """Present what a login gave, *now*."""
        return cls.model_validate(
            {
                "token": login.token,
                "refresh_token": login.refresh_token,
                "expires_at": rfc3339(now + timedelta(seconds=login.expires_in_seconds)),
                "user": UserResource.of(user),
            }
        )
