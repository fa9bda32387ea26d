import json
import math
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stack.running_stack import RunningStack, eventually, zip_of

INVOCATIONS = 2000
SHARE = 0.3

CODE = """
import sys

def handle(event, context):
    sys.stderr.write("served\\n")  # the emulator waits 50 ms for a first line
    return {{"served": "{version}", "function_version": context.function_version, "arn": context.invoked_function_arn}}
"""


@pytest.fixture(scope="module")
def alias(stack: RunningStack, make_function: Callable[..., str]) -> str:
    """Make an alias of which version 2 gets 30 %; give its ARN."""
    functions = stack.client("lambda")
    name = make_function("weighted", CODE.format(version="1"))
    first = functions.publish_version(FunctionName=name)["Version"]
    functions.update_function_code(FunctionName=name, ZipFile=zip_of(CODE.format(version="2")))
    second = functions.publish_version(FunctionName=name)["Version"]
    made = functions.create_alias(
        FunctionName=name,
        Name="live",
        FunctionVersion=first,
        RoutingConfig={"AdditionalVersionWeights": {second: SHARE}},
    )
    return str(made["AliasArn"])


def within_three_sigma(count: int) -> bool:
    return abs(count - SHARE * INVOCATIONS) <= 3 * math.sqrt(INVOCATIONS * SHARE * (1 - SHARE))


def test_alias_gives_each_version_its_share_and_names_the_one_that_served(stack: RunningStack, alias: str) -> None:
    functions = stack.client("lambda")

    def invoke(number: int) -> str:
        by_name = {"FunctionName": "weighted", "Qualifier": "live"}
        answer = functions.invoke(**(by_name if number % 2 else {"FunctionName": alias}))
        result = json.load(answer["Payload"])
        assert result["served"] == answer["ExecutedVersion"] == result["function_version"]
        assert result["arn"] == alias
        return str(answer["ExecutedVersion"])

    with ThreadPoolExecutor(4) as pool:
        served = Counter(pool.map(invoke, range(INVOCATIONS)))
        if not within_three_sigma(served["2"]):
            # One honest sample in 370 lies outside; that two in a row do, one in 137,000.
            served = Counter(pool.map(invoke, range(INVOCATIONS)))

    assert set(served) == {"1", "2"}
    assert within_three_sigma(served["2"]), served


def test_weights_that_are_taken_away_leave_everything_to_one_version(
    stack: RunningStack, make_function: Callable[..., str]
) -> None:
    functions = stack.client("lambda")
    name = make_function("unweighted", CODE.format(version="1"))
    for _ in range(2):
        functions.publish_version(FunctionName=name)
        functions.update_function_code(FunctionName=name, ZipFile=zip_of(CODE.format(version="2")))
    weights = {"AdditionalVersionWeights": {"2": 1.0}}
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=weights)

    all_weight = {functions.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] for _ in range(20)}
    functions.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    no_weight = {functions.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] for _ in range(20)}

    assert all_weight == {"2"}
    assert no_weight == {"1"}


def test_reading_a_weighted_alias_gives_its_own_version_always(stack: RunningStack, alias: str) -> None:
    functions = stack.client("lambda")

    read = {
        functions.get_function_configuration(FunctionName="weighted", Qualifier="live")["Version"] for _ in range(30)
    }

    assert read == {"1"}


def test_state_machine_shares_by_the_weights_and_reports_the_version(stack: RunningStack, alias: str) -> None:
    machines = stack.client("stepfunctions")
    invoke = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": alias, "Payload": {}},
        "End": True,
    }
    machine = machines.create_state_machine(
        name="calls-weighted",
        roleArn=stack.info.outputs["PluginRoleArn"],
        definition=json.dumps({"StartAt": "Call", "States": {"Call": invoke}}),
    )["stateMachineArn"]

    def run(_number: int) -> str:
        execution = machines.start_execution(stateMachineArn=machine)["executionArn"]
        ended = eventually(lambda: _ended(machines.describe_execution(executionArn=execution)))
        output = json.loads(ended["output"])
        assert output["ExecutedVersion"] == output["Payload"]["function_version"]
        return str(output["ExecutedVersion"])

    with ThreadPoolExecutor(4) as pool:
        served = Counter(pool.map(run, range(60)))

    assert set(served) == {"1", "2"}


def test_metrics_tell_the_versions_of_a_weighted_alias_apart(stack: RunningStack, alias: str) -> None:
    functions = stack.client("lambda")
    served = Counter(functions.invoke(FunctionName=alias)["ExecutedVersion"] for _ in range(40))

    counted = {version: _invocations(stack, version) for version in ("1", "2")}

    assert counted["1"] >= served["1"] > 0
    assert counted["2"] >= served["2"] > 0


def _ended(execution: dict[str, Any]) -> dict[str, Any] | None:
    return None if execution["status"] == "RUNNING" else execution


def _invocations(stack: RunningStack, version: str) -> float:
    now = datetime.now(UTC)
    dimensions = {"FunctionName": "weighted", "Resource": "weighted:live", "ExecutedVersion": version}
    statistics = stack.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Invocations",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in statistics["Datapoints"]))
