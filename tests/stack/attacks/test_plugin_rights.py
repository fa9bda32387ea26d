"""What a plugin can reach besides its input: nothing that is ours, and nothing of another tenant."""

import json
from typing import Any

import pytest

from infra.local.emulator import ROOT_KEY
from tests.stack.product import Product, function_of

CURIOUS = "curious"
SECRETS = {"left": "sk_planted_left_5e1f", "right": "sk_planted_right_a77c"}

#: Tries whatever could harm, with the credentials of its own role, and reports the error code of each.
SOURCE = """
import gc
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

QUICKLY = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})
BUCKET, TABLE, FUNCTION = "hotswap-artifacts-000000000000", "hotswap-tenants", "hotswap-plugin-curious"
ROLES = "arn:aws:iam::000000000000:role/"
CALLS = []

def aws(service):
    return boto3.client(service, config=QUICKLY)

ATTEMPTS = {
    "s3:ListAllMyBuckets": lambda: aws("s3").list_buckets(),
    "s3:ListBucket": lambda: aws("s3").list_objects_v2(Bucket=BUCKET),
    "s3:GetObject": lambda: aws("s3").get_object(Bucket=BUCKET, Key="packages/curious/1.0.0"),
    "s3:PutObject": lambda: aws("s3").put_object(Bucket=BUCKET, Key="builds/curious", Body=b"mine"),
    "dynamodb:GetItem": lambda: aws("dynamodb").get_item(TableName=TABLE, Key={"pk": {"S": "a"}, "sk": {"S": "b"}}),
    "dynamodb:Scan": lambda: aws("dynamodb").scan(TableName=TABLE),
    "dynamodb:ListTables": lambda: aws("dynamodb").list_tables(),
    "lambda:InvokeFunction": lambda: aws("lambda").invoke(FunctionName=FUNCTION),
    "lambda:UpdateAlias": lambda: aws("lambda").update_alias(
        FunctionName=FUNCTION, Name="development", FunctionVersion="1"
    ),
    "lambda:UpdateFunctionCode": lambda: aws("lambda").update_function_code(FunctionName=FUNCTION, ZipFile=b"PK"),
    "lambda:ListFunctions": lambda: aws("lambda").list_functions(),
    "kms:Encrypt": lambda: aws("kms").encrypt(KeyId="alias/hotswap", Plaintext=b"mine"),
    "kms:ListKeys": lambda: aws("kms").list_keys(),
    "states:StartExecution": lambda: aws("stepfunctions").start_execution(
        stateMachineArn="arn:aws:states:us-east-1:000000000000:stateMachine:hotswap-deployment", input="{}"
    ),
    "states:SendTaskSuccess": lambda: aws("stepfunctions").send_task_success(taskToken="a-token", output="{}"),
    "states:StopExecution": lambda: aws("stepfunctions").stop_execution(
        executionArn="arn:aws:states:us-east-1:000000000000:execution:hotswap-deployment:one"
    ),
    "dynamodb:PutItem (audit)": lambda: aws("dynamodb").put_item(
        TableName="hotswap-audit", Item={"pk": {"S": "a"}, "sk": {"S": "b"}}
    ),
    "dynamodb:GetItem (credentials)": lambda: aws("dynamodb").get_item(
        TableName="hotswap-credentials", Key={"pk": {"S": "machine-key"}, "sk": {"S": "b"}}
    ),
    "logs:DescribeLogGroups": lambda: aws("logs").describe_log_groups(),
    "cognito-idp:ListUserPools": lambda: aws("cognito-idp").list_user_pools(MaxResults=1),
    "iam:PutRolePolicy": lambda: aws("iam").put_role_policy(
        RoleName="hotswap-plugin", PolicyName="all", PolicyDocument="{}"
    ),
    "sts:AssumeRole (own)": lambda: aws("sts").assume_role(RoleArn=ROLES + "hotswap-plugin", RoleSessionName="curious"),
    "sts:AssumeRole (another)": lambda: aws("sts").assume_role(RoleArn=ROLES + "admin", RoleSessionName="curious"),
    "sts:GetCallerIdentity": lambda: aws("sts").get_caller_identity(),
}

def attempt(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"

def count_of(text):
    # In every container of the process, and in the locals of every caller that came with the package.
    held, frame = [], sys._getframe(1)
    while frame and frame.f_code.co_filename.startswith(os.environ["LAMBDA_TASK_ROOT"]):
        held += [value for name, value in frame.f_locals.items() if name != "text"]
        frame = frame.f_back
    for container in gc.get_objects():
        if isinstance(container, dict):
            held += list(container.values())
        elif isinstance(container, (list, tuple, set, frozenset)) and container is not held:
            held += list(container)
    return sum(text in value for value in held if isinstance(value, str))

def handle(operation, input, context):
    CALLS.append(operation)
    if operation == "attempt":
        return {name: attempt(call) for name, call in ATTEMPTS.items()}
    if operation == "environment":
        return {"variables": dict(os.environ)}
    of_left = count_of(input["head"] + input["tail"])
    return {"calls": len(CALLS), "ofLeft": of_left}
"""
OPERATIONS: dict[str, Any] = {name: {} for name in ("attempt", "environment", "remember")}


@pytest.fixture(scope="module")
def curious(product: Product) -> Product:
    product.register(CURIOUS)
    product.publish(CURIOUS, "1.0.0", SOURCE, operations=OPERATIONS, secrets=["apiKey"])
    assert product.deploy(CURIOUS, "1.0.0")["status"] == "Completed"
    for tenant, secret in SECRETS.items():
        product.install(CURIOUS, tenant, {"owner": f"config of {tenant}"}, apiKey=secret)
    return product


def test_plugin_is_denied_every_action_but_to_ask_who_it_is(curious: Product) -> None:
    tried = curious.invoke(CURIOUS, "left", "attempt").body["result"]

    # "No permissions are required to perform this operation", and no policy can deny it: that is AWS's own rule.
    assert tried.pop("sts:GetCallerIdentity") == "allowed"
    assert len(tried) == 23
    assert {name: code for name, code in tried.items() if not code.startswith("AccessDenied")} == {}


def test_environment_of_a_plugin_names_nothing_of_ours_and_holds_no_key_with_rights(curious: Product) -> None:
    variables = curious.invoke(CURIOUS, "left", "environment").body["result"]["variables"]
    configured = curious.stack.client("lambda").get_function_configuration(FunctionName=function_of(CURIOUS))

    assert not configured["Environment"].get("Variables")
    assert [name for name in variables if name.startswith("HOTSWAP")] == []
    assert variables["AWS_ACCESS_KEY_ID"] != ROOT_KEY
    assert variables["AWS_SESSION_TOKEN"], "the keys are the role's, which has no policy"
    told = json.dumps(variables)
    assert not any(value in told for value in [*SECRETS.values(), *_passwords(curious)])


def test_plugin_finds_nothing_of_the_tenant_before_in_its_own_process(curious: Product) -> None:
    # In two halves, or the question itself would be found.
    secret = {"head": SECRETS["left"][:9], "tail": SECRETS["left"][9:]}

    before = curious.invoke(CURIOUS, "left", "remember", secret).body["result"]
    after = curious.invoke(CURIOUS, "right", "remember", secret).body["result"]

    assert before["ofLeft"] > 0, "it would have been found"
    assert after == {"calls": before["calls"] + 1, "ofLeft": 0}, "the same process answered both tenants"


def _passwords(product: Product) -> list[str]:
    return [user["password"] for user in product.stack.info.users.values()]
