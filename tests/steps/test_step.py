"""What ``@step`` makes of a use case: a handler whose errors ASL can name, and a log that tells what happened."""

import json
import logging

import pytest

from chalicelib import bootstrap
from chalicelib.domain.errors import ConflictError, StaleRevisionError, TransientError
from chalicelib.ports import Ports
from chalicelib.steps._given import DeploymentGiven, Failure, Result
from chalicelib.steps._step import UnexpectedStepError, step
from tests.fakes import fake_ports
from tests.steps.worlds import TRACE

GIVEN = {"deployment_id": "dep_1", "trace_id": TRACE, "other": {"state": "of a machine"}}


class Told(Result):
    what: str


class TableThrottledError(TransientError):
    pass


class NamedByAslError(ConflictError):
    pass


def outcome_of(*errors: Exception) -> tuple[dict[str, object] | Exception, int]:
    """Run a step that raises *errors* one after the other before it succeeds; say what came of it and its runs."""
    runs = []

    @step(DeploymentGiven)
    def wave_hello(given: DeploymentGiven, ports: Ports) -> Told:
        runs.append(given.deployment_id)
        if len(runs) <= len(errors):
            raise errors[len(runs) - 1]
        return Told(what=given.deployment_id)

    with bootstrap.use(fake_ports()):
        try:
            return wave_hello(GIVEN, None), len(runs)
        except Exception as error:  # noqa: BLE001 - the error is the outcome
            return error, len(runs)


def test_a_result_is_plain_json_data() -> None:
    assert outcome_of() == ({"what": "dep_1"}, 1)


@pytest.mark.parametrize(
    "error, name",
    [
        (TransientError("passing"), "TransientError"),
        (TableThrottledError("passing"), "TransientError"),
        (NamedByAslError("a rule"), "NamedByAslError"),
        (KeyError("a bug"), "UnexpectedStepError"),
    ],
)
def test_the_name_of_an_error_is_one_that_the_machines_know(error: Exception, name: str) -> None:
    raised, runs = outcome_of(error)

    assert (type(raised).__name__, runs) == (name, 1)


def test_a_step_reads_again_when_somebody_wrote_in_between() -> None:
    assert outcome_of(StaleRevisionError("1"), StaleRevisionError("2")) == ({"what": "dep_1"}, 3)


def test_a_step_that_is_always_overtaken_is_left_to_the_machines_retry() -> None:
    raised, runs = outcome_of(*(StaleRevisionError(str(number)) for number in range(5)))

    assert (type(raised), runs) == (TransientError, 3)


def test_input_that_is_not_what_the_state_hands_over_is_a_bug() -> None:
    @step(DeploymentGiven)
    def wave_hello(given: DeploymentGiven, ports: Ports) -> Told:
        return Told(what=given.deployment_id)

    with bootstrap.use(fake_ports()), pytest.raises(UnexpectedStepError, match="WaveHello"):
        wave_hello({"trace_id": TRACE}, None)


def test_begin_and_end_are_logged_with_state_trace_subject_and_duration(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        outcome_of()

    begins, ended = caplog.records
    assert (begins.message, ended.message) == ("WaveHello begins", "WaveHello ended")
    assert vars(ended)["trace_id"] == TRACE
    assert vars(ended)["deployment_id"] == "dep_1"
    assert vars(ended)["duration_ms"] >= 0


@pytest.mark.parametrize(
    "error, level", [(ConflictError("a rule said no"), "WARNING"), (KeyError("a bug"), "ERROR")], ids=["rule", "bug"]
)
def test_a_failure_is_logged_too(caplog: pytest.LogCaptureFixture, error: Exception, level: str) -> None:
    with caplog.at_level(logging.INFO):
        outcome_of(error)

    failed = caplog.records[-1]
    assert failed.levelname == level
    assert vars(failed)["duration_ms"] >= 0
    assert bool(failed.exc_info) is (level == "ERROR")


@pytest.mark.parametrize(
    "name, cause, reason",
    [
        ("HealthCheckFailedError", json.dumps({"errorMessage": "it failed"}), "it failed"),
        ("HealthCheckFailedError", "not JSON", "HealthCheckFailedError"),
        ("HealthCheckFailedError", "[]", "HealthCheckFailedError"),
        ("States.Timeout", "Task timed out after 35 seconds", "it took longer than it may"),
        ("Runtime.ExitError", json.dumps({"errorMessage": "RequestId: … exited"}), "the platform stopped it"),
        ("", "", "the platform stopped it"),
    ],
)
def test_the_reason_of_a_failure_is_for_people_and_shows_no_internals(name: str, cause: str, reason: str) -> None:
    assert Failure.model_validate({"Error": name, "Cause": cause}).reason == reason


def test_what_failed_in_an_execution_that_watched_is_told_in_its_own_words() -> None:
    said = json.dumps({"errorType": "FencedOffError", "errorMessage": "A newer deployment owns the route."})
    cause = json.dumps({"Error": "FencedOffError", "Cause": said, "Status": "FAILED", "Name": "dep-1-3-5"})

    failure = Failure.model_validate({"Error": "States.TaskFailed", "Cause": cause})

    assert failure.reason == "A newer deployment owns the route."
    assert Failure.model_validate({"Error": "States.TaskFailed", "Cause": "{}"}).reason == "the platform stopped it"
