"""Quotas: what holds for whom, who may change it, and how a window is shared."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import ForbiddenError, ValidationError
from chalicelib.domain.quotas import (
    CHUNKS_PER_LIMIT,
    DEFAULTS,
    LONGEST_CALL,
    MAX_LIMIT,
    SLOT_KEPT,
    Limits,
    Quota,
    QuotaExceededError,
    chunk_of,
    effective_limits,
    is_slot_free,
    kept_slots,
    require_quotas,
    window_end,
    window_of,
)
from chalicelib.domain.tenants import Tier

NOW = datetime(2026, 11, 22, 15, 0, 30, tzinfo=UTC)


def test_every_tier_has_limits_and_a_higher_tier_has_more_of_each() -> None:
    ordered = [DEFAULTS[tier] for tier in (Tier.FREE, Tier.STARTER, Tier.PROFESSIONAL, Tier.ENTERPRISE)]

    assert set(DEFAULTS) == set(Tier)
    for lower, higher in pairwise(ordered):
        assert all(lower.document()[quota] < higher.document()[quota] for quota in Quota)


def test_an_own_limit_replaces_the_tiers_and_no_factor_changes_it() -> None:
    limits = effective_limits(Tier.FREE, {"requestsPerMinute": 7, "concurrentExecutions": 0}, factor=100)

    assert limits == Limits(requests=7, concurrent=0, seconds=6_000)


def test_an_owner_may_go_below_what_holds_and_an_admin_above_it() -> None:
    held = DEFAULTS[Tier.FREE]
    require_quotas({"requestsPerMinute": 60, "concurrentExecutions": 0}, held, is_admin=False)
    require_quotas({"requestsPerMinute": 61}, held, is_admin=True)

    with pytest.raises(ForbiddenError, match="Admin") as refused:
        require_quotas({"requestsPerMinute": 61}, held, is_admin=False)
    assert "60" in refused.value.fix


def test_every_quota_that_can_not_be_read_is_named() -> None:
    with pytest.raises(ValidationError) as refused:
        require_quotas(
            {
                "memory": 1,
                "requestsPerMinute": -1,
                "concurrentExecutions": MAX_LIMIT + 1,
                "executionSecondsPerMinute": 1,
            },
            DEFAULTS[Tier.FREE],
            is_admin=True,
        )

    assert {error.field for error in refused.value.errors} == {
        "/quotas/memory",
        "/quotas/requestsPerMinute",
        "/quotas/concurrentExecutions",
    }


@given(st.integers(0, MAX_LIMIT), st.integers(1, 500))
def test_what_all_containers_set_aside_is_at_most_a_tenth_of_the_limit(limit: int, containers: int) -> None:
    # One token is used at once by the call that asked for it, so only what is beyond it lies idle.
    idle = sum(chunk_of(limit, place) - 1 for place in range(1, containers + 1))

    assert 0 <= idle <= limit / CHUNKS_PER_LIMIT


@given(st.integers(0, 4_000_000_000_000))
def test_a_moment_lies_in_one_window_that_ends_within_a_minute(milliseconds: int) -> None:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)

    end = window_end(window_of(moment))

    assert timedelta() < end - moment <= timedelta(minutes=1)
    assert end.second == 0
    assert window_of(end) == window_of(moment) + 1


@pytest.mark.parametrize("limit, kept", [(1, 1), (5, 1), (20, 5), (200, 50)])
def test_idle_containers_keep_a_quarter_of_the_slots(limit: int, kept: int) -> None:
    assert kept_slots(limit) == kept


@pytest.mark.parametrize(
    "ahead, is_free",
    [
        (timedelta(), True),
        (timedelta(seconds=-1), True),
        (timedelta(seconds=1), False),
        (LONGEST_CALL + SLOT_KEPT, False),
        (timedelta(hours=1), True),
    ],
)
def test_a_slot_is_free_when_its_time_is_over_or_was_never_possible(ahead: timedelta, *, is_free: bool) -> None:
    assert is_slot_free(int((NOW + ahead).timestamp() * 1000), NOW) is is_free


def test_a_refusal_says_what_is_used_up_and_when_it_begins_anew() -> None:
    error = QuotaExceededError(Quota.REQUESTS, limit=60, used=60, now=NOW, reset_at=window_end(window_of(NOW)))

    assert error.code == "QUOTA_EXCEEDED"
    assert error.retry_after_seconds == 30
    assert "60 of 60" in error.detail
    assert "2026-11-22T15:01:00.000Z" in error.fix


def test_a_refusal_never_asks_for_a_repeat_at_once() -> None:
    error = QuotaExceededError(Quota.CONCURRENT, limit=1, used=1, now=NOW, reset_at=NOW)

    assert error.retry_after_seconds == 1
