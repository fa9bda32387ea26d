"""What a container counts, and when it is written: never in a call's way, never twice, at once when it matters."""

from threading import Event

import pytest

from chalicelib.domain.errors import TransientError
from chalicelib.domain.resolution import bucket_of
from chalicelib.domain.routes import Route, SplitBy, Target, Variant
from chalicelib.domain.tallies import Batch, Call, History, Past, Phase, Traffic, Tried, mark, past_mark
from chalicelib.domain.tenants import Tenant
from chalicelib.services.tallies import EARLY_SECONDS, MAX_BATCH, PAUSE_SECONDS, Tallies
from tests.fakes import FakeClock
from tests.fakes.measurements import FakeMeasurements, FakeTallyLedger

BLUE, GREEN = (Target(f"{number}.0.0", f"v{number}-0-0", str(number), "aa") for number in (1, 2))
QUIET = Route("echo", "Production", "salt", stable=BLUE, epoch=1)
LIVE = QUIET._replace(candidate=GREEN, candidate_bps=1_000, deployment_id="dep_01", epoch=3)
ACME = Tenant("acme", "acme", "", "")
PATIENCE_SECONDS = 30


class Container:
    """A container that counts."""

    def __init__(self) -> None:
        self.ledger = FakeTallyLedger()
        self.clock = FakeClock()
        self.tallies = Tallies(self.ledger, self.clock)
        self.measured = FakeMeasurements(self.ledger)

    def count(
        self, route: Route = LIVE, target: Target = GREEN, *, tenant: str = "acme", failed: bool = False, times: int = 1
    ) -> None:
        for _ in range(times):
            self.tallies.count(
                Call(route, ACME._replace(id=tenant), target, is_split=True, has_failed=failed, duration_ms=12.0)
            )

    @property
    def writes(self) -> int:
        return len(self.ledger.tokens)

    def counted(self) -> list[tuple[str, int, int]]:
        rows = self.measured.phases("dep_01")
        return [(row.phase.version, row.outcomes.requests, row.outcomes.failures) for row in rows]


@pytest.fixture
def container() -> Container:
    return Container()


def test_nothing_is_written_within_a_minute_while_nothing_is_tried(container: Container) -> None:
    container.count(QUIET, BLUE, times=500)
    container.clock.advance(seconds=59)
    container.count(QUIET, BLUE, failed=True)
    assert container.writes == 0

    container.clock.advance(seconds=1)
    container.count(QUIET, BLUE)

    assert container.writes == 1


def test_while_something_is_tried_it_is_written_once_a_second(container: Container) -> None:
    container.count()
    first = container.writes
    container.count(times=50)
    container.count(target=BLUE, times=50)
    assert container.writes == first == 1

    container.clock.advance(seconds=1)
    container.count()

    assert container.writes == 2
    assert container.counted() == [("1.0.0", 50, 0), ("2.0.0", 52, 0)]


def test_the_first_failure_of_a_phase_does_not_wait(container: Container) -> None:
    container.count(times=10)
    container.count(failed=True)
    assert container.counted() == [("2.0.0", 11, 1)]

    container.count(failed=True)
    assert container.counted() == [("2.0.0", 11, 1)]

    container.count(LIVE._replace(epoch=4, candidate_bps=3_000), failed=True)
    assert [counted for _, counted, _ in container.counted()] == [12, 1]


def test_a_failure_of_stable_waits_for_the_next_write(container: Container) -> None:
    container.count()

    container.count(target=BLUE, failed=True)

    assert container.writes == 1


def test_tenants_that_a_version_on_trial_has_served_are_named_once(container: Container) -> None:
    for tenant in ("acme", "globex", "acme"):
        container.count(tenant=tenant)
        container.clock.advance(seconds=1)
    container.count(target=BLUE, tenant="initech")

    assert container.measured.exposed("dep_01", ["2.0.0"]) == 2
    assert container.measured.exposed("dep_01", ["1.0.0"]) == 0
    assert "acme" not in repr(container.ledger.marks)


