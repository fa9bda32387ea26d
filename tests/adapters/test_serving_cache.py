"""How old an answer of the hot path may be, with and without the table, and what it takes to keep it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from botocore.stub import Stubber

from chalicelib.adapters import aws_clients
from chalicelib.adapters.aside import AsideThread
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.dynamodb.serving import DynamoServingReads
from chalicelib.adapters.dynamodb.serving_cache import ServingCache
from chalicelib.domain.errors import TransientError
from chalicelib.domain.installations import Installation
from chalicelib.domain.pins import Pin
from chalicelib.domain.resolution import resolve
from chalicelib.domain.tenants import Tenant
from tests.fakes import FakeClock
from tests.fakes.aside import FakeAside


@dataclass
class Source:
    """Something to read, which can go away."""

    value: str | None = "first"
    is_away: bool = False
    reads: list[str | None] = field(default_factory=list)

    def read(self) -> str | None:
        self.reads.append(self.value)
        if self.is_away:
            raise TransientError("away")
        return self.value


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cache(clock: FakeClock) -> ServingCache:
    return ServingCache(clock)


def test_an_answer_is_fresh_for_a_second(cache: ServingCache, clock: FakeClock) -> None:
    source = Source()
    cache.get(("a",), source.read)
    source.value = "second"
    clock.advance(seconds=0.999)
    kept = cache.get(("a",), source.read)
    clock.advance(seconds=0.001)

    assert (kept, cache.get(("a",), source.read)) == ("first", "second")


def test_that_nothing_is_there_is_kept_for_a_second_too(cache: ServingCache, clock: FakeClock) -> None:
    source = Source(None)
    cache.get(("a",), source.read)
    source.value = "made"
    kept = cache.get(("a",), source.read)
    clock.advance(seconds=1)

    assert (kept, cache.get(("a",), source.read)) == (None, "made")


def test_an_answer_is_as_old_as_its_question(cache: ServingCache, clock: FakeClock) -> None:
    def slow() -> str:
        clock.advance(seconds=0.9)
        return "first"

    cache.get(("a",), slow)
    clock.advance(seconds=0.1)

    assert cache.get(("a",), lambda: "second") == "second"


def test_the_last_answer_serves_for_fifteen_minutes_while_the_source_is_away(
    cache: ServingCache, clock: FakeClock
) -> None:
    source = Source()
    cache.get(("a",), source.read)
    source.is_away = True
    served = []
    for _ in range(14):
        clock.advance(seconds=60)
        served.append(cache.get(("a",), source.read))
    clock.advance(seconds=60)

    assert set(served) == {"first"}
    with pytest.raises(TransientError):
        cache.get(("a",), source.read)


def test_a_source_that_is_away_is_asked_once_a_second(cache: ServingCache, clock: FakeClock) -> None:
    source = Source()
    cache.get(("a",), source.read)
    source.is_away = True
    clock.advance(seconds=1)
    for _ in range(100):
        cache.get(("a",), source.read)
    asked_in_a_second = len(source.reads) - 1
    clock.advance(seconds=1)
    cache.get(("a",), source.read)

    assert asked_in_a_second == 1
    assert len(source.reads) == 3


def test_fresh_answers_come_back_with_the_source(cache: ServingCache, clock: FakeClock) -> None:
    source = Source()
    cache.get(("a",), source.read)
    source.is_away = True
    clock.advance(seconds=1)
    cache.get(("a",), source.read)
    source.is_away, source.value = False, "second"
    clock.advance(seconds=1)

    assert cache.get(("a",), source.read) == "second"


def test_what_was_never_read_is_an_outage_while_the_source_is_away(cache: ServingCache) -> None:
    with pytest.raises(TransientError):
        cache.get(("a",), Source(is_away=True).read)


def test_what_was_never_read_is_asked_for_again_while_it_is_throttled(cache: ServingCache) -> None:
    answers: Iterator[TransientError | str] = iter([TransientError("throttled"), TransientError("throttled"), "there"])

    def read() -> str:
        answer = next(answers)
        if isinstance(answer, TransientError):
            raise answer
        return answer

    assert cache.get(("a",), read) == "there"


def test_an_error_that_no_retry_heals_is_never_hidden_by_an_old_answer(cache: ServingCache, clock: FakeClock) -> None:
    cache.get(("a",), Source().read)
    clock.advance(seconds=1)

    def forbidden() -> str:
        raise PermissionError

    with pytest.raises(PermissionError):
        cache.get(("a",), forbidden)


def test_the_cache_keeps_the_newest_answers_only(clock: FakeClock) -> None:
    cache = ServingCache(clock, max_entries=2)
    for key in "abc":
        cache.get((key,), Source(key).read)
    again = Source("again")

    served = [cache.get((key,), again.read) for key in "cba"]

    assert served == ["c", "b", "again"]


@pytest.fixture
def later() -> FakeAside:
    return FakeAside()


@pytest.fixture
def foresighted(clock: FakeClock, later: FakeAside) -> ServingCache:
    return ServingCache(clock, aside=later)


def test_what_is_asked_often_is_read_aside_and_nobody_waits_or_gets_what_is_older_than_a_second(
    foresighted: ServingCache, clock: FakeClock, later: FakeAside
) -> None:
    begun = clock.now()
    read_at: list[datetime] = []
    waited, ages = 0, []

    def read() -> datetime:
        read_at.append(clock.now())
        return clock.now()

    for _ in range(50):
        reads_before = len(read_at)
        ages.append(clock.now() - foresighted.get(("a",), read))
        waited += len(read_at) - reads_before
        clock.advance(seconds=0.1)
        later.catch_up()

    assert waited == 1, "the first one, who found nothing"
    assert max(ages) < timedelta(seconds=1)
    assert len(read_at) <= 1 + (clock.now() - begun) / timedelta(seconds=0.8) + 1


def test_what_is_not_read_aside_in_time_is_read_by_who_asks(foresighted: ServingCache, clock: FakeClock) -> None:
    source = Source()
    foresighted.get(("a",), source.read)
    clock.advance(seconds=0.8)
    foresighted.get(("a",), source.read)
    source.value = "second"
    clock.advance(seconds=0.2)

    assert foresighted.get(("a",), source.read) == "second"


def test_of_one_thing_there_is_one_read_aside_at_a_time(
    foresighted: ServingCache, clock: FakeClock, later: FakeAside
) -> None:
    source = Source()
    foresighted.get(("a",), source.read)
    clock.advance(seconds=0.8)
    for _ in range(10):
        foresighted.get(("a",), source.read)
    put_aside = len(later.work)
    later.catch_up()
    clock.advance(seconds=0.8)
    foresighted.get(("a",), source.read)

    assert (put_aside, len(later.work)) == (1, 1)


def test_an_answer_that_was_read_aside_is_as_old_as_its_question(
    foresighted: ServingCache, clock: FakeClock, later: FakeAside
) -> None:
    source = Source()
    foresighted.get(("a",), source.read)
    clock.advance(seconds=0.8)

    def slow() -> str:
        clock.advance(seconds=0.9)
        return "late"

    foresighted.get(("a",), slow)
    later.catch_up()
    clock.advance(seconds=0.1)

    assert foresighted.get(("a",), source.read) == "first"


def test_an_outage_that_is_met_aside_costs_no_caller_its_timeout(
    foresighted: ServingCache, clock: FakeClock, later: FakeAside
) -> None:
    source = Source()
    foresighted.get(("a",), source.read)
    clock.advance(seconds=0.8)
    foresighted.get(("a",), source.read)
    source.is_away = True
    with pytest.raises(TransientError):
        later.catch_up()
    asked = len(source.reads)
    clock.advance(seconds=0.9)

    assert foresighted.get(("a",), source.read) == "first"
    assert len(source.reads) == asked


def test_a_late_answer_that_was_read_aside_never_takes_the_place_of_a_newer_one(
    foresighted: ServingCache, clock: FakeClock, later: FakeAside
) -> None:
    foresighted.get(("a",), lambda: "first")
    clock.advance(seconds=0.8)

    def overtaken() -> str:
        clock.advance(seconds=0.9)
        foresighted.get(("a",), lambda: "newer")
        return "older"

    foresighted.get(("a",), overtaken)
    later.catch_up()

    assert foresighted.get(("a",), lambda: "newest") == "newer"


def test_a_read_aside_that_stood_still_with_its_container_and_then_failed_makes_nobody_believe_what_is_old(
    foresighted: ServingCache, clock: FakeClock, later: FakeAside
) -> None:
    source = Source()
    foresighted.get(("a",), source.read)
    clock.advance(seconds=0.8)

    def frozen() -> str:
        clock.advance(seconds=600)
        raise TransientError("its connection is long gone")

    foresighted.get(("a",), frozen)
    with pytest.raises(TransientError):
        later.catch_up()
    source.value = "rolled back"

    assert foresighted.get(("a",), source.read) == "rolled back"


def test_an_error_that_no_retry_heals_is_met_by_who_asks_next(
    foresighted: ServingCache, clock: FakeClock, later: FakeAside
) -> None:
    def forbidden() -> str:
        raise PermissionError

    foresighted.get(("a",), Source().read)
    clock.advance(seconds=0.8)
    foresighted.get(("a",), forbidden)
    with pytest.raises(PermissionError):
        later.catch_up()
    clock.advance(seconds=0.2)

    with pytest.raises(PermissionError):
        foresighted.get(("a",), forbidden)


def test_a_thread_does_what_is_put_aside_in_its_order_and_goes_on_after_what_fails() -> None:
    aside, done, end = AsideThread(), list[str](), Event()

    def fail() -> None:
        done.append("failed")
        raise RuntimeError

    aside(fail)
    aside(lambda: done.append("done"))
    aside(end.set)

    assert end.wait(10)
    assert done == ["failed", "done"]


@pytest.fixture
def stubbed(clock: FakeClock) -> Iterator[tuple[DynamoServingReads, Stubber]]:
    client = Lazy(aws_clients.serving_dynamodb)
    with Stubber(client()) as stubber:
        yield DynamoServingReads(client, "routing", "tenants", clock), stubber


@pytest.mark.parametrize(
    "code, status",
    [("ThrottlingException", 400), ("ProvisionedThroughputExceededException", 400), ("InternalServerError", 500)],
)
def test_a_table_that_can_not_answer_counts_as_away(
    stubbed: tuple[DynamoServingReads, Stubber], clock: FakeClock, code: str, status: int
) -> None:
    reads, stubber = stubbed
    item = {
        "pk": {"S": "tenant#acme"},
        "sk": {"S": "tenant"},
        "id": {"S": "acme"},
        "name": {"S": "ACME"},
        "created_at": {"S": "x"},
        "updated_at": {"S": "x"},
        "tier": {"S": "Free"},
        "ring": {"S": "general"},
        "status": {"S": "Active"},
        "revision": {"N": "0"},
    }
    stubber.add_response("get_item", {"Item": item})
    stubber.add_client_error("get_item", code, http_status_code=status)
    first = reads.tenant("acme")
    clock.advance(seconds=60)

    assert reads.tenant("acme") == first
    assert first is not None


class RoutesTable:
    """Answers with one route, whose attributes come in another order each time."""

    def __init__(self) -> None:
        self.epoch = 1
        self.asked = 0

    def get_item(self, **_asked: object) -> dict[str, Any]:
        self.asked += 1
        item = {
            "pk": {"S": "route#echo"},
            "sk": {"S": "Development"},
            "plugin_id": {"S": "echo"},
            "environment": {"S": "Development"},
            "salt": {"S": "pepper"},
            "stable": {"S": '{"version": "1.0.0", "alias": "v1-0-0", "lambda_version": "1", "sha256": "aa"}'},
            "variants": {"S": "[]"},
            "candidate_rings": {"S": "[]"},
            "split_by": {"S": "tenant"},
            "epoch": {"N": str(self.epoch)},
        }
        return {"Item": dict(reversed(item.items()) if self.asked % 2 else item.items())}


def test_a_read_that_finds_the_same_gives_the_same_object_so_that_what_was_worked_out_of_it_stays(
    clock: FakeClock,
) -> None:
    table: Any = RoutesTable()
    reads = DynamoServingReads(lambda: table, "routing", "tenants", clock)
    first = reads.route("echo", "Development")
    resolve(first, Tenant("acme", "ACME", "", ""), Installation("acme", "echo", "", ""), "2026-11-22T15:00:00.000Z")
    clock.advance(seconds=1)
    again = reads.route("echo", "Development")
    table.epoch = 2
    clock.advance(seconds=1)
    changed = reads.route("echo", "Development")

    assert table.asked == 3
    assert first is not None
    assert again is first
    assert again.ways
    assert changed is not None
    assert (changed.epoch, hasattr(changed, "ways")) == (2, False)
    assert changed.stable is first.stable, "equal targets are kept once"


class InstallationsTable:
    """Answers with the installation of whoever is asked for, in texts of its own each time."""

    def get_item(self, *, Key: dict[str, dict[str, str]], **_asked: object) -> dict[str, Any]:  # noqa: N803 - as boto3
        target = {"version": "1.0.0", "alias": "v1-0-0", "lambda_version": "1", "sha256": "aa"}
        told = {"environment": "Production", "reason": "a contract", "author": "olga", "pinned_at": "2026-11-22"}
        item = {
            "tenant_id": {"S": Key["pk"]["S"].partition("#")[2]},
            "plugin_id": {"S": Key["sk"]["S"].partition("#")[2]},
            "created_at": {"S": "2026-11-22"},
            "updated_at": {"S": "2026-11-22"},
            "is_enabled": {"BOOL": True},
            "config": {"S": "{}" if Key["pk"]["S"] != "tenant#initech" else '{"currency": "EUR"}'},
            "sealed_secrets": {"S": "{}"},
            "quotas": {"S": "{}"},
            "pin": {"S": json.dumps({**told, "target": target})},
            "revision": {"N": "7"},
        }
        copied: dict[str, Any] = json.loads(json.dumps({"Item": item}))
        return copied


def test_what_installations_have_in_common_is_kept_once(clock: FakeClock) -> None:
    table: Any = InstallationsTable()
    reads = DynamoServingReads(lambda: table, "routing", "tenants", clock)

    acme, globex, initech = (reads.installation(tenant, "echo") for tenant in ("acme", "globex", "initech"))

    assert acme is not None
    assert globex is not None
    assert initech is not None
    assert (acme.tenant_id, globex.tenant_id, initech.config) == ("acme", "globex", {"currency": "EUR"})
    assert acme.pin is not None
    assert globex.pin is not None
    assert acme.pin == globex.pin == Pin("Production", acme.pin.target, "a contract", "olga", "2026-11-22")
    shared = (acme.plugin_id, acme.config, acme.quotas, acme.pin.reason, acme.pin.author, acme.pin.target)
    others = (globex.plugin_id, globex.config, globex.quotas, globex.pin.reason, globex.pin.author, globex.pin.target)
    assert all(one is other for one, other in zip(shared, others, strict=True))
    assert acme.created_at is globex.updated_at


def test_installations_of_one_tenant_or_one_plugin_are_told_apart(clock: FakeClock) -> None:
    table: Any = InstallationsTable()
    reads = DynamoServingReads(lambda: table, "routing", "tenants", clock)

    places = [(tenant, plugin) for tenant in ("acme", "tax") for plugin in ("tax", "acme")]
    read = [reads.installation(*place) for place in places * 2]

    assert [(one.tenant_id, one.plugin_id) for one in read if one] == places * 2
