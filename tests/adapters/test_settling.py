"""Waiting for Lambda: until it is done, has failed, or has taken too long."""

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from chalicelib.adapters import aws_clients
from chalicelib.adapters.lambda_settling import Settling
from chalicelib.domain.errors import PluginFailedError, TransientError


@pytest.fixture
def stubber() -> Iterator[Stubber]:
    with Stubber(aws_clients.lambda_control()) as stubber:
        yield stubber


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def settling(stubber: Stubber, pauses: list[float]) -> Settling:
    return Settling(lambda: stubber.client, limit_seconds=3, sleep=pauses.append)  # type: ignore[arg-type,return-value]


def answer(stubber: Stubber, **configuration: str) -> None:
    stubber.add_response("get_function_configuration", configuration)


def test_r19_latest_has_settled_when_its_update_has_succeeded(
    settling: Settling, stubber: Stubber, pauses: list[float]
) -> None:
    answer(stubber, State="Pending", LastUpdateStatus="InProgress")
    answer(stubber, State="Active", LastUpdateStatus="InProgress")
    answer(stubber, State="Active", LastUpdateStatus="Successful", RevisionId="r")

    settled = settling.wait_for_latest("f")

    assert settled["RevisionId"] == "r"
    assert pauses == [0.05, 0.1]


def test_a_version_that_sleeps_counts_as_active(settling: Settling, stubber: Stubber) -> None:
    answer(stubber, State="Inactive", Version="1")

    assert settling.wait_for_version("f", "1")["Version"] == "1"


def test_a_failed_update_says_why(settling: Settling, stubber: Stubber) -> None:
    answer(stubber, State="Active", LastUpdateStatus="Failed", LastUpdateStatusReason="too big")

    with pytest.raises(PluginFailedError, match="too big"):
        settling.wait_for_latest("f")


def test_waiting_ends(settling: Settling, stubber: Stubber, pauses: list[float]) -> None:
    for _ in range(20):
        answer(stubber, State="Pending")

    with pytest.raises(TransientError):
        settling.wait_for_version("f", "1")

    assert 3 <= sum(pauses) < 6
