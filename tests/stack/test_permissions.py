import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.stack.running_stack import RunningStack

# Reads an item of a table, and tells what came of it.
READER = """
import sys
import boto3

def handle(event, context):
    sys.stderr.write("asked\\n")
    try:
        boto3.client("dynamodb").get_item(TableName=event["table"], Key={"pk": {"S": "a"}, "sk": {"S": "b"}})
    except Exception as error:
        return str(error)
    return "allowed"
"""


def ask(stack: RunningStack, function: str, table: str) -> str:
    answer = stack.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"table": table}))
    return str(json.load(answer["Payload"]))


def test_function_is_denied_what_its_role_does_not_allow(
    stack: RunningStack, make_function: Callable[..., str]
) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "dynamodb:GetItem",
        "Resource": "arn:aws:dynamodb:us-east-1:000000000000:table/hotswap-registry",
    }
    function = make_function("reads-one-table", READER, statement)

    allowed, denied = ask(stack, function, "hotswap-registry"), ask(stack, function, "hotswap-tenants")

    assert allowed == "allowed"
    assert "is not authorized to perform: dynamodb:GetItem" in denied


def test_function_without_a_policy_is_denied_everything(stack: RunningStack, make_function: Callable[..., str]) -> None:
    function = make_function("has-no-policy", READER)

    assert "is not authorized to perform: dynamodb:GetItem" in ask(stack, function, "hotswap-registry")


def test_role_of_plugins_has_no_policy_at_all(stack: RunningStack) -> None:
    iam = stack.client("iam")

    assert iam.list_role_policies(RoleName="hotswap-plugin")["PolicyNames"] == []
    assert iam.list_attached_role_policies(RoleName="hotswap-plugin")["AttachedPolicies"] == []


# Does with an alias of a plugin's function what the event says, and tells what came of it.
MOVER = """
import sys
import boto3

def handle(event, context):
    sys.stderr.write("asked\\n")
    try:
        getattr(boto3.client("lambda"), event["action"])(**event["arguments"])
    except Exception as error:
        return str(error)
    return "allowed"
"""


@pytest.mark.parametrize(
    "action,permission,more",
    [
        ("get_alias", "lambda:GetAlias", {}),
        ("update_alias", "lambda:UpdateAlias", {"Description": "moved"}),
        ("delete_alias", "lambda:DeleteAlias", {}),
    ],
)
def test_each_action_on_an_alias_needs_the_permission_of_its_name(
    stack: RunningStack, make_function: Callable[..., str], action: str, permission: str, more: dict[str, Any]
) -> None:
    target = make_function(f"target-of-{action}".replace("_", "-"), MOVER)
    stack.client("lambda").create_alias(FunctionName=target, Name="live", FunctionVersion="$LATEST")
    resource = f"arn:aws:lambda:us-east-1:000000000000:function:{target}"
    statement = {"Effect": "Allow", "Action": permission, "Resource": [resource, f"{resource}:*"]}
    allowed = make_function(f"may-{action}".replace("_", "-"), MOVER, statement)
    denied = make_function(f"may-not-{action}".replace("_", "-"), MOVER)
    payload = json.dumps({"action": action, "arguments": {"FunctionName": target, "Name": "live", **more}})

    refusal = json.load(stack.client("lambda").invoke(FunctionName=denied, Payload=payload)["Payload"])
    consent = json.load(stack.client("lambda").invoke(FunctionName=allowed, Payload=payload)["Payload"])

    assert f"is not authorized to perform: {permission}" in refusal
    assert consent == "allowed"


@pytest.mark.parametrize(
    "action,permission,more",
    [
        (
            "put_provisioned_concurrency_config",
            "lambda:PutProvisionedConcurrencyConfig",
            {"ProvisionedConcurrentExecutions": 1},
        ),
        ("delete_provisioned_concurrency_config", "lambda:DeleteProvisionedConcurrencyConfig", {}),
    ],
)
def test_keeping_containers_is_no_change_of_the_function(
    stack: RunningStack, make_function: Callable[..., str], action: str, permission: str, more: dict[str, Any]
) -> None:
    verb = action.partition("_")[0]
    target = make_function(f"target-of-{verb}-containers", MOVER)
    functions = stack.client("lambda")
    version = functions.publish_version(FunctionName=target)["Version"]
    functions.create_alias(FunctionName=target, Name="live", FunctionVersion=version)
    resource = f"arn:aws:lambda:us-east-1:000000000000:function:{target}"
    grant = {"Effect": "Allow", "Resource": [resource, f"{resource}:*"]}
    others = ["lambda:UpdateFunctionCode", "lambda:DeleteFunction"]
    allowed = make_function(f"may-{verb}-containers", MOVER, {**grant, "Action": permission})
    denied = make_function(f"may-not-{verb}-containers", MOVER, {**grant, "Action": others})
    payload = json.dumps({"action": action, "arguments": {"FunctionName": target, "Qualifier": "live", **more}})

    refusal = json.load(functions.invoke(FunctionName=denied, Payload=payload)["Payload"])
    consent = json.load(functions.invoke(FunctionName=allowed, Payload=payload)["Payload"])

    assert f"is not authorized to perform: {permission}" in refusal
    assert consent == "allowed"
