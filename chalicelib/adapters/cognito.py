"""The user pool: passwords and refresh tokens for ID tokens, and who may still log in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.domain.errors import UnauthorizedError
from chalicelib.ports.identity import Login

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

#: All of them mean no; which one it was would tell who has an account.
_REFUSALS = frozenset(
    {
        "InvalidParameterException",
        "NotAuthorizedException",
        "PasswordResetRequiredException",
        "UserNotConfirmedException",
        "UserNotFoundException",
    }
)


class CognitoIdentity:
    """Logs people in."""

    def __init__(self, client: Callable[[], CognitoIdentityProviderClient], client_id: str) -> None:
        self._client = client
        self._client_id = client_id

    def login(self, username: str, password: str) -> Login:
        """
        Exchange a user name and password for tokens.

        Raises:
            UnauthorizedError: They do not match, in the same words for an unknown user.
        """
        refusal = UnauthorizedError("The user name or the password is wrong.", fix="Check both, then try again.")
        return self._authenticate("USER_PASSWORD_AUTH", {"USERNAME": username, "PASSWORD": password}, refusal)

    def refresh(self, refresh_token: str) -> Login:
        """
        Exchange a refresh token for a new token.

        Raises:
            UnauthorizedError: It is not valid any more.
        """
        refusal = UnauthorizedError("The refresh token is not valid.", fix="Log in again.")
        return self._authenticate("REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": refresh_token}, refusal)

    @translated("The user pool")
    def _authenticate(
        self,
        flow: Literal["USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"],
        parameters: dict[str, str],
        refusal: UnauthorizedError,
    ) -> Login:
        client = self._client()
        try:
            answer = client.initiate_auth(ClientId=self._client_id, AuthFlow=flow, AuthParameters=parameters)
        except client.exceptions.ClientError as error:
            if code_of(error) in _REFUSALS:
                raise refusal from error
            raise
        # A challenge (new password, second factor) instead of tokens is no login either.
        result = answer.get("AuthenticationResult", {})
        if "IdToken" not in result:
            raise refusal
        refresh_token = result.get("RefreshToken") if flow == "USER_PASSWORD_AUTH" else None
        return Login(result["IdToken"], refresh_token, result.get("ExpiresIn", 3600))


class CognitoUsers:
    """Asks the user pool about one user at a time; without a pool (another issuer) there is nobody to ask."""

    def __init__(self, client: Callable[[], CognitoIdentityProviderClient], user_pool_id: str) -> None:
        self._client = client
        self._user_pool_id = user_pool_id

    @translated("The user pool")
    def is_active(self, username: str) -> bool:
        """
        Tell whether a user is there and enabled, now.

        Raises:
            TransientError: The user pool does not answer.
        """
        if not self._user_pool_id:
            return True
        client = self._client()
        try:
            user = client.admin_get_user(UserPoolId=self._user_pool_id, Username=username)
        except client.exceptions.UserNotFoundException:
            return False
        return user["Enabled"]
