"""Contract of the metrics that CloudWatch keeps: whole periods, by id, and what can't be asked is told apart."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.adapters.cloudwatch import CloudWatchMetrics
from chalicelib.domain.errors import TransientError
from chalicelib.domain.metric_signals import MetricQuery, Point
from chalicelib.ports import MetricReads, Ports
from chalicelib.ports.metrics import MetricRefusedError
from tests.contracts.conftest import Outside
from tests.fakes.metrics import FakeMetrics

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = int(NOON.timestamp())
ERRORS = MetricQuery("errors", namespace="Shop", metric="Errors", dimensions={"Version": "2.0.0"}, stat="Sum")


def put(outside: Outside, second: int, value: float, version: str = "2.0.0") -> None:
    at = NOON + timedelta(seconds=second)
    if isinstance(memory := outside.ports.metrics, FakeMetrics):
        memory.put("Shop", "Errors", {"Version": version}, at, value)
        return
    dimensions = [{"Name": "Version", "Value": version}]
    datum = {"MetricName": "Errors", "Dimensions": dimensions, "Timestamp": at, "Value": value}
    boto3.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[datum])


def read(ports: Ports, *queries: MetricQuery, since: int = 0, until: int = 600) -> tuple[Point, ...]:
    return ports.metrics.read(
        queries,
        returns=queries[-1].id,
        period_seconds=60,
        since=NOON + timedelta(seconds=since),
        until=NOON + timedelta(seconds=until),
    )


def test_the_values_of_each_whole_period_are_told_oldest_first(outside: Outside) -> None:
    for second, value in ((5, 1.0), (65, 2.0), (70, 3.0), (185, 4.0), (601, 9.0)):
        put(outside, second, value)
    put(outside, 65, 99.0, version="1.0.0")

    assert read(outside.ports, ERRORS) == (Point(START, 1.0), Point(START + 60, 5.0), Point(START + 180, 4.0))


def test_a_period_that_has_begun_before_or_has_not_ended_does_not_count(outside: Outside) -> None:
    for second in (5, 65, 125):
        put(outside, second, 1.0)

    assert read(outside.ports, ERRORS, since=1, until=179) == (Point(START + 60, 1.0),)
    assert read(outside.ports, ERRORS, since=1, until=59) == ()


def test_nothing_is_told_of_what_nobody_has_put(ports: Ports) -> None:
    assert read(ports, ERRORS) == ()


def test_an_expression_is_asked_by_the_ids_of_others(outside: Outside) -> None:
    put(outside, 5, 7.0)

    assert read(outside.ports, ERRORS, MetricQuery("same", expression="errors")) == (Point(START, 7.0),)


def stubbed(*answers: Mapping[str, object] | str) -> MetricReads:
    """Make the real adapter over a client that answers so; a text is the code of an error."""
    client = boto3.client("cloudwatch", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    stub = Stubber(client)
    for answer in answers:
        if isinstance(answer, str):
            stub.add_client_error("get_metric_data", answer, http_status_code=400)
        else:
            stub.add_response("get_metric_data", dict(answer))
    stub.activate()
    return CloudWatchMetrics(lambda: client)


def ask(metrics: MetricReads) -> tuple[Point, ...]:
    return metrics.read([ERRORS], returns="errors", period_seconds=60, since=NOON, until=NOON + timedelta(minutes=5))


def result(status: str, *values: float, first: int = 0) -> dict[str, object]:
    times = [NOON + timedelta(minutes=first + number) for number in range(len(values))]
    return {"Id": "errors", "Label": "errors", "StatusCode": status, "Timestamps": times, "Values": [*values]}


@pytest.mark.parametrize(
    "answer, error",
    [
        ("Throttling", TransientError),
        ("ThrottlingException", TransientError),
        ("AccessDenied", MetricRefusedError),
        ("ValidationError", MetricRefusedError),
        ({"MetricDataResults": [result("InternalError")]}, TransientError),
        ({"MetricDataResults": [result("Forbidden")]}, MetricRefusedError),
    ],
)
def test_what_can_not_be_asked_is_told_apart_from_no_data(
    answer: Mapping[str, object] | str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask(stubbed(answer))


def test_a_result_on_several_pages_is_put_together() -> None:
    first = {"MetricDataResults": [result("PartialData", 1.0, 2.0)], "NextToken": "more"}
    last = {"MetricDataResults": [result("Complete", 3.0, first=2)]}

    assert [point.value for point in ask(stubbed(first, last))] == [1.0, 2.0, 3.0]


def test_the_memory_fails_as_it_is_told_to() -> None:
    memory = FakeMetrics()
    memory.fail_next(TransientError("CloudWatch is away."))

    with pytest.raises(TransientError):
        ask(memory)
    assert ask(memory) == ()
