"""Changes of functions at the rate that Lambda allows an account, whatever many ask for at once."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from chalicelib.adapters import aws_clients
from chalicelib.adapters.lambda_budget import BURST, LONGEST_WAIT_SECONDS, PER_SECOND, LambdaBudget
from chalicelib.domain.errors import TransientError
from tests.contracts.tables import STACK, create_tables
from tests.fakes.clock import FakeClock

#: Lambda Developer Guide, "Lambda quotas": rate of control plane API requests.
LAMBDA_ALLOWS = 15


@pytest.fixture(autouse=True)
def tables() -> Iterator[None]:
    with mock_aws():
        create_tables(STACK)
        yield


class Asker:
    """One function of the stack: it notes how long it slept before it might go on."""

    def __init__(self, clock: FakeClock, *, factor: int = 1) -> None:
        self._clock = clock
        self.slept: list[float] = []
        table = f"{STACK}-idempotency"
        self.budget = LambdaBudget(aws_clients.dynamodb, table, clock, factor=factor, sleep=self.slept.append)

    def goes_at(self) -> float:
        """Take a token; give the moment, in seconds, at which the request may be sent."""
        before = len(self.slept)
        self.budget.take()
        return self._clock.now().timestamp() + sum(self.slept[before:])


def test_r18_in_no_second_are_there_more_requests_than_lambda_allows() -> None:
    clock = FakeClock()
    askers = [Asker(clock) for _ in range(4)]

    sent = []
    for _ in range(5):
        sent += [askers[turn % 4].goes_at() for turn in range(30)]
        clock.advance(seconds=2.5)
    sent.sort()

    most = max(sum(begin <= at < begin + 1 for at in sent) for begin in sent)
    assert PER_SECOND <= most <= LAMBDA_ALLOWS
    assert sent[-1] - sent[0] < 5 * 2.5 + 1


def test_a_few_at_once_do_not_wait() -> None:
    asker = Asker(FakeClock())

    for _ in range(BURST):
        asker.budget.take()

    assert asker.slept == []


def test_first_come_is_first_served_each_at_a_moment_of_its_own() -> None:
    clock = FakeClock()

    moments = [Asker(clock).goes_at() for _ in range(40)]

    assert moments == sorted(moments)
    assert moments[-1] - moments[0] == pytest.approx((40 - BURST) / PER_SECOND, abs=0.01)


def test_whoever_would_wait_too_long_is_told_and_takes_nothing() -> None:
    clock = FakeClock()
    asker = Asker(clock)

    for _ in range(BURST + int(LONGEST_WAIT_SECONDS * PER_SECOND)):
        asker.budget.take()
    for _ in range(3):
        with pytest.raises(TransientError, match="wait for Lambda already"):
            asker.budget.take()
    clock.advance(seconds=1)

    assert max(asker.slept) <= LONGEST_WAIT_SECONDS
    # A second frees as many as if nobody had been refused.
    for _ in range(PER_SECOND):
        asker.budget.take()


def test_token_that_a_clock_ahead_has_taken_blocks_nobody() -> None:
    ahead = FakeClock()
    ahead.advance(seconds=3600)
    Asker(ahead).budget.take()

    asker = Asker(FakeClock())
    asker.budget.take()

    assert asker.slept == []


def test_local_stack_waits_for_nothing() -> None:
    asker = Asker(FakeClock(), factor=100)

    for _ in range(100):
        asker.budget.take()

    assert sum(asker.slept) / len(asker.slept) < 0.1


def test_each_request_asks_first_the_repeated_ones_too() -> None:
    asked: list[str] = []
    client = aws_clients.lambda_control(lambda: asked.append("token"))

    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_alias(FunctionName="f", Name="development")

    assert asked == ["token"]


def test_request_is_not_sent_when_there_is_no_token() -> None:
    def refuse() -> None:
        raise TransientError("too many wait")

    client = aws_clients.lambda_control(refuse)

    with pytest.raises(TransientError, match="too many wait"):
        client.delete_function(FunctionName="f")
