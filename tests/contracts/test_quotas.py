"""Contract of the ledger of quotas: exact whoever asks, and one tenant's counts are its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.dynamodb.quotas import DynamoQuotaLedger
from chalicelib.domain.quotas import Leased, Quota, Used
from chalicelib.ports.quotas import QuotaLedger
from chalicelib.settings import Settings
from tests.fakes.quotas import FakeQuotaLedger

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(seconds=40)
WINDOW = 29_000_000


@pytest.fixture(params=["memory", "moto", pytest.param("emulator", marks=pytest.mark.loopback)])
def ledger(request: pytest.FixtureRequest) -> Iterator[QuotaLedger]:
    if request.param == "memory":
        yield FakeQuotaLedger()
        return
    stack: Settings = request.getfixturevalue("aws" if request.param == "moto" else "emulated")
    yield DynamoQuotaLedger(Lazy(aws_clients.serving_dynamodb), stack.table("tenants"))


@pytest.fixture(params=["memory", pytest.param("emulator", marks=pytest.mark.loopback)])
def threads_ledger(request: pytest.FixtureRequest) -> QuotaLedger:
    """Give a ledger that threads may share; in moto a condition and its write are not one."""
    if request.param == "memory":
        return FakeQuotaLedger()
    stack: Settings = request.getfixturevalue("emulated")
    return DynamoQuotaLedger(Lazy(aws_clients.serving_dynamodb), stack.table("tenants"))


def lease(
    ledger: QuotaLedger, wanted: int, *, limit: int = 10, tenant: str = "acme", quota: Quota = Quota.REQUESTS
) -> Leased:
    return ledger.lease(tenant, "echo", quota, window=WINDOW, wanted=wanted, limit=limit, is_joining=False)


def test_leases_add_up_to_the_limit_and_the_last_gets_what_is_left(ledger: QuotaLedger) -> None:
    leased = [lease(ledger, 4) for _ in range(4)]

    assert [each.granted for each in leased] == [4, 4, 2, 0]
    assert [each.used for each in leased] == [4, 8, 10, 10]


def test_a_limit_that_was_lowered_below_what_is_used_gives_nothing(ledger: QuotaLedger) -> None:
    lease(ledger, 8)

    assert lease(ledger, 1, limit=5) == Leased(0, 8, 0)


def test_each_container_that_joins_a_window_gets_the_next_place(ledger: QuotaLedger) -> None:
    places = [
        ledger.lease("acme", "echo", Quota.REQUESTS, window=WINDOW, wanted=1, limit=9, is_joining=joins).place
        for joins in (True, False, True, True)
    ]

    assert places == [1, 1, 2, 3]


def test_windows_quotas_plugins_and_tenants_are_counted_apart(ledger: QuotaLedger) -> None:
    lease(ledger, 10)

    assert lease(ledger, 10, quota=Quota.SECONDS).granted == 10
    assert lease(ledger, 10, tenant="globex").granted == 10
    for plugin_id, window in (("echo", WINDOW + 1), ("echo-two", WINDOW)):
        leased = ledger.lease("acme", plugin_id, Quota.REQUESTS, window=window, wanted=10, limit=10, is_joining=False)
        assert leased.granted == 10


def test_time_beyond_what_was_set_aside_is_counted_even_above_the_limit(ledger: QuotaLedger) -> None:
    lease(ledger, 10, quota=Quota.SECONDS)

    ledger.settle("acme", "echo", window=WINDOW, milliseconds=90)

    assert lease(ledger, 1, limit=50, quota=Quota.SECONDS) == Leased(0, 100, 0)


def test_slots_are_held_up_to_the_limit_and_given_back(ledger: QuotaLedger) -> None:
    held = [ledger.hold("acme", "echo", name, limit=2, now=NOW, until=UNTIL) for name in "abc"]
    ledger.release("acme", "echo", "a")

    assert held == [1, 2, None]
    assert ledger.hold("acme", "echo", "c", limit=2, now=NOW, until=UNTIL) == 2


def test_a_holder_may_hold_its_slot_longer_and_it_counts_once(ledger: QuotaLedger) -> None:
    ledger.hold("acme", "echo", "a", limit=1, now=NOW, until=UNTIL)

    assert ledger.hold("acme", "echo", "a", limit=1, now=NOW, until=UNTIL + timedelta(seconds=10)) == 1
    assert ledger.hold("acme", "echo", "b", limit=1, now=UNTIL, until=UNTIL + timedelta(seconds=40)) is None


def test_slots_that_were_left_behind_are_taken_over(ledger: QuotaLedger) -> None:
    for number in range(30):
        ledger.hold("acme", "echo", f"crashed{number}", limit=30, now=NOW, until=UNTIL)

    later = UNTIL + timedelta(seconds=1)
    held = [
        ledger.hold("acme", "echo", f"new{number}", limit=30, now=later, until=later + timedelta(seconds=40))
        for number in range(31)
    ]

    assert held == [*range(1, 31), None]


@pytest.mark.parametrize("holder", ["never", "a"])
def test_giving_back_what_is_not_held_changes_nothing(ledger: QuotaLedger, holder: str) -> None:
    ledger.release("acme", "echo", holder)
    ledger.hold("acme", "echo", "b", limit=1, now=NOW, until=UNTIL)
    ledger.release("acme", "echo", holder)

    assert ledger.hold("acme", "echo", "c", limit=1, now=NOW, until=UNTIL) is None


def test_used_tells_every_plugin_of_this_tenant_alone(ledger: QuotaLedger) -> None:
    lease(ledger, 3)
    lease(ledger, 7, quota=Quota.SECONDS)
    ledger.hold("acme", "other", "a", limit=5, now=NOW, until=UNTIL)
    ledger.hold("acme", "other", "over", limit=5, now=NOW, until=NOW)
    lease(ledger, 9, tenant="globex")

    assert ledger.used("acme", window=WINDOW, now=NOW) == {"echo": Used(3, 7, 0), "other": Used(0, 0, 1)}
    assert ledger.used("acme", window=WINDOW + 1, now=UNTIL) == {"other": Used()}
    assert ledger.used("initech", window=WINDOW, now=NOW) == {}


def test_of_many_at_once_no_more_are_let_in_than_the_limit(threads_ledger: QuotaLedger) -> None:
    def lease_some(_: int) -> int:
        return lease(threads_ledger, 7, limit=100).granted

    def hold(number: int) -> bool:
        return threads_ledger.hold("acme", "echo", f"h{number}", limit=5, now=NOW, until=UNTIL) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lease_some, range(24))) == 100
        assert sum(pool.map(hold, range(16))) == 5