def test_a_ledger_that_is_away_costs_no_call_and_loses_no_count(container: Container) -> None:
    container.ledger.fail_next(TransientError("away"))
    container.count(times=3)
    container.clock.advance(seconds=PAUSE_SECONDS - 1)
    container.count(failed=True)
    assert container.writes == 0

    container.clock.advance(seconds=1)
    container.count()

    assert container.counted() == [("2.0.0", 5, 1)]


def test_any_error_of_the_ledger_stays_away_from_the_call_and_is_logged(
    container: Container, caplog: pytest.LogCaptureFixture
) -> None:
    container.ledger.fail_next(RuntimeError("a bug"))

    container.count(failed=True)

    assert container.writes == 0
    assert caplog.messages == ["counts of calls wait to be written: RuntimeError"]


def test_what_tenants_do_becomes_their_history_by_ring_and_group(container: Container) -> None:
    container.count(QUIET, BLUE, failed=True)
    container.count(QUIET, BLUE, tenant="globex", times=2)
    container.clock.advance(seconds=60)
    container.count(QUIET, BLUE)

    (history,) = (place for place in container.ledger.tallies if isinstance(place, History))
    acme, globex = (bucket_of("echo", "salt", tenant) // 100 for tenant in ("acme", "globex"))
    assert history[:2] + history[3:] == ("echo", "Production", "general")
    assert container.ledger.tallies[history] == {f"r{acme}": 2, f"f{acme}": 1, f"r{globex}": 2, f"f{globex}": 0}


def test_what_is_tried_is_no_history_and_a_pin_only_traffic(container: Container) -> None:
    container.count(times=3, failed=True)
    container.tallies.count(Call(LIVE, ACME, BLUE, is_split=False, has_failed=True, duration_ms=1.0))
    container.clock.advance(seconds=60)
    container.count()

    kinds = {type(place) for place in container.ledger.tallies}
    assert kinds == {Phase, Traffic, Tried}
    assert container.counted() == [("2.0.0", 4, 3)]


def test_an_experiment_counts_each_tenant_of_each_arm(container: Container) -> None:
    arms = Variant("A", BLUE, 5_000), Variant("B", GREEN, 2_000)
    route = QUIET._replace(variants=arms, deployment_id="dep_01", epoch=3)
    container.count(route, BLUE, tenant="globex")
    container.clock.advance(seconds=1)
    container.count(route, GREEN, failed=True)

    (outcomes,) = container.measured.arms("dep_01", "2.0.0").values()
    assert (outcomes.requests, outcomes.failures) == (1, 1)
    reaches = {row.phase.version: row.phase[4:6] for row in container.measured.phases("dep_01")}
    assert reaches == {"1.0.0": (0, 5_000), "2.0.0": (5_000, 7_000)}


def test_a_tenant_that_fails_is_counted_alone_on_either_side(container: Container) -> None:
    container.count(times=5)
    container.count(failed=True, times=3)
    container.count(target=BLUE, tenant="globex", failed=True, times=2)
    container.clock.advance(seconds=1)
    container.count(tenant="initech")

    failing = container.measured.failing("dep_01", since_epoch=3)
    assert {key: (each.requests, each.failures) for key, each in failing.items()} == {
        (3, "2.0.0", mark("dep_01", "acme")): (2, 2),
        (3, "1.0.0", mark("dep_01", "globex")): (1, 1),
    }


def test_what_stable_did_for_a_tenant_that_fails_is_its_past(container: Container) -> None:
    container.count(QUIET, BLUE, failed=True)
    container.count(QUIET, BLUE, times=8)
    container.count(tenant="acme", failed=True)
    container.clock.advance(seconds=60)
    container.count(QUIET, BLUE, failed=True)

    (past,) = (place for place in container.ledger.tallies if isinstance(place, Past))
    assert past[:2] + past[3:] == ("echo", "Production", past_mark("echo", "Production", "acme"))
    assert container.ledger.tallies[past] == {"requests": 9, "failures": 1}


def test_counts_of_single_tenants_that_can_not_be_written_are_let_go(container: Container) -> None:
    class Choosy(FakeTallyLedger):
        def add(self, batch: Batch) -> None:
            if any(isinstance(place, Tried) for place in batch.tallies):
                raise TransientError("too many write here")
            super().add(batch)

    ledger = Choosy()
    container.tallies = Tallies(ledger, container.clock)
    for _ in range(3):
        container.count(failed=True, times=3)
        container.clock.advance(seconds=1)
    container.count()

    assert [row.outcomes.requests for row in FakeMeasurements(ledger).phases("dep_01")] == [10]


def test_a_route_that_is_not_shifted_yet_is_no_trial(container: Container) -> None:
    offered = LIVE._replace(candidate_bps=0, split_by=SplitBy.REQUEST)

    container.count(offered, BLUE, times=3)

    assert container.writes == 0


def test_more_than_a_transaction_holds_is_written_in_several(container: Container) -> None:
    arms = Variant("A", BLUE, 5_000), Variant("B", GREEN, 5_000)
    route = QUIET._replace(variants=arms, deployment_id="dep_01", epoch=3)
    for number in range(2 * MAX_BATCH):
        container.count(route, GREEN, tenant=f"tenant-{number}")
    container.clock.advance(seconds=1)
    container.count(route, GREEN)

    assert container.writes >= 3
    assert len(container.measured.arms("dep_01", "2.0.0")) == 2 * MAX_BATCH + 1
    assert container.measured.exposed("dep_01", ["2.0.0"]) == 2 * MAX_BATCH + 1


def test_a_busy_container_writes_while_a_call_waits_for_its_plugin_and_not_at_the_end_of_one(
    container: Container,
) -> None:
    container.count(times=3)
    container.clock.advance(seconds=1 - EARLY_SECONDS)
    before = container.writes

    with container.tallies.meanwhile():
        pass
    container.clock.advance(seconds=EARLY_SECONDS)
    container.count()

    assert container.writes == before + 1
    assert container.counted() == [("2.0.0", 3, 0)]


def test_a_call_goes_on_while_counts_are_written_and_ends_when_they_are(container: Container) -> None:
    container.count(times=3)
    container.clock.advance(seconds=1)
    began, may_end = Event(), Event()
    add = container.ledger.add

    def slowly(batch: Batch) -> None:
        began.set()
        assert may_end.wait(PATIENCE_SECONDS)
        add(batch)

    container.ledger.add = slowly  # type: ignore[method-assign]
    with container.tallies.meanwhile():
        assert began.wait(PATIENCE_SECONDS)
        may_end.set()

    assert container.counted() == [("2.0.0", 3, 0)]


def test_nothing_is_written_meanwhile_that_is_not_nearly_due(container: Container) -> None:
    with container.tallies.meanwhile():
        assert container.writes == 0
    container.count(times=3)
    before = container.writes

    with container.tallies.meanwhile():
        pass

    assert container.writes == before


def test_a_container_that_was_busy_before_a_trial_lets_its_first_call_wait_for_no_write(container: Container) -> None:
    container.count(QUIET, BLUE)
    container.clock.advance(seconds=0.02)
    container.count()
    assert container.writes == 0

    container.clock.advance(seconds=1)
    container.count()

    assert container.counted() == [("2.0.0", 2, 0)]


def test_what_can_not_be_written_meanwhile_is_kept(container: Container) -> None:
    container.count()
    container.count(times=2)
    container.clock.advance(seconds=1)
    container.ledger.fail_next(TransientError("away"))

    with container.tallies.meanwhile():
        pass
    container.clock.advance(seconds=PAUSE_SECONDS)
    container.count()

    assert container.counted() == [("2.0.0", 4, 0)]
