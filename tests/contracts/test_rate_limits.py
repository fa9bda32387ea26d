"""Contracts of the ledger of rate limits: on the fake, on moto, and with threads in the emulator."""

from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.dynamodb.rate_limits import DynamoRateLedger
from chalicelib.domain.rate_limits import WINDOW_US, Attempts, Bucket, Taken
from chalicelib.ports.rate_limits import RateLedger
from chalicelib.settings import Settings
from tests.fakes.rate_limits import FakeRateLedger

NOW = 1_800_000_000_000_000
TEN = Bucket(10)
APART = TEN.apart_us


def ledger_of(settings: Settings) -> DynamoRateLedger:
    return DynamoRateLedger(Lazy(aws_clients.serving_dynamodb), settings.table("idempotency"))


@pytest.fixture(params=["memory", "moto"])
def ledger(request: pytest.FixtureRequest) -> RateLedger:
    return FakeRateLedger() if request.param == "memory" else ledger_of(request.getfixturevalue("aws"))


def take(ledger: RateLedger, wanted: int = 1, *, name: str = "show_me#ana", seen: int = 0, now: int = NOW) -> Taken:
    return ledger.take(name, TEN, wanted=wanted, seen_us=seen, now_us=now)


def test_tokens_are_given_until_none_is_left_and_what_is_left_when_more_is_wanted(ledger: RateLedger) -> None:
    assert take(ledger, 6) == Taken(6, NOW + 6 * APART)
    assert take(ledger, 6) == Taken(4, NOW + 10 * APART)
    assert take(ledger, 1) == Taken(0, NOW + 10 * APART)


def test_a_right_guess_gives_the_same_as_none(ledger: RateLedger) -> None:
    seen = take(ledger).full_at_us

    assert take(ledger, seen=seen) == Taken(1, NOW + 2 * APART)
    assert take(ledger) == Taken(1, NOW + 3 * APART)


def test_a_guess_that_others_have_overtaken_gives_no_more_than_there_is(ledger: RateLedger) -> None:
    seen = take(ledger).full_at_us
    take(ledger, 8)

    assert take(ledger, 5, seen=seen) == Taken(1, NOW + 10 * APART)


def test_a_token_comes_back_after_its_time_and_all_after_a_minute(ledger: RateLedger) -> None:
    take(ledger, 10)

    assert take(ledger, now=NOW + APART - 1).granted == 0
    assert take(ledger, 5, now=NOW + APART) == Taken(1, NOW + 11 * APART)
    assert take(ledger, 20, now=NOW + 2 * WINDOW_US).granted == 10


def test_users_and_routes_have_buckets_of_their_own(ledger: RateLedger) -> None:
    take(ledger, 10)

    assert take(ledger, name="show_me#bob").granted == 1
    assert take(ledger, name="show_plugin#ana").granted == 1


def test_a_clock_that_goes_back_finds_the_bucket_as_it_was_and_one_far_ahead_blocks_nobody(ledger: RateLedger) -> None:
    take(ledger, 10)

    assert take(ledger, now=NOW - WINDOW_US // 2).granted == 0
    assert take(ledger, 10, now=NOW - 2 * WINDOW_US) == Taken(10, NOW - 2 * WINDOW_US + 10 * APART)


def test_attempts_are_replaced_only_as_they_were_read(ledger: RateLedger) -> None:
    first, second = Attempts(1, NOW), Attempts(2, NOW + 1)

    assert ledger.attempts("login#a") is None
    assert ledger.replace_attempts("login#a", None, first)
    assert not ledger.replace_attempts("login#a", None, second)
    assert ledger.replace_attempts("login#a", first, second)
    assert not ledger.replace_attempts("login#a", first, second)
    assert ledger.attempts("login#a") == second
    assert ledger.attempts("login#b") is None


def test_attempts_that_are_forgiven_give_no_tokens_back(ledger: RateLedger) -> None:
    ledger.replace_attempts("login#a", None, Attempts(7, NOW))

    ledger.forgive_attempts("login#a")
    ledger.forgive_attempts("login#nobody")

    assert ledger.attempts("login#a") == Attempts(0, NOW)
    assert ledger.attempts("login#nobody") is None


def test_a_bucket_goes_by_itself(aws: Settings) -> None:
    take(ledger_of(aws))

    (item,) = boto3.client("dynamodb").scan(TableName=aws.table("idempotency"))["Items"]

    assert item["id"]["S"] == "rate#show_me#ana"
    assert int(item["expiration"]["N"]) == NOW // 1_000_000 + 3600


@pytest.mark.enable_socket
def test_of_many_at_once_no_more_are_let_in_than_the_limit(emulated: Settings) -> None:
    ledgers = [ledger_of(emulated) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda turn: take(ledgers[turn % 4]), range(24)))

    assert sum(each.granted for each in taken) == 10
