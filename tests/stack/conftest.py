"""One real stack for the whole session: emulator, template, code, users; nothing of it stays."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.local.emulator import processes_left
from infra.local.processes import members_of
from infra.local.stack import Options, bring_up, take_down
from infra.local.stack_state import StackFiles
from tests.stack.product import Product
from tests.stack.running_stack import RunningStack, zip_of

LAMBDA_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    files = StackFiles(tmp_path_factory.mktemp("stack"))
    options = Options(port=0, payments_port=0, files=files)
    info = bring_up(options, print)
    emulator, payments = files.read_emulator(), files.read_payments()
    try:
        yield RunningStack(info, options)
    finally:
        take_down(options, print)
    assert emulator is not None
    assert payments is not None
    assert processes_left(emulator) == []
    assert members_of(payments.process) == []


@pytest.fixture(scope="session")
def product(stack: RunningStack) -> Product:
    """Give the product as its users reach it; what a test makes there has names of its own."""
    return Product(stack)


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
