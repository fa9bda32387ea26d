"""Contract of what is counted of calls: amounts of all containers add up, each batch once."""

from typing import Any

import boto3
import pytest

from chalicelib import bootstrap
from chalicelib.adapters.dynamodb.tallies import DynamoTallies
from chalicelib.domain.measurements import Histogram, Outcomes
from chalicelib.domain.routes import SplitBy
from chalicelib.domain.sides import Counted, Observed, PhaseOutcomes, Usual
from chalicelib.domain.tallies import Arm, Batch, Exposed, History, Past, Phase, Traffic, Tried
from chalicelib.ports import Ports, TallyLedger
from chalicelib.settings import Settings
from tests.contracts.conftest import Outside
from tests.fakes import FakeClock, FakeWorld
from tests.fakes.measurements import FakeMeasurements

DEPLOYMENT = "dep_01"
EARLIER = Phase(DEPLOYMENT, 4, 480_000, "2.0.0", 0, 1_000, ("internal", "beta"), SplitBy.TENANT)
LATER = EARLIER._replace(epoch=12, high_bps=5_000, rings=())


@pytest.fixture
def containers(outside: Outside, request: pytest.FixtureRequest) -> tuple[TallyLedger, TallyLedger]:
    """Give two containers that add to different shards."""
    if isinstance(memory := outside.ports.measurements, FakeMeasurements):
        return memory.ledger, memory.ledger
    table = request.getfixturevalue("aws").table("measurements")
    client = boto3.Session().client("dynamodb")
    one, other = (DynamoTallies(lambda: client, table, FakeClock(), shard=shard) for shard in (1, 6))
    return one, other


Containers = tuple[TallyLedger, TallyLedger]


def test_phases_of_all_containers_add_up_oldest_first(ports: Ports, containers: Containers) -> None:
    one, other = containers
    one.add(Batch("t1", {LATER: {"requests": 3, "failures": 1, "l10": 2, "l103": 1}}, {}))
    other.add(Batch("t2", {LATER: {"requests": 2, "l10": 2}, EARLIER: {"requests": 1, "l0": 1}}, {}))
    one.add(Batch("t3", {LATER: {"requests": 1, "failures": 1, "l10": 1}}, {}))

    assert ports.measurements.phases(DEPLOYMENT) == (
        PhaseOutcomes(EARLIER, Outcomes(1, 0, Histogram.of({0: 1}))),
        PhaseOutcomes(LATER, Outcomes(6, 2, Histogram.of({10: 5, 103: 1}))),
    )
    assert ports.measurements.phases("dep_02") == ()


def send_twice(ledger: TallyLedger) -> None:
    batch = Batch("t1", {LATER: {"requests": 1}}, {Exposed(DEPLOYMENT, "2.0.0", 1): frozenset({"1a"})})
    for _ in range(2):
        ledger.add(batch)


def test_a_batch_that_is_sent_again_is_counted_once() -> None:
    world = FakeWorld()

    send_twice(world.tallies)

    assert [row.outcomes.requests for row in world.ports.measurements.phases(DEPLOYMENT)] == [1]


