"""Logging in: tokens, or the same words for every no."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from chalicelib.adapters import aws_clients
from chalicelib.adapters.cognito import CognitoIdentity, CognitoUsers
from chalicelib.domain.errors import TransientError, UnauthorizedError
from chalicelib.ports import Login


@pytest.fixture
def stubber() -> Iterator[Stubber]:
    with Stubber(aws_clients.cognito()) as stubber:
        yield stubber


@pytest.fixture
def identity(stubber: Stubber) -> CognitoIdentity:
    return CognitoIdentity(lambda: stubber.client, "client-1")  # type: ignore[arg-type,return-value]


def test_a_login_gives_the_id_token(identity: CognitoIdentity, stubber: Stubber) -> None:
    stubber.add_response(
        "initiate_auth",
        {"AuthenticationResult": {"IdToken": "id", "AccessToken": "access", "RefreshToken": "re", "ExpiresIn": 60}},
        {
            "ClientId": "client-1",
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": "ana", "PASSWORD": "pass"},
        },
    )

    assert identity.login("ana", "pass") == Login("id", "re", 60)


def test_a_refresh_gives_a_new_id_token_and_no_refresh_token(identity: CognitoIdentity, stubber: Stubber) -> None:
    stubber.add_response(
        "initiate_auth",
        {"AuthenticationResult": {"IdToken": "id", "ExpiresIn": 60}},
        {"ClientId": "client-1", "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": "re"}},
    )

    assert identity.refresh("re") == Login("id", None, 60)


@pytest.mark.parametrize(
    "code",
    [
        "NotAuthorizedException",
        "UserNotFoundException",
        "UserNotConfirmedException",
        "PasswordResetRequiredException",
        "InvalidParameterException",
    ],
)
def test_every_no_has_the_same_words(identity: CognitoIdentity, stubber: Stubber, code: str) -> None:
    stubber.add_client_error("initiate_auth", code, "User does not exist.")

    with pytest.raises(UnauthorizedError) as caught:
        identity.login("ana", "wrong")

    assert caught.value.detail == "The user name or the password is wrong."


def test_a_challenge_is_no_login(identity: CognitoIdentity, stubber: Stubber) -> None:
    stubber.add_response("initiate_auth", {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s" * 20})

    with pytest.raises(UnauthorizedError):
        identity.login("ana", "first password")


def test_throttling_is_an_outage_and_no_refusal(identity: CognitoIdentity, stubber: Stubber) -> None:
    stubber.add_client_error("initiate_auth", "TooManyRequestsException", http_status_code=400)

    with pytest.raises(TransientError):
        identity.login("ana", "pass")


@pytest.fixture
def users(stubber: Stubber) -> CognitoUsers:
    return CognitoUsers(lambda: stubber.client, "pool-1")  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("is_enabled", [True, False])
def test_a_user_is_active_while_enabled(users: CognitoUsers, stubber: Stubber, *, is_enabled: bool) -> None:
    stubber.add_response(
        "admin_get_user", {"Username": "ana", "Enabled": is_enabled}, {"UserPoolId": "pool-1", "Username": "ana"}
    )

    assert users.is_active("ana") is is_enabled


def test_a_user_that_is_gone_is_not_active(users: CognitoUsers, stubber: Stubber) -> None:
    stubber.add_client_error("admin_get_user", "UserNotFoundException", http_status_code=400)

    assert not users.is_active("ana")


def test_a_user_pool_that_does_not_answer_is_transient(users: CognitoUsers, stubber: Stubber) -> None:
    stubber.add_client_error("admin_get_user", "TooManyRequestsException", http_status_code=400)

    with pytest.raises(TransientError):
        users.is_active("ana")


def test_users_of_another_issuer_are_not_looked_up() -> None:
    assert CognitoUsers(_nobody, "").is_active("ana")


def _nobody() -> Any:
    raise AssertionError("there is nobody to ask")
