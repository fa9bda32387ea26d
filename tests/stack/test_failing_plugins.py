"""Plugins that fail while they serve, and secrets, which are nowhere to be read whatever fails."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stack.product import Product

PLUGIN = "fails-in-every-way"
TENANT = "unlucky"
PLANTED = "sk_planted_9b1c7e0d_unlucky"

SOURCE = """
import os
import time

from hotswap_plugin import PluginError

def handle(operation, input, context):
    key = context.secrets["apiKey"]
    context.logger.info("calling with %s", key, extra={"header": {"Authorization": f"Bearer {key}"}})
    if operation == "raise":
        raise RuntimeError(f"connection to db.internal:5432 failed for {key} in {__file__}")
    if operation == "refuse":
        raise PluginError(f"card declined for {key}")
    if operation == "hang":
        time.sleep(30)
    if operation == "exit":
        os._exit(3)
    if operation == "nonsense":
        return {"total": object()}
    return {"total": "many" if operation == "miscount" else 1}
"""
TOTAL = {"type": "object", "required": ["total"], "properties": {"total": {"type": "integer"}}}
AMOUNT = {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "integer", "minimum": 1}}}
MANIFEST: dict[str, Any] = {
    "operations": {
        **{name: {} for name in ("raise", "refuse", "hang", "exit", "nonsense")},
        "count": {"input": AMOUNT, "output": TOTAL},
        "miscount": {"output": TOTAL},
    },
    "secrets": ["apiKey"],
    "resources": {"timeoutSeconds": 2},
}


@pytest.fixture(scope="module")
def failing(product: Product) -> Product:
    product.register(PLUGIN)
    product.publish(PLUGIN, "1.0.0", SOURCE, **MANIFEST)
    assert product.deploy(PLUGIN, "1.0.0")["status"] == "Completed"
    product.install(PLUGIN, TENANT, {}, apiKey=PLANTED)
    return product


@pytest.mark.parametrize(
    "operation,status,code,kind",
    [
        ("raise", 502, "PLUGIN_FAILED", "PluginRaised"),
        ("refuse", 502, "PLUGIN_FAILED", "PluginError"),
        ("nonsense", 502, "PLUGIN_FAILED", "InvalidOutput"),
        ("miscount", 502, "PLUGIN_FAILED", "InvalidOutput"),
        ("exit", 502, "PLUGIN_FAILED", "stopped before it answered"),
        ("hang", 504, "PLUGIN_TIMEOUT", "did not answer in its time"),
        ("dance", 400, "VALIDATION_ERROR", "UnknownOperation"),
    ],
)
def test_failure_has_its_code_and_tells_nothing_of_the_inside(
    failing: Product, operation: str, status: int, code: str, kind: str
) -> None:
    answer = failing.invoke(PLUGIN, TENANT, operation)

    told = json.dumps(answer.body)
    assert (answer.status, answer.body["code"]) == (status, code)
    assert kind in answer.body["detail"]
    assert answer.body["fix"]
    assert not [word for word in ("RuntimeError", "db.internal", ".py", "/tmp", PLANTED) if word in told]  # noqa: S108
    # What one call did to the process is nothing to the next.
    assert failing.invoke(PLUGIN, TENANT, "count", {"amount": 1}).body["result"] == {"total": 1}


def test_input_that_breaks_the_schema_is_refused_field_by_field(failing: Product) -> None:
    missing = failing.invoke(PLUGIN, TENANT, "count", {})
    wrong = failing.invoke(PLUGIN, TENANT, "count", {"amount": "a lot of sk_mine"})

    for answer in (missing, wrong):
        assert (answer.status, answer.body["code"]) == (400, "VALIDATION_ERROR")
        assert all(error["fix"] for error in answer.body["errors"])
    assert [error["field"] for error in wrong.body["errors"]] == ["/input/amount"]
    assert "sk_mine" not in json.dumps(wrong.body), "a value is never repeated"


def test_secrets_passwords_and_tokens_are_in_no_log_no_table_and_no_execution(failing: Product) -> None:
    for operation in ("raise", "refuse", "count", "miscount"):
        failing.invoke(PLUGIN, TENANT, operation, {"amount": 1})
    wanted = {"the secret": PLANTED}
    wanted |= {f"password of {name}": user["password"] for name, user in failing.stack.info.users.items()}
    wanted |= {f"token of {role}": failing.token(role).rpartition(".")[2] for role in ("admin", "host")}

    places = [*_logs(failing), *_tables(failing), *_histories(failing)]

    assert not [(what, place) for place, text in places for what, value in wanted.items() if value in text]
    # The search would have found something: each kind of place was read, and the plugin did write its lines.
    kinds = {place.partition(":")[0] for place, _ in places}
    assert kinds == {"log", "table", "execution"}
    assert any("calling with [secret apiKey]" in text for place, text in places if PLUGIN in place)
    assert any("PutSecret" in text for place, text in places if place == "table:hotswap-audit")


def _logs(product: Product) -> Iterator[tuple[str, str]]:
    logs = product.stack.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
            yield f"log:{name}", "\n".join(event["message"] for page in pages for event in page["events"])


def _tables(product: Product) -> Iterator[tuple[str, str]]:
    tables = product.stack.client("dynamodb")
    for name in tables.list_tables()["TableNames"]:
        pages = tables.get_paginator("scan").paginate(TableName=name)
        yield f"table:{name}", json.dumps([page["Items"] for page in pages], default=repr)


def _histories(product: Product) -> Iterator[tuple[str, str]]:
    machines = product.stack.client("stepfunctions")
    for machine in (product.stack.info.outputs[name] for name in ("IntakeMachineArn", "DeploymentMachineArn")):
        # The latest are enough: what they hold is decided by the machine and not by the run.
        for execution in machines.list_executions(stateMachineArn=machine, maxResults=10)["executions"]:
            history = machines.get_execution_history(executionArn=execution["executionArn"], maxResults=1000)
            yield f"execution:{execution['name']}", json.dumps(history["events"], default=str)