class Recording:
    """A client that keeps what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def transact_write_items(self, **asked: object) -> None:
        self.asked.append(asked)


def test_a_batch_that_is_sent_again_later_is_the_same_to_the_letter() -> None:
    client: Any = Recording()
    clock = FakeClock()
    ledger = DynamoTallies(lambda: client, "measurements", clock, shard=0)
    batch = Batch("t1", {LATER: {"requests": 1}}, {Exposed(DEPLOYMENT, "2.0.0", 1): frozenset({"1a", "1b"})})

    ledger.add(batch)
    clock.advance(seconds=5)
    ledger.add(batch)
    ledger.add(batch._replace(token="t2"))

    first, again, another = client.asked
    assert first == again, "DynamoDB refuses a token that comes again with anything changed"
    assert first["TransactItems"] != another["TransactItems"], "what is counted later is kept longer"


@pytest.mark.loopback
def test_a_batch_whose_answer_was_lost_is_counted_once(emulated: Settings) -> None:
    client = boto3.Session().client("dynamodb")

    send_twice(DynamoTallies(lambda: client, emulated.table("measurements"), FakeClock(), shard=0))

    measured = bootstrap.connect(emulated).measurements
    assert [row.outcomes.requests for row in measured.phases(DEPLOYMENT)] == [1]


def test_tenants_are_exposed_once_however_often_and_to_how_many_versions(ports: Ports, containers: Containers) -> None:
    def exposed(version: str, part: int, *marks: str) -> dict[Exposed, frozenset[str]]:
        return {Exposed(DEPLOYMENT, version, part): frozenset(marks)}

    one, other = containers
    one.add(Batch("t1", {}, exposed("2.0.0", 1, "1a", "1b")))
    other.add(Batch("t2", {}, exposed("2.0.0", 1, "1b") | exposed("2.0.0", 2, "2a")))
    other.add(Batch("t3", {}, exposed("3.0.0", 1, "1b", "1c")))

    assert ports.measurements.exposed(DEPLOYMENT, ["2.0.0"]) == 3
    assert ports.measurements.exposed(DEPLOYMENT, ["2.0.0", "3.0.0"]) == 4
    assert ports.measurements.exposed(DEPLOYMENT, ["2.0"]) == 0
    assert ports.measurements.exposed("dep_02", ["2.0.0"]) == 0


def test_what_is_usual_is_told_by_day_ring_and_group(ports: Ports, containers: Containers) -> None:
    beta = History("echo", "Production", 20_000, "beta")
    one, other = containers
    one.add(Batch("t1", {beta: {"r0": 5, "f0": 1, "r99": 2, "f99": 0}}, {}))
    other.add(Batch("t2", {beta: {"r0": 1, "f0": 0}, beta._replace(day=19_990): {"r3": 1, "f3": 1}}, {}))
    other.add(Batch("t3", {beta._replace(environment="QA"): {"r0": 7, "f0": 0}}, {}))

    assert ports.measurements.usual("echo", "Production", since_day=19_993) == (
        Usual(20_000, "beta", {0: Outcomes(6, 1), 99: Outcomes(2, 0)}),
    )


def test_traffic_is_told_by_time_and_version(ports: Ports, containers: Containers) -> None:
    blue = Traffic("echo", "Production", 100, "1.0.0")
    one, other = containers
    one.add(Batch("t1", {blue: {"requests": 2, "l5": 2}, blue._replace(version="2.0.0"): {"requests": 1}}, {}))
    other.add(Batch("t2", {blue: {"requests": 1, "failures": 1}, blue._replace(slot=99): {"requests": 9}}, {}))

    assert ports.measurements.traffic("echo", "Production", since_slot=100) == (
        Counted(100, "1.0.0", Outcomes(3, 1, Histogram.of({5: 2}))),
        Counted(100, "2.0.0", Outcomes(1)),
    )


def test_tenants_of_a_variant_are_counted_apart(ports: Ports, containers: Containers) -> None:
    arm = Arm(DEPLOYMENT, "2.0.0", "1a")
    one, other = containers
    one.add(Batch("t1", {arm: {"requests": 2, "failures": 1}, arm._replace(tenant="1b"): {"requests": 1}}, {}))
    other.add(Batch("t2", {arm: {"requests": 1}, arm._replace(version="1.0.0"): {"requests": 1}}, {}))

    assert ports.measurements.arms(DEPLOYMENT, "2.0.0") == {"1a": Outcomes(3, 1), "1b": Outcomes(1)}


def test_tenants_that_fail_are_counted_by_version_since_an_epoch(ports: Ports, containers: Containers) -> None:
    tried = Tried(DEPLOYMENT, 4, "2.0.0", "1a")
    one, other = containers
    one.add(Batch("t1", {tried: {"requests": 2, "failures": 1}, tried._replace(tenant="1b"): {"requests": 1}}, {}))
    other.add(
        Batch("t2", {tried: {"requests": 1, "failures": 1}, tried._replace(version="1.0.0"): {"requests": 5}}, {})
    )
    one.add(Batch("t3", {tried._replace(epoch=12): {"requests": 4, "failures": 4}}, {}))

    assert ports.measurements.failing(DEPLOYMENT, since_epoch=4) == {
        (4, "2.0.0", "1a"): Outcomes(3, 2),
        (4, "2.0.0", "1b"): Outcomes(1),
        (4, "1.0.0", "1a"): Outcomes(5),
        (12, "2.0.0", "1a"): Outcomes(4, 4),
    }
    assert ports.measurements.failing(DEPLOYMENT, since_epoch=5) == {(12, "2.0.0", "1a"): Outcomes(4, 4)}
    assert ports.measurements.failing("dep_02", since_epoch=0) == {}


def test_the_past_of_a_tenant_adds_up_since_a_day(ports: Ports, containers: Containers) -> None:
    past = Past("echo", "Production", 20_000, "1a")
    one, other = containers
    one.add(Batch("t1", {past: {"requests": 5, "failures": 2}, past._replace(day=19_999): {"requests": 90}}, {}))
    other.add(Batch("t2", {past: {"requests": 1, "failures": 0}, past._replace(tenant="1b"): {"requests": 7}}, {}))

    assert ports.measurements.past("echo", "Production", "1a", since_day=20_000) == Outcomes(6, 2)
    assert ports.measurements.past("echo", "Production", "1a", since_day=0) == Outcomes(96, 2)
    assert ports.measurements.past("echo", "QA", "1a", since_day=0) == Outcomes()


def test_observations_add_up_for_each_tenant_of_a_metric(ports: Ports) -> None:
    ports.measurements.observe(
        DEPLOYMENT, [Observed("1a", "sales", 2, 3.5, 6.25), Observed("1b", "sales", 1, 0.001, 0.0)]
    )
    ports.measurements.observe(
        DEPLOYMENT, [Observed("1a", "sales", 1, 1.5, 2.25), Observed("1a", "visits", 1, 7.0, 49.0)]
    )

    assert ports.measurements.observed(DEPLOYMENT, "sales") == {"1a": (3, 5.0), "1b": (1, 0.001)}
    assert ports.measurements.observed(DEPLOYMENT, "visits") == {"1a": (1, 7)}
    assert ports.measurements.observed("dep_02", "sales") == {}
