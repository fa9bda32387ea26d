"""Secrets that stay in Secrets Manager, in the deployed stack, with the rights of its own functions."""

from typing import Any

import pytest

from tests.stack.product import Product, function_of
from tests.stack.running_stack import RunningStack, eventually

PLUGIN = "referring"
VALUE = "sk_planted_in_secrets_manager_77"
SOURCE = """
def handle(operation, input, context):
    context.logger.info("the key is %s", context.secrets["apiKey"])
    return {"length": len(context.secrets["apiKey"])}
"""


@pytest.fixture(scope="module")
def referring(product: Product) -> Product:
    product.register(PLUGIN)
    product.publish(PLUGIN, "1.0.0", SOURCE, secrets=["apiKey"])
    assert product.deploy(PLUGIN, "1.0.0")["status"] == "Completed"
    return product


def made(stack: RunningStack, name: str) -> str:
    return str(stack.client("secretsmanager").create_secret(Name=name, SecretString=VALUE)["ARN"])


def put(product: Product, tenant: str, reference: str) -> Any:
    product.install(PLUGIN, tenant)
    return product.ask("PUT", f"/tenants/{tenant}/plugins/{PLUGIN}/secrets/apiKey", {"reference": reference})


def test_a_plugin_gets_the_secret_that_its_tenant_refers_to(stack: RunningStack, referring: Product) -> None:
    kept = put(referring, "referrer", made(stack, "hotswap/referrer/key"))

    answer = referring.invoke(PLUGIN, "referrer")

    assert kept.status == 200, kept.body
    assert VALUE not in str(kept.body)
    assert (answer.status, answer.body.get("result")) == (200, {"length": len(VALUE)}), answer.body


def test_the_value_is_in_no_log_though_the_plugin_wrote_it(stack: RunningStack, referring: Product) -> None:
    put(referring, "talker", made(stack, "hotswap/talker/key"))
    assert referring.invoke(PLUGIN, "talker").status == 200
    logs = stack.client("logs")

    def written(group: str) -> str:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return "".join(each["message"] for page in pages for each in page["events"])

    eventually(lambda: "the key is [secret apiKey]" in written(f"/aws/lambda/{function_of(PLUGIN)}"))
    listed = logs.get_paginator("describe_log_groups").paginate()
    groups = [group["logGroupName"] for page in listed for group in page["logGroups"]]
    assert len(groups) > 1
    assert not [group for group in groups if VALUE in written(group)]


def test_another_tenants_secret_and_one_that_is_not_there_are_refused(stack: RunningStack, referring: Product) -> None:
    others = made(stack, "hotswap/somebody-else/key")

    refused = put(referring, "thief", others)
    missing = referring.ask(
        "PUT",
        f"/tenants/thief/plugins/{PLUGIN}/secrets/apiKey",
        {"reference": others.replace("somebody-else", "thief")},
    )

    for answer in (refused, missing):
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, "/reference"), answer.body
        assert answer.body["errors"][0]["fix"]


def test_a_plugin_is_not_called_once_its_secret_is_gone(stack: RunningStack, referring: Product) -> None:
    reference = made(stack, "hotswap/bereft/key")
    assert put(referring, "bereft", reference).status == 200
    stack.client("secretsmanager").delete_secret(SecretId=reference, ForceDeleteWithoutRecovery=True)

    answer = referring.invoke(PLUGIN, "bereft")

    assert (answer.status, answer.body["code"]) == (502, "PLUGIN_FAILED"), answer.body
    assert "apiKey" in answer.body["detail"]


def test_not_even_a_table_that_was_written_by_hand_reaches_a_secret_of_somebody_else(
    stack: RunningStack, referring: Product
) -> None:
    outside = made(stack, "payroll/referrer/key")
    assert put(referring, "forged", made(stack, "hotswap/forged/key")).status == 200
    key = {"pk": {"S": "tenant#forged"}, "sk": {"S": f"plugin#{PLUGIN}"}}

    stack.client("dynamodb").update_item(
        TableName="hotswap-tenants",
        Key=key,
        UpdateExpression="SET sealed_secrets = :kept",
        ExpressionAttributeValues={":kept": {"S": f'{{"apiKey": "{outside}"}}'}},
    )

    eventually(lambda: referring.invoke(PLUGIN, "forged").status == 502)
    assert policy_reads(stack) == {"arn:aws:secretsmanager:us-east-1:000000000000:secret:hotswap/*"}


def policy_reads(stack: RunningStack) -> set[str]:
    """Say what the role of the invoke function may read of Secrets Manager."""
    function = stack.client("cloudformation").describe_stack_resource(
        StackName="hotswap", LogicalResourceId="InvokePlugin"
    )["StackResourceDetail"]["PhysicalResourceId"]
    role = stack.client("lambda").get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]
    iam = stack.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    statements = [
        statement
        for name in names
        for statement in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
    ]
    return {
        resource
        for statement in statements
        if any(str(action).startswith("secretsmanager") for action in statement["Action"])
        for resource in statement["Resource"]
    }
