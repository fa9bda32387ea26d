"""When an environment may be moved: windows in their own time zones, freezes, the line that is stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.domain.ids import Environment
from chalicelib.domain.policies import ApprovalRule, EnvironmentPolicy
from chalicelib.domain.windows import Freeze, Window, may_begin, opens_at

HOUR = 3600
BERLIN = "Europe/Berlin"
OFFICE = Window((0, 1, 2, 3), "09:00", "16:00", BERLIN)
NIGHTS = Window((4,), "22:00", "04:00")
CHRISTMAS = Freeze("2026-12-20T00:00:00.000Z", "2027-01-03T00:00:00.000Z", "holidays")


def a_policy(*windows: Window, freezes: tuple[Freeze, ...] = (), stop_the_line: str = "") -> EnvironmentPolicy:
    rule = ApprovalRule(0)
    return EnvironmentPolicy(Environment.PRODUCTION, rule, windows, freezes=freezes, stop_the_line=stop_the_line)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def test_an_environment_without_windows_and_freezes_is_open() -> None:
    now = at("2026-11-22T15:00")

    assert may_begin(a_policy(), now, 72 * HOUR) == (True, "", now)


@pytest.mark.parametrize(
    "now, seconds, opens",
    [
        ("2026-11-23T08:00", 0, "2026-11-23T08:00"),  # Monday 09:00 in Berlin
        ("2026-11-23T07:59", 0, "2026-11-23T08:00"),
        ("2026-11-23T14:59", 0, "2026-11-23T14:59"),
        ("2026-11-23T15:00", 0, "2026-11-24T08:00"),  # the end is not in it
        ("2026-11-26T15:00", 0, "2026-11-30T08:00"),  # Thursday evening: Friday is no day for it
        ("2026-11-23T13:00", 2 * HOUR, "2026-11-23T13:00"),  # just fits
        ("2026-11-23T13:01", 2 * HOUR, "2026-11-24T08:00"),  # would leave the window
        ("2026-07-06T07:00", 0, "2026-07-06T07:00"),  # in summer Berlin opens an hour earlier
    ],
)
def test_a_step_begins_only_where_its_observation_fits_into_the_window(now: str, seconds: int, opens: str) -> None:
    assert opens_at(a_policy(OFFICE), at(now), seconds) == at(opens)


@pytest.mark.parametrize(
    "now, seconds, opens",
    [
        ("2026-11-27T21:59", 0, "2026-11-27T22:00"),
        ("2026-11-28T03:59", 0, "2026-11-28T03:59"),  # Saturday morning belongs to Friday's night
        ("2026-11-28T04:00", 0, "2026-12-04T22:00"),
        ("2026-11-27T23:00", 5 * HOUR, "2026-11-27T23:00"),
        ("2026-11-27T23:01", 5 * HOUR, "2026-12-04T22:00"),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins(now: str, seconds: int, opens: str) -> None:
    assert opens_at(a_policy(NIGHTS), at(now), seconds) == at(opens)


def test_windows_that_touch_are_one() -> None:
    week = a_policy(Window((0, 1, 2, 3, 4), "00:00", "24:00"))
    afternoon = Window((4,), "12:00", "18:00")
    morning = Window((4,), "08:00", "12:00")

    assert opens_at(week, at("2026-11-23T00:00"), 5 * 24 * HOUR) == at("2026-11-23T00:00")
    assert opens_at(week, at("2026-11-23T00:00"), 5 * 24 * HOUR + 1) is None
    assert opens_at(a_policy(afternoon, morning), at("2026-11-23T00:00"), 10 * HOUR) == at("2026-11-27T08:00")


def test_an_observation_longer_than_any_window_never_begins_and_says_so() -> None:
    opening = may_begin(a_policy(OFFICE), at("2026-11-23T09:00"), 8 * HOUR)

    assert (opening.is_open, opening.opens_at) == (False, None)
    assert opening.reason == "its observation would outlast the window of Production"


def test_a_step_does_not_begin_if_its_observation_would_cross_a_freeze() -> None:
    policy = a_policy(freezes=(CHRISTMAS,))
    eve = at("2026-12-19T23:00")

    assert may_begin(policy, eve, HOUR).is_open
    crossing = may_begin(policy, eve, HOUR + 1)
    assert crossing == (
        False,
        "its observation would reach into the freeze from 2026-12-20T00:00:00.000Z: holidays",
        at("2027-01-03T00:00"),
    )
    inside = may_begin(policy, at("2026-12-24T18:00"), 0)
    assert inside == (
        False,
        "Production is frozen until 2027-01-03T00:00:00.000Z: holidays",
        at("2027-01-03T00:00"),
    )


def test_freezes_that_overlap_are_one_and_one_that_leaves_room_is_passed_between() -> None:
    first = Freeze("2026-12-01T00:00:00Z", "2026-12-03T00:00:00Z")
    second = Freeze("2026-12-02T00:00:00Z", "2026-12-04T00:00:00Z")
    third = Freeze("2026-12-04T01:00:00Z", "2026-12-05T00:00:00Z")
    policy = a_policy(freezes=(third, first, second))

    assert opens_at(policy, at("2026-12-01T12:00"), HOUR) == at("2026-12-04T00:00")
    assert opens_at(policy, at("2026-12-01T12:00"), HOUR + 1) == at("2026-12-05T00:00")


def test_a_freeze_and_windows_hold_together() -> None:
    policy = a_policy(OFFICE, freezes=(CHRISTMAS,))

    # Thursday 17 December is the last day before; Monday 4 January the first after.
    assert opens_at(policy, at("2026-12-17T15:00"), 0) == at("2027-01-04T08:00")
    assert may_begin(policy, at("2026-12-17T15:00"), 0).reason == "Production is outside its windows"


def test_a_stopped_line_opens_never_until_somebody_lets_it_go_on() -> None:
    opening = may_begin(a_policy(stop_the_line="incident 4711"), at("2026-11-23T09:00"), 0)

    assert opening == (False, "Production is stopped: incident 4711", None)


@pytest.mark.parametrize(
    "now, opens",
    [
        # On 28 March 2027 the clocks in Berlin go from 02:00 to 03:00: 02:30 is left out, and 03:00 is 01:00 UTC.
        ("2027-03-28T00:00", "2027-03-28T01:30"),
        # On 25 October 2026 they go back from 03:00 to 02:00: 02:30 comes twice, first at 00:30 UTC.
        ("2026-10-25T00:00", "2026-10-25T00:30"),
    ],
)
def test_a_window_that_begins_in_a_changed_hour_begins_once(now: str, opens: str) -> None:
    sundays = a_policy(Window((6,), "02:30", "06:00", BERLIN))

    assert opens_at(sundays, at(now), 0) == at(opens)


def test_nothing_begins_after_what_people_take_for_the_end_when_the_clocks_go_back() -> None:
    sundays = a_policy(Window((6,), "00:00", "02:30", BERLIN))

    # 02:30 comes first at 00:30 UTC; the second half past two, an hour later, is not waited for.
    assert opens_at(sundays, at("2026-10-25T00:29"), 0) == at("2026-10-25T00:29")
    assert opens_at(sundays, at("2026-10-25T00:30"), 0) == at("2026-10-31T23:00")


def test_the_day_that_lost_an_hour_is_that_much_shorter() -> None:
    sundays = a_policy(Window((6,), "00:00", "06:00", BERLIN))
    begins = at("2027-03-27T23:00")

    assert opens_at(sundays, begins, 5 * HOUR) == begins
    assert opens_at(sundays, begins, 5 * HOUR + 1) == at("2027-04-03T22:00")


@given(
    now=some.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=some.just(UTC)),  # noqa: DTZ001 - bounds are naive
    seconds=some.integers(0, 12 * HOUR),
    weekdays=some.sets(some.integers(0, 6), min_size=1),
    hours=some.tuples(some.integers(0, 23), some.integers(0, 23)).filter(lambda pair: pair[0] != pair[1]),
    zone=some.sampled_from(["UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Pacific/Apia"]),
    frozen=some.lists(some.tuples(some.integers(-200, 400), some.integers(1, 200)), max_size=4),
)
def test_where_it_opens_it_is_open_and_nowhere_before(
    now: datetime,
    seconds: int,
    weekdays: set[int],
    hours: tuple[int, int],
    zone: str,
    frozen: list[tuple[int, int]],
) -> None:
    window = Window(tuple(sorted(weekdays)), f"{hours[0]:02}:00", f"{hours[1]:02}:00", zone)
    spans = [(now + timedelta(hours=begin), now + timedelta(hours=begin + length)) for begin, length in frozen]
    policy = a_policy(window, freezes=tuple(Freeze(begins.isoformat(), ends.isoformat()) for begins, ends in spans))

    opens = opens_at(policy, now, seconds)

    if opens is None:
        return
    assert opens >= now
    assert opens_at(policy, opens, seconds) == opens
    assert not any(begins < opens + timedelta(seconds=seconds) and opens < ends for begins, ends in spans)
    before = now + (opens - now) / 2
    if before < opens:
        assert opens_at(policy, before, seconds) == opens


def test_an_observation_without_an_end_asks_for_its_begin_only() -> None:
    assert opens_at(a_policy(OFFICE), at("2026-11-23T14:59"), None) == at("2026-11-23T14:59")
