"""Quotas of many containers: never more than the limit, never much less, and nothing is held for ever."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager, ExitStack, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.quotas import CHUNKS_PER_LIMIT, Quota, QuotaExceededError, window_of
from chalicelib.domain.tenants import Tier
from chalicelib.services.quotas import Admitted, LeasedQuotas
from tests.fakes import FakeClock
from tests.fakes.aside import FakeAside
from tests.fakes.quotas import FakeQuotaLedger


class Fleet:
    """Some containers, with one ledger and one clock, that serve one tenant's plugin."""

    def __init__(self, containers: int = 1, **quotas: int) -> None:
        self.clock = FakeClock()
        self.ledger = FakeQuotaLedger()
        self.containers = [LeasedQuotas(self.ledger, self.clock) for _ in range(containers)]
        self.tenant_id = "acme"
        self.quotas = quotas

    def admit(self, container: int = 0) -> AbstractContextManager[Admitted]:
        """Ask to be let in."""
        return self.containers[container].admit(self.tenant_id, "echo", Tier.ENTERPRISE, self.quotas)

    def call(self, container: int = 0, *, seconds: float = 0) -> bool:
        """Make one call; tell whether it was let in."""
        try:
            with self.admit(container):
                self.clock.advance(seconds=seconds)
        except QuotaExceededError:
            return False
        return True

    def begin(self, stack: ExitStack, container: int = 0) -> None:
        """Begin a call that lasts as long as *stack*."""
        stack.enter_context(self.admit(container))

    def refusal(self, container: int = 0) -> QuotaExceededError:
        with pytest.raises(QuotaExceededError) as refused, ExitStack() as calls:
            self.begin(calls, container)
        return refused.value


@given(
    limit=st.integers(0, 300),
    containers=st.integers(1, 8),
    steps=st.lists(st.tuples(st.integers(0, 7), st.integers(-90, 90)), max_size=60),
    bursts=st.integers(1, 30),
)
@settings(max_examples=60, deadline=None)
def test_no_window_lets_in_more_than_its_limit_wherever_the_clock_jumps(
    limit: int, containers: int, steps: list[tuple[int, int]], bursts: int
) -> None:
    fleet = Fleet(containers, requestsPerMinute=limit)
    let_in: Counter[int] = Counter()

    for container, jump in steps:
        # Jumps of some seconds stay in the window, others go back to one that has passed.
        if jump % 3 == 0:
            fleet.clock.advance(seconds=jump)
        for _ in range(bursts):
            let_in[window_of(fleet.clock.now())] += fleet.call(container % containers)

    assert all(count <= limit for count in let_in.values())


@given(limit=st.integers(0, 400), order=st.lists(st.integers(0, 9), min_size=1, max_size=800))
@settings(max_examples=60, deadline=None)
def test_a_window_that_refuses_has_come_to_within_one_chunk_of_its_limit(limit: int, order: list[int]) -> None:
    fleet = Fleet(10, requestsPerMinute=limit)

    answers = [fleet.call(container) for container in order]

    if False in answers:
        assert sum(answers[: answers.index(False)]) >= limit - limit // CHUNKS_PER_LIMIT
    assert sum(answers) <= limit


def test_containers_that_all_go_on_let_in_exactly_the_limit() -> None:
    fleet = Fleet(5, requestsPerMinute=100)

    assert sum(fleet.call(number % 5) for number in range(300)) == 100


def test_a_warm_container_asks_once_per_chunk_and_not_per_call() -> None:
    fleet = Fleet(requestsPerMinute=6_000)
    fleet.call()
    asked = fleet.ledger.calls

    assert all(fleet.call() for _ in range(600))

    assert fleet.ledger.calls - asked == 2


def test_who_is_refused_does_not_ask_again_in_the_same_window() -> None:
    fleet = Fleet(requestsPerMinute=1)
    assert fleet.call()
    fleet.refusal()
    asked = fleet.ledger.calls

    for _ in range(100):
        fleet.refusal()

    assert fleet.ledger.calls == asked


