"""Metrics of CloudWatch in the verdict on a candidate: beside stable, by actions of their own, never in the way."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.errors import TransientError
from chalicelib.domain.verdicts import Outcome, Verdict
from chalicelib.domain.versions import SemVer
from chalicelib.ports.metrics import MetricRefusedError
from chalicelib.services.evaluations import evaluate
from chalicelib.steps.evaluate_step import evaluate_step
from tests.fakes import FakeWorld
from tests.services.live_deployments import PLACE, PLUGIN, a_world, at_step, complete, serving
from tests.steps.worlds import a_manifest, run

DECLINED = {
    "name": "declined payments",
    "queries": [
        {"id": "declined", "namespace": "Shop", "metric": "Declined", "dimensions": {"Version": "{version}"}},
        {"id": "paid", "namespace": "Shop", "metric": "Paid", "dimensions": {"Version": "{version}"}},
        {"id": "share", "expression": "declined / paid"},
    ],
    "returns": "share",
    "period": "PT1M",
    "datapoints": 3,
    "maxRatio": 2,
}


@pytest.fixture
def world() -> FakeWorld:
    made = a_world()
    complete(made, "1.0.0")
    for number in ("1.0.0", "2.0.0"):
        version = made.tables.versions[PLUGIN, number]
        made.tables.versions[PLUGIN, number] = replace(version, manifest=a_manifest(number))
        made.functions.respond(PLUGIN, SemVer.parse(number).alias, lambda _: {"ok": True})
    return made


def asking(world: FakeWorld, **changes: Any) -> Deployment:
    """Let a canary be watched for ten minutes that asks for the metric."""
    deployment = at_step(world, "2.0.0", 3)
    health = {"metrics": [{**DECLINED, **changes}], "minRequests": 0}
    world.tables.deployments[deployment.id] = replace(deployment, health=health)
    return world.tables.deployments[deployment.id]


def minutes_pass(world: FakeWorld, candidate: list[float], stable: list[float]) -> None:
    """Let so many minutes pass, in which so much of 100 payments was declined."""
    world.clock.advance(seconds=60 - world.clock.now().timestamp() % 60)
    for mine, theirs in zip(candidate, stable, strict=True):
        at = world.clock.now() + timedelta(seconds=1)
        for version, declined in (("2.0.0", mine), ("1.0.0", theirs)):
            world.metrics.put("Shop", "Declined", {"Version": version}, at, declined)
            world.metrics.put("Shop", "Paid", {"Version": version}, at, 100)
        world.clock.advance(seconds=60)


def metrics_in(verdict: Verdict) -> list[Verdict]:
    """List the verdicts on metrics, however deep they were combined."""
    (of_version,) = verdict.signals
    return [one for one in of_version.signals if one.query.startswith("declined payments")]


def metric_in(verdict: Verdict) -> Verdict:
    (metric,) = metrics_in(verdict)
    return metric


def look(world: FakeWorld, deployment: Deployment) -> None:
    run(evaluate_step, world.ports, deployment_id=deployment.id, step={"kind": "wait", "index": 3})


def test_a_metric_that_is_worse_than_that_of_stable_takes_the_traffic_back(world: FakeWorld) -> None:
    deployment = asking(world)
    minutes_pass(world, [9, 9, 9], [3, 3, 3])

    look(world, deployment)

    ended = world.tables.deployments[deployment.id]
    assert (ended.status, serving(world)) == ("RolledBack", ("1.0.0", None, 0))
    assert ended.status_reason == ("observe failed: declined payments: 3 periods in a row break the limit, 3 are proof")


def test_what_happens_to_both_rolls_nothing_back(world: FakeWorld) -> None:
    deployment = asking(world)
    minutes_pass(world, [30, 40, 50], [30, 40, 50])

    verdict, _, _ = evaluate(deployment, world.ports)

    told = metric_in(verdict)
    assert (told.outcome, told.value, told.low, told.high, told.threshold, told.n) == ("pass", 1.0, 1.0, 1.0, 2.0, 3)
    assert (told.rule, told.unit) == ("cloudwatch against concurrent stable", "times")


def test_what_was_before_the_step_and_what_is_not_over_count_for_nothing(world: FakeWorld) -> None:
    minutes_pass(world, [99, 99, 99], [1, 1, 1])
    deployment = asking(world)
    world.clock.advance(seconds=30)

    verdict, _, _ = evaluate(deployment, world.ports)

    assert (metric_in(verdict).outcome, metric_in(verdict).n) == ("inconclusive", 0)


@pytest.mark.parametrize("error", [TransientError("CloudWatch is throttled."), MetricRefusedError("Forbidden.")])
@pytest.mark.parametrize("asks", ["", "rollback", "hold", "warn"])
def test_cloudwatch_that_does_not_answer_is_an_error_and_never_a_pass(world: FakeWorld, error: Any, asks: str) -> None:
    deployment = asking(world, **({"onError": asks} if asks else {}))
    world.metrics.fail_next(error)

    verdict, _, _ = evaluate(deployment, world.ports)

    assert (metric_in(verdict).outcome, metric_in(verdict).action) == (Outcome.ERROR, asks)
    assert verdict.outcome == (Outcome.ERROR if asks != "warn" else verdict.outcome)
    assert "could not be measured" in metric_in(verdict).reason


def test_an_outage_is_waited_for_once_a_look_however_many_metrics_there_are(world: FakeWorld) -> None:
    deployment = asking(world)
    many = [{**DECLINED, "name": f"declined payments {number}"} for number in range(5)]
    world.tables.deployments[deployment.id].health["metrics"][:] = many
    world.metrics.fail_next(TransientError("CloudWatch is away."), times=10)

    verdict, _, _ = evaluate(deployment, world.ports)

    assert len(world.metrics.asked) == 1
    assert [one.outcome for one in metrics_in(verdict)] == [Outcome.ERROR] * 5


def test_a_breach_is_rolled_back_although_cloudwatch_is_away(world: FakeWorld) -> None:
    """Promise 3: a roll-back needs neither Step Functions nor CloudWatch."""
    deployment = asking(world)
    world.functions.respond(PLUGIN, "v2-0-0", lambda _: {"ok": False})
    world.metrics.fail_next(TransientError("CloudWatch is away."), times=10)

    for _ in range(3):
        world.clock.advance(seconds=10)
        look(world, deployment)

    assert serving(world) == ("1.0.0", None, 0)
    assert len(world.metrics.asked) == 2
    assert world.functions.weights(PLUGIN, PLACE) == {"1": 10_000}
