"""Nobody makes himself a user, or an owner of another tenant: neither here nor on AWS."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.running_stack import RunningStack

TENANT = "custom:tenant_id"


def outputs(stack: RunningStack) -> dict[str, str]:
    found = stack.client("cloudformation").describe_stacks(StackName="hotswap")["Stacks"][0]["Outputs"]
    return {each["OutputKey"]: each["OutputValue"] for each in found}


def log_in(stack: RunningStack) -> Any:
    """Log in at Cognito itself, whose address and client id are no secrets."""
    owner = stack.info.users["tenant-owner"]
    return stack.client("cognito-idp").initiate_auth(
        ClientId=outputs(stack)["UserPoolClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": owner["username"], "PASSWORD": owner["password"]},
    )["AuthenticationResult"]


def tenant_of(id_token: str) -> str:
    claims = id_token.split(".")[1]
    return str(json.loads(urlsafe_b64decode(claims + "=="))[TENANT])


def test_an_owner_can_not_take_over_another_tenant_at_cognito_itself(stack: RunningStack) -> None:
    token = log_in(stack)["AccessToken"]

    with pytest.raises(ClientError, match="NotAuthorizedException"):
        stack.client("cognito-idp").update_user_attributes(
            AccessToken=token, UserAttributes=[{"Name": TENANT, "Value": "globex"}]
        )

    assert tenant_of(log_in(stack)["IdToken"]) == "acme"


def test_nobody_signs_up(stack: RunningStack) -> None:
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        stack.client("cognito-idp").sign_up(
            ClientId=outputs(stack)["UserPoolClientId"],
            Username="mallory",
            Password="Aa1!" * 4,
            UserAttributes=[{"Name": TENANT, "Value": "acme"}],
        )


def test_who_owns_an_address_may_still_change_it(stack: RunningStack) -> None:
    token = log_in(stack)["AccessToken"]

    stack.client("cognito-idp").update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": "email", "Value": "owner@acme.test"}]
    )

    user = stack.client("cognito-idp").get_user(AccessToken=token)
    assert {"Name": "email", "Value": "owner@acme.test"} in user["UserAttributes"]