def test_a_new_window_begins_anew_and_a_refusal_says_when() -> None:
    fleet = Fleet(requestsPerMinute=2)
    fleet.clock.advance(seconds=15)
    fleet.call()
    fleet.call()

    refused = fleet.refusal()
    fleet.clock.advance(seconds=refused.retry_after_seconds)

    assert (refused.quota, refused.limit, refused.used, refused.retry_after_seconds) == (Quota.REQUESTS, 2, 2, 45)
    assert fleet.call()


def test_a_limit_that_is_raised_holds_at_once() -> None:
    fleet = Fleet(requestsPerMinute=1)
    fleet.call()
    fleet.refusal()

    fleet.quotas = {"requestsPerMinute": 2}

    assert fleet.call()


@pytest.mark.parametrize("quota", list(Quota))
def test_a_limit_of_nothing_allows_nothing_and_asks_nobody(quota: Quota) -> None:
    fleet = Fleet(**{quota: 5})
    fleet.call()
    asked = fleet.ledger.calls

    fleet.quotas = {quota: 0}

    assert fleet.refusal().limit == 0
    assert fleet.ledger.calls == asked


def test_execution_time_is_counted_and_refused_beyond_its_limit() -> None:
    fleet = Fleet(3, executionSecondsPerMinute=10)

    assert fleet.call(0, seconds=6)
    assert fleet.call(1, seconds=6)
    refused = fleet.refusal(2)

    assert (refused.quota, refused.limit, refused.used) == (Quota.SECONDS, 10, 12)


def test_short_calls_set_execution_time_aside_in_chunks() -> None:
    fleet = Fleet(executionSecondsPerMinute=1_000)
    fleet.call()
    asked = fleet.ledger.calls

    assert all(fleet.call(seconds=0.01) for _ in range(500))

    assert fleet.ledger.calls - asked <= 2


def test_slots_are_given_back_after_success_and_failure_so_the_count_never_only_grows() -> None:
    # The predecessor's count of what ran at once was only ever added to: after some calls every tenant was refused.
    fleet = Fleet(4, concurrentExecutions=2)

    for number in range(100):
        assert fleet.call(number % 2)
        with pytest.raises(RuntimeError), fleet.admit(number % 2):
            raise RuntimeError("the plugin failed")

    assert fleet.ledger.used("acme", window=0, now=fleet.clock.now())["echo"].concurrent <= 1


def test_no_more_calls_run_at_once_than_the_limit() -> None:
    fleet = Fleet(4, concurrentExecutions=3)

    with ExitStack() as calls:
        for container in range(3):
            fleet.begin(calls, container)
        refused = fleet.refusal(3)

    assert (refused.quota, refused.limit, refused.used) == (Quota.CONCURRENT, 3, 3)
    assert refused.retry_after_seconds == 1
    fleet.clock.advance(seconds=1)
    assert fleet.call(3)


def test_threads_of_one_container_count_each() -> None:
    fleet = Fleet(concurrentExecutions=2)

    with ExitStack() as calls:
        fleet.begin(calls)
        fleet.begin(calls)
        assert not fleet.call()


def test_a_slot_of_a_container_that_crashed_is_free_after_its_time_and_not_before() -> None:
    fleet = Fleet(2, concurrentExecutions=1)
    ExitStack().enter_context(crashed := fleet.admit())

    before = fleet.call(1)
    fleet.clock.advance(seconds=41)

    assert (before, fleet.call(1)) == (False, True)
    del crashed


def test_a_container_that_is_called_again_writes_nothing_for_its_slot() -> None:
    fleet = Fleet(requestsPerMinute=6_000, concurrentExecutions=5)
    fleet.call()
    fleet.call()
    asked = fleet.ledger.calls

    for _ in range(50):
        fleet.call()

    assert fleet.ledger.calls == asked


def test_a_slot_is_held_anew_aside_so_that_no_call_waits_for_it() -> None:
    fleet, aside = Fleet(requestsPerMinute=60_000, concurrentExecutions=5), FakeAside()
    fleet.containers = [LeasedQuotas(fleet.ledger, fleet.clock, aside=aside)]
    fleet.call()
    fleet.call()
    window, waited, held = window_of(fleet.clock.now()), 0, set[int]()

    while window_of(fleet.clock.now()) == window:
        asked = fleet.ledger.calls
        fleet.call(seconds=0.01)
        waited += fleet.ledger.calls - asked
        aside.catch_up()
        held.add(fleet.ledger.used("acme", window=window, now=fleet.clock.now())["echo"].concurrent)
        fleet.clock.advance(seconds=0.5)

    assert (waited, held) == (0, {1})


