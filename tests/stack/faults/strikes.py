"""What goes wrong in a deployed stack, done to one deployment: as nature, or as somebody with the console, would."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.stack.product import ENVIRONMENT, Product, function_of

#: Strikes at a plugin and its deployment that is under way; the folder is where a candidate looks for markers.
Strike = Callable[[Product, str, dict[str, Any], Path], None]

#: The functions of the states that have no token and no execution of their own, and the first step of each kind.
_TASKS = {
    "ValidateDeployment": {},
    "AcquireLease": {},
    "PrepareCandidate": {},
    "WarmCandidate": {"step": {"kind": "warm", "index": 0}},
    "CheckHealth": {"step": {"kind": "smoke", "index": 1}},
    "ShiftTraffic": {"step": {"kind": "shift", "index": 2}},
    "CompleteDeployment": {},
}


def stop_the_execution(product: Product, _name: str, deployment: dict[str, Any], _folder: Path) -> None:
    """Stop the machine, as in the Step Functions console."""
    product.stack.client("stepfunctions").stop_execution(executionArn=deployment["executionArn"], cause="by hand")


def stop_the_watch(product: Product, _name: str, deployment: dict[str, Any], _folder: Path) -> None:
    """Stop the execution that watches the candidate, and leave the machine that waits for it."""
    machines = product.stack.client("stepfunctions")
    arn = deployment["executionArn"].replace(":execution:", ":stateMachine:").rpartition(":")[0]
    listed = machines.list_executions(
        stateMachineArn=arn.replace("-deployment", "-observe"), statusFilter="RUNNING", maxResults=1000
    )["executions"]
    (watch,) = (one for one in listed if one["name"].startswith(deployment["deploymentId"]))
    machines.stop_execution(executionArn=watch["executionArn"], cause="by hand")


def take_the_lease_away(product: Product, name: str, _deployment: dict[str, Any], _folder: Path) -> None:
    """Let the lease run out and go to somebody newer, in the middle of a step."""
    product.stack.client("dynamodb").update_item(
        TableName="hotswap-deployments",
        Key={"pk": {"S": f"lease#{name}"}, "sk": {"S": ENVIRONMENT}},
        UpdateExpression="SET holder = :newer, expires_at = :soon ADD fence :one",
        ExpressionAttributeValues={
            ":newer": {"S": "dep_00000000000000000000000000"},
            ":soon": {"S": "2026-01-01T00:00:00.000Z"},
            ":one": {"N": "1"},
        },
    )


def delete_the_alias(product: Product, name: str, _deployment: dict[str, Any], _folder: Path) -> None:
    """Delete the alias of the environment."""
    product.stack.client("lambda").delete_alias(FunctionName=function_of(name), Name="development")


def edit_the_alias(product: Product, name: str, _deployment: dict[str, Any], _folder: Path) -> None:
    """Give everything to the candidate by hand, and claim a later epoch than the route has."""
    functions = product.stack.client("lambda")
    candidate = functions.get_alias(FunctionName=function_of(name), Name="v2-0-0")["FunctionVersion"]
    functions.update_alias(
        FunctionName=function_of(name),
        Name="development",
        FunctionVersion=candidate,
        Description="epoch 999",
        RoutingConfig={"AdditionalVersionWeights": {}},
    )


def deliver_tasks_again(product: Product, _name: str, deployment: dict[str, Any], _folder: Path) -> None:
    """Run the task of every state a second time, late and out of turn, as a repeated or delayed delivery would."""
    given = {"deployment_id": deployment["deploymentId"], "trace_id": deployment["traceId"]}
    for resource, more in _TASKS.items():
        call(product, resource, {**given, **more})


def mark(name: str) -> Strike:
    """Let a candidate fall ill that looks for the marker *name*."""
    return lambda _product, _name, _deployment, folder: (folder / name).touch()


def call(product: Product, resource: str, event: dict[str, Any]) -> Any:
    """Invoke a function of the stack by its resource's name, and return what it said, an error too."""
    stacks, functions = product.stack.client("cloudformation"), product.stack.client("lambda")
    found = stacks.describe_stack_resource(StackName="hotswap", LogicalResourceId=resource)
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    return json.load(functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())["Payload"])


def sweep(product: Product, resource: str) -> dict[str, Any]:
    """Run a schedule's function now, as EventBridge would each minute."""
    texts = ("version", "account", "region", "detail-type", "source", "time", "id")
    told: dict[str, Any] = call(product, resource, {**dict.fromkeys(texts, "0"), "detail": {}, "resources": []})
    assert "errorType" not in told, told
    return told
