"""What others know of a candidate: a metric of CloudWatch in its verdicts, and an alarm that takes it back."""

import json
import time
from typing import Any

from tests.stack.product import Product
from tests.stack.running_stack import eventually

PLUGIN = "watched-outside"
SOURCE = "def handle(operation, input, context):\n    return {}\n"
DECLINED = {
    "name": "declined payments",
    "queries": [{"id": "declined", "namespace": "Shop", "metric": "Declined", "dimensions": {"Version": "{version}"}}],
    "period": "PT1S",
    "max": 5,
    "onNoData": "warn",
}
CANARY: dict[str, Any] = {
    "strategy": "Canary",
    "canaryConfig": {"stages": [50, 100], "evaluationPeriod": "PT5M"},
    "health": {"healthCheckInterval": "PT1S", "metrics": [DECLINED]},
}


def alarm_of(product: Product, name: str) -> Any:
    """Tell the function of an alarm as EventBridge would; the emulator lets nobody put events of AWS's own."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", time.gmtime(time.time() + 1))
    state = {"value": "ALARM", "reason": "Threshold crossed", "timestamp": now}
    described = product.stack.client("cloudformation").describe_stack_resource(
        StackName="hotswap", LogicalResourceId="AlarmRaised"
    )
    function = described["StackResourceDetail"]["PhysicalResourceId"]
    event = {"source": "aws.cloudwatch", "detail": {"alarmName": name, "state": state}}
    answer = product.stack.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    told = json.load(answer["Payload"])
    assert "FunctionError" not in answer, told
    return told


def test_cloudwatch_is_asked_at_each_look_and_an_alarm_takes_the_candidate_back(product: Product) -> None:
    product.register(PLUGIN)
    for version in ("1.0.0", "2.0.0"):
        product.publish(PLUGIN, version, SOURCE)
    assert product.deploy(PLUGIN, "1.0.0")["status"] == "Completed"
    product.install(PLUGIN, "acme")
    deployment_id = product.begin(PLUGIN, "2.0.0", **CANARY).body["deploymentId"]
    product.waiting(deployment_id, 50)
    datum = {"MetricName": "Declined", "Dimensions": [{"Name": "Version", "Value": "2.0.0"}], "Value": 3.0}

    def seen() -> dict[str, Any] | None:
        product.stack.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[datum])
        given = product.ask("GET", f"/deployments/{deployment_id}/verdicts").body["items"]
        told = (signal for one in given for signal in one["verdict"]["signals"] if signal["rule"] == "cloudwatch limit")
        return next((signal for signal in told if signal["value"] is not None), None)

    metric: dict[str, Any] = eventually(seen, within_seconds=30)
    told = alarm_of(product, f"hotswap/{PLUGIN}/Development/declined")
    ended = product.ended(deployment_id)

    assert (metric["query"], metric["threshold"]) == ("declined payments: Average of Shop Declined", 5.0)
    assert metric["outcome"] != "error"
    assert told == {"deployment_id": deployment_id, "status": "RolledBack"}
    assert ended["statusReason"] == f"the alarm hotswap/{PLUGIN}/Development/declined was raised: Threshold crossed"
    newest = product.ask("GET", f"/deployments/{deployment_id}/verdicts").body["items"][0]
    assert (newest["verdict"]["rule"], newest["consequence"]) == ("alarm", "rollback")