def test_a_slot_that_ended_while_its_container_stood_still_is_not_held_anew() -> None:
    fleet, aside = Fleet(concurrentExecutions=5), FakeAside()
    fleet.containers = [LeasedQuotas(fleet.ledger, fleet.clock, aside=aside)]
    fleet.call()
    fleet.clock.advance(seconds=8)
    fleet.call()
    asked = fleet.ledger.calls

    assert len(aside.work) == 1
    fleet.clock.advance(seconds=600)
    aside.catch_up()

    assert fleet.ledger.calls == asked


@given(
    limit=st.integers(1, 6),
    steps=st.lists(
        st.tuples(st.sampled_from(["begin", "end", "aside", "wait"]), st.integers(0, 2), st.floats(0, 9)), max_size=80
    ),
)
@settings(max_examples=200, deadline=None)
def test_slots_that_are_held_anew_late_or_never_are_no_more_than_the_limit_and_all_free_in_the_end(
    limit: int, steps: list[tuple[str, int, float]]
) -> None:
    fleet, asides = Fleet(concurrentExecutions=limit), [FakeAside() for _ in range(3)]
    fleet.containers = [LeasedQuotas(fleet.ledger, fleet.clock, aside=aside) for aside in asides]
    running: list[ExitStack] = []

    for what, container, seconds in steps:
        if what == "begin":
            running.append(call := ExitStack())
            with suppress(QuotaExceededError):
                fleet.begin(call, container)
        elif what == "end" and running:
            running.pop(container % len(running)).close()
        elif what == "aside":
            asides[container].catch_up()
        else:
            fleet.clock.advance(seconds=seconds)
        assert all(len(slots) <= limit for slots in fleet.ledger.slots.values())
    for call in running:
        call.close()
    for aside in asides:
        aside.catch_up()
    fleet.clock.advance(seconds=41)

    assert sum(fleet.call() for _ in range(3)) == 3
    assert fleet.ledger.used("acme", window=0, now=fleet.clock.now())["echo"].concurrent <= 1


def test_idle_containers_keep_no_more_than_a_quarter_of_the_slots() -> None:
    fleet = Fleet(20, concurrentExecutions=8)

    for container in range(20):
        assert fleet.call(container)

    assert fleet.ledger.used("acme", window=0, now=fleet.clock.now())["echo"].concurrent == 2


def test_a_clock_that_went_back_makes_no_slot_last_longer() -> None:
    fleet = Fleet(concurrentExecutions=5)
    fleet.call()
    fleet.clock.advance(seconds=-7)
    asked = fleet.ledger.calls

    fleet.call()

    assert fleet.ledger.calls > asked


def test_a_ledger_that_is_away_lets_calls_in_says_so_and_is_asked_once_a_second() -> None:
    fleet = Fleet(requestsPerMinute=1)
    fleet.ledger.is_away = True
    metered = []

    for _ in range(50):
        with fleet.admit() as admitted:
            pass
        metered.append(admitted.is_metered)

    assert not any(metered)
    assert fleet.ledger.calls == 1
    fleet.ledger.is_away = False
    fleet.clock.advance(seconds=1)
    assert fleet.call()
    assert not fleet.call()


def test_a_plugin_that_has_answered_is_not_failed_by_a_ledger_that_went_away() -> None:
    fleet = Fleet(executionSecondsPerMinute=1)

    with fleet.admit() as admitted:
        fleet.clock.advance(seconds=5)
        fleet.ledger.is_away = True

    assert not admitted.is_metered


def test_another_tenants_calls_use_nothing_of_this_ones_quota() -> None:
    fleet = Fleet(requestsPerMinute=1)
    assert fleet.call()

    fleet.tenant_id = "globex"

    assert fleet.call()
