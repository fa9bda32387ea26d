"""Configs of strategies: exact shares, durations, defaults of the contract, and all that is wrong told at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.config_reading import Reading, bps_of, percent_of
from chalicelib.domain.durations import LONGEST_SECONDS, NotADurationError, iso_duration, seconds_of, spoken_duration
from chalicelib.domain.errors import ValidationError
from chalicelib.domain.experiment_configs import ExperimentConfig
from chalicelib.domain.experiments import Goal
from chalicelib.domain.health_criteria import HealthCriteria
from chalicelib.domain.health_reading import read_health
from chalicelib.domain.routes import FULL_BPS
from chalicelib.domain.strategy_configs import BatchBy, BlueGreenConfig, CanaryConfig, RollingConfig
from chalicelib.domain.verdicts import Action

TWO = [{"name": "A", "version": "1.0.0", "percentage": 50}, {"name": "B", "version": "2.0.0", "percentage": 50}]


def wrong_in(kind: type[Any], document: dict[str, Any]) -> set[str]:
    reading = Reading(document, "/config")
    kind.read(reading)
    reading.refuse_unknown()
    assert all(error.fix and error.message for error in reading.errors)
    return {error.field for error in reading.errors}


@pytest.mark.parametrize(
    "text, seconds",
    [("PT10M", 600), ("PT0S", 0), ("P1D", 86_400), ("PT24H", 86_400), ("P1DT2H3M4S", 93_784), ("P1W", 604_800)],
)
def test_a_duration_is_read_as_seconds(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "10M", "PT1.5S", "P1Y", "P1M", "PT-1S", "pt1m", "P31D", "PT1M ", "PT٣S", "PT1S1M"]
)
def test_what_has_no_fixed_length_or_is_malformed_is_no_duration(text: str) -> None:
    with pytest.raises(NotADurationError):
        seconds_of(text)


@given(st.integers(0, LONGEST_SECONDS))
def test_a_duration_is_written_as_it_is_read(seconds: int) -> None:
    assert seconds_of(iso_duration(seconds)) == seconds


def test_durations_are_said_to_people() -> None:
    assert [spoken_duration(each) for each in (0, 90, 172_800, 604_800)] == ["0 s", "1 min 30 s", "48 h", "7 d"]


@given(st.integers(0, FULL_BPS))
def test_a_percentage_is_exact_in_basis_points_and_back(bps: int) -> None:
    assert bps_of(percent_of(bps)) == bps


@pytest.mark.parametrize("value", [True, "10", None, 0.001, 33.333, 1e-30])
def test_what_is_no_whole_number_of_basis_points_is_refused(value: object) -> None:
    assert bps_of(value) is None


@pytest.mark.parametrize(
    "kind, document",
    [
        (CanaryConfig, {"stages": [10, 100], "bake": "PT1H"}),
        (BlueGreenConfig, {"switchoverType": "Gradual"}),
        (RollingConfig, {"batchSize": "12.5%", "by": "ring"}),
        (ExperimentConfig, {"variants": TWO, "primaryMetric": "checkoutRate", "significance": 0.01}),
        (CanaryConfig, {}),
        (BlueGreenConfig, {}),
        (RollingConfig, {}),
    ],
)
def test_a_completed_config_means_the_same_when_it_is_read_again(kind: type[Any], document: dict[str, Any]) -> None:
    config = kind.read(Reading(document))

    assert kind.read(Reading(config.to_document())) == config


def test_the_defaults_are_those_of_the_contract() -> None:
    assert CanaryConfig().to_document() == {
        "initialPercentage": 10,
        "incrementPercentage": 20,
        "evaluationPeriod": "PT10M",
        "autoRollback": True,
        "splitBy": "tenant",
        "bake": "PT0S",
    }
    assert BlueGreenConfig().to_document() == {
        "warmupPeriod": "PT2M",
        "switchoverType": "Instant",
        "monitoringPeriod": "PT5M",
        "keepPreviousEnvironment": True,
    }
    assert RollingConfig().to_document() == {
        "batchSize": 1,
        "by": "ring",
        "waitBetweenBatches": "PT2M",
        "healthCheckTimeout": "PT30S",
        "maxParallelBatches": 1,
    }


def test_a_batch_size_alone_means_tenants_since_a_few_rings_are_everybody() -> None:
    assert RollingConfig.read(Reading({"batchSize": 5})).by is BatchBy.TENANT
    assert RollingConfig.read(Reading({"batchSize": 2, "by": "ring"})).by is BatchBy.RING


def test_more_of_a_metric_that_is_posted_is_better_unless_told_otherwise() -> None:
    assert ExperimentConfig.read(Reading({"variants": TWO, "primaryMetric": "sales"})).goal is Goal.INCREASE
    assert ExperimentConfig.read(Reading({"variants": TWO})).goal is Goal.DECREASE


@pytest.mark.parametrize(
    "kind, document, fields",
    [
        (CanaryConfig, {"initialPercentage": 0}, {"initialPercentage"}),
        (CanaryConfig, {"initialPercentage": 100.01, "bake": 5, "size": 1}, {"initialPercentage", "bake", "size"}),
        (CanaryConfig, {"incrementPercentage": 0.5}, {"incrementPercentage"}),
        (CanaryConfig, {"stages": [50, 10]}, {"stages/1"}),
        (CanaryConfig, {"stages": [10, "x"]}, {"stages/1"}),
        (CanaryConfig, {"stages": 10}, {"stages"}),
        (CanaryConfig, {"autoRollback": "yes", "splitBy": "weather"}, {"autoRollback", "splitBy"}),
        (BlueGreenConfig, {"switchoverType": "instant", "warmupPeriod": "P1M"}, {"switchoverType", "warmupPeriod"}),
        (RollingConfig, {"batchSize": 0}, {"batchSize"}),
        (RollingConfig, {"batchSize": "150%"}, {"batchSize"}),
        (RollingConfig, {"batchSize": "nan%"}, {"batchSize"}),
        (RollingConfig, {"maxParallelBatches": 0}, {"maxParallelBatches"}),
        (ExperimentConfig, {}, {"variants"}),
        (ExperimentConfig, {"variants": TWO[:1]}, {"variants"}),
        (ExperimentConfig, {"variants": [TWO[0], TWO[0]]}, {"variants"}),
        (ExperimentConfig, {"variants": [TWO[0], {**TWO[1], "version": "1.0.0"}]}, {"variants"}),
        (ExperimentConfig, {"variants": [TWO[0], {**TWO[1], "percentage": 60}]}, {"variants"}),
        (ExperimentConfig, {"variants": [TWO[0], {**TWO[1], "version": "two"}]}, {"variants/1/version"}),
        (ExperimentConfig, {"variants": [TWO[0], "B"]}, {"variants/1"}),
        (ExperimentConfig, {"variants": TWO, "variantA": "1.0.0"}, {"variants"}),
        (ExperimentConfig, {"variantA": "1.0.0", "variantB": "2.0.0", "trafficSplit": {"A": 50}}, {"trafficSplit"}),
        (ExperimentConfig, {"variantA": "1.0.0"}, {"variantB/version"}),
        (
            ExperimentConfig,
            {"variants": TWO, "primaryMetric": "a b", "significance": 2},
            {"primaryMetric", "significance"},
        ),
        (ExperimentConfig, {"variants": TWO, "goal": "up", "testDuration": "PT0S"}, {"goal", "testDuration"}),
    ],
)
def test_all_that_is_wrong_is_told_at_once_where_it_stands(
    kind: type[Any], document: dict[str, Any], fields: set[str]
) -> None:
    assert wrong_in(kind, document) == {f"/config/{field}" for field in fields}


def test_health_is_completed_with_the_defaults_of_the_contract() -> None:
    criteria = HealthCriteria()

    health = read_health(None)

    assert health == {
        "maxErrorRate": 0.05,
        "maxLatencyP99Ms": 500,
        "minSuccessRate": 0.95,
        "latencyRatio": 2.0,
        "minRequests": 50,
        "healthCheckInterval": "PT10S",
        "consecutiveFailures": 3,
        "onFail": "rollback",
        "onNoData": "hold",
        "onError": "hold",
        "tenantGuard": True,
        "watch": "PT1H",
    }
    assert (criteria.max_error_rate_bps, criteria.on_no_data) == (500, Action.HOLD)


def test_health_that_can_not_be_is_refused_with_everything_that_is_wrong() -> None:
    given_health = {
        "maxErrorRate": 5,
        "latencyRatio": 0.5,
        "minSuccessRate": 0.95555,
        "onFail": "explode",
        "healthCheckInterval": "PT5M",
        "typo": 1,
    }

    with pytest.raises(ValidationError) as refused:
        read_health(given_health)

    assert {error.field for error in refused.value.errors} == {f"/health/{name}" for name in given_health}
