"""What only the tests of the stack need; the stack itself is shared with the browser's, in tests/conftest.py."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.stack.running_stack import RunningStack, zip_of

LAMBDA_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="session")
def make_function(stack: RunningStack) -> Callable[..., str]:
    """Make a function of one module `code`, with a role of its own; its name is unique to the test."""

    def make(name: str, code: str, *statements: dict[str, Any]) -> str:
        iam = stack.client("iam")
        role = iam.create_role(RoleName=f"role-of-{name}", AssumeRolePolicyDocument=json.dumps(LAMBDA_TRUST))
        if statements:
            policy = {"Version": "2012-10-17", "Statement": [*statements]}
            iam.put_role_policy(RoleName=f"role-of-{name}", PolicyName="given", PolicyDocument=json.dumps(policy))
        stack.client("lambda").create_function(
            FunctionName=name,
            Role=role["Role"]["Arn"],
            Runtime="python3.11",
            Handler="code.handle",
            Code={"ZipFile": zip_of(code)},
        )
        return name

    return make
