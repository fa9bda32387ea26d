"""Two versions of one plugin share ``$LATEST`` and never mix."""

from datetime import timedelta

from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.worlds import PLUGIN, a_package, announce, intake_given, stored_version


def test_a_version_waits_while_another_one_is_being_published(world: FakeWorld, run: Machines) -> None:
    announce(world, a_package())
    now = world.clock.now()
    world.ports.publish_leases.acquire(PLUGIN, "2.0.0", now=now, until=now + timedelta(seconds=20))
    for _ in range(3):
        run.functions.before_next("publish_version", lambda _: world.clock.advance(seconds=7))

    execution = run.run("intake", **intake_given())

    assert execution.end == "Ready"
    assert run.functions.called.count("publish_version") == 3
    assert world.tables.publish_leases == {}


def test_code_that_was_staged_by_another_is_never_published_under_our_number(world: FakeWorld, run: Machines) -> None:
    announce(world, a_package("1.0.0"), "1.0.0")
    announce(world, a_package("2.0.0"), "2.0.0")
    run.run("intake", name="two", **intake_given("2.0.0"))
    staged_by_two = world.functions.functions[PLUGIN].code_sha256

    run.run("intake", name="one", **intake_given("1.0.0"))

    one, two = stored_version(world, "1.0.0"), stored_version(world, "2.0.0")
    assert two.code_sha256 == staged_by_two
    assert one.code_sha256 != two.code_sha256
    assert [code for code, _ in world.functions.functions[PLUGIN].published] == [two.code_sha256, one.code_sha256]


def test_a_publish_that_died_with_its_lease_does_not_block_the_next_version(world: FakeWorld, run: Machines) -> None:
    announce(world, a_package("2.0.0"), "2.0.0")
    now = world.clock.now()
    world.ports.publish_leases.acquire(PLUGIN, "1.0.0", now=now, until=now + timedelta(seconds=20))
    run.functions.before_next("publish_version", lambda _: world.clock.advance(seconds=21))

    execution = run.run("intake", **intake_given("2.0.0"))

    assert execution.end == "Ready"
