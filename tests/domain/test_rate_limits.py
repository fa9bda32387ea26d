"""Rate limits without any table: buckets that fill by themselves, clocks that jump, delays that grow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.rate_limits import (
    DEFAULTS,
    LONGEST_DELAY_US,
    REMEMBERED_US,
    WINDOW_US,
    Attempts,
    Bucket,
    RateLimitExceededError,
    RouteClass,
    Standing,
    buckets_of,
    class_of,
    next_attempt,
)

NOW = 1_800_000_000_000_000
SECOND = 1_000_000
TEN = Bucket(10)
LOGINS = Bucket(5)


@pytest.mark.parametrize(
    "action, method, kind, limit",
    [
        ("show_me", "GET", RouteClass.READS, 60),
        ("register_plugin", "POST", RouteClass.WRITES, 10),
        ("put_config", "PUT", RouteClass.WRITES, 10),
        ("delete_plugin", "DELETE", RouteClass.WRITES, 10),
        ("create_version", "POST", RouteClass.VERSION_CREATES, 5),
        ("create_sandbox", "POST", RouteClass.SANDBOX_CREATES, 5),
        ("execute_sandbox", "POST", RouteClass.SANDBOX_EXECUTES, 20),
    ],
)
def test_each_class_of_routes_has_the_limit_of_the_contract(
    action: str, method: str, kind: RouteClass, limit: int
) -> None:
    assert class_of(action, method) is kind
    assert DEFAULTS[kind] == limit


def test_an_invocation_is_limited_by_quotas_alone() -> None:
    assert class_of("invoke_plugin", "POST") is None


def test_a_full_bucket_has_all_and_lacks_nothing() -> None:
    assert TEN.standing(NOW - 1, NOW) == Standing(10, 10, 0)


def test_a_token_comes_back_every_sixth_second_and_not_at_once_at_the_end_of_a_minute() -> None:
    empty = NOW + TEN.span_us

    free = [TEN.free(empty, NOW + second * SECOND) for second in (0, 5, 6, 59, 60)]

    assert free == [0, 0, 1, 9, 10]
    assert TEN.standing(empty, NOW) == Standing(10, 0, 6)
    assert TEN.standing(empty, NOW + 7 * SECOND) == Standing(10, 1, 5)


def test_a_bucket_of_a_clock_that_ran_a_little_ahead_stays_empty_and_of_one_far_ahead_counts_as_full() -> None:
    assert TEN.free(NOW + 2 * WINDOW_US, NOW) == 0
    assert TEN.free(NOW + 2 * WINDOW_US + 1, NOW) == 10


@given(limit=st.integers(1, WINDOW_US), full_in=st.integers(-WINDOW_US, 3 * WINDOW_US))
def test_whoever_waits_as_told_is_let_in(limit: int, full_in: int) -> None:
    bucket = Bucket(limit)
    standing = bucket.standing(NOW + full_in, NOW)

    later = bucket.free(NOW + full_in, NOW + standing.reset_seconds * SECOND)

    assert 0 <= standing.remaining <= limit
    assert later > standing.remaining or standing == Standing(limit, limit, 0) or full_in > bucket.span_us


@pytest.mark.parametrize("free, chunk", [(60, 6), (12, 6), (5, 2), (2, 1), (1, 1), (0, 1)])
def test_a_container_sets_aside_less_the_less_there_is(free: int, chunk: int) -> None:
    assert Bucket(60).chunk(free) == chunk


def test_limits_of_the_stack_replace_the_defaults_and_both_are_multiplied() -> None:
    buckets = buckets_of({"writes": 20}, factor=100)

    assert (buckets[RouteClass.WRITES].limit, buckets[RouteClass.READS].limit) == (2000, 6000)


@pytest.mark.parametrize("own", [{"writs": 20}, {"writes": 0}, {"reads": -1}, {"reads": WINDOW_US + 1}])
def test_what_is_no_limit_is_refused_when_the_stack_starts(own: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="no rate limits"):
        buckets_of(own)


def attempts_at_once(count: int) -> Attempts | None:
    known = None
    for _ in range(count):
        known = next_attempt(known, LOGINS, NOW)
    return known


def test_five_attempts_at_once_and_then_the_delay_doubles_up_to_a_quarter_of_an_hour() -> None:
    known, now, delays = attempts_at_once(5), NOW, []
    for _ in range(9):
        with pytest.raises(RateLimitExceededError) as refused:
            next_attempt(known, LOGINS, now)
        wait = refused.value.standing.reset_seconds
        delays.append(wait)
        now += wait * SECOND
        known = next_attempt(known, LOGINS, now)

    assert delays == [12, 24, 48, 96, 192, 384, 768, 900, 900]


def test_a_refused_attempt_makes_nothing_worse() -> None:
    known = attempts_at_once(5)

    for _ in range(100):
        with pytest.raises(RateLimitExceededError):
            next_attempt(known, LOGINS, NOW)

    assert next_attempt(known, LOGINS, NOW + 12 * SECOND).failed == 6


def test_attempts_that_failed_are_forgotten_after_an_hour() -> None:
    known = Attempts(12, NOW)

    assert next_attempt(known, LOGINS, NOW + REMEMBERED_US).failed == 13
    assert next_attempt(known, LOGINS, NOW + REMEMBERED_US + 1).failed == 1


def test_a_delay_that_a_clock_far_ahead_has_written_blocks_nobody_but_failures_stay_counted() -> None:
    ahead = Attempts(7, NOW + 10 * LONGEST_DELAY_US)

    assert next_attempt(ahead, LOGINS, NOW).failed == 8
