"""A sound package becomes a Ready version."""

from chalicelib.domain.versions import VersionStatus
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.worlds import PLUGIN, TRACE, a_package, announce, intake_given, stored_version


def test_a_sound_package_goes_through_every_state_to_ready(world: FakeWorld, run: Machines) -> None:
    announce(world, a_package())

    execution = run.run("intake", **intake_given())

    assert execution.status == "SUCCEEDED"
    assert execution.states == [
        "VerifyPackage",
        "IsPackageSound?",
        "PublishVersion",
        "MeasureInit",
        "IsEntryPointSound?",
        "MarkReady",
        "Ready",
    ]


def test_a_ready_version_knows_what_was_published_and_how_it_starts(world: FakeWorld, run: Machines) -> None:
    announce(world, a_package())

    run.run("intake", **intake_given())

    version = stored_version(world)
    published = world.functions.find_version_alias(PLUGIN, "v1-0-0")
    assert published is not None
    assert (version.status, version.findings, version.init_ms) == (VersionStatus.READY, (), 12.5)
    assert (version.lambda_version, version.code_sha256) == (published.lambda_version, published.code_sha256)
    assert version.manifest["healthCheck"] == {"operation": "ping", "input": {"n": 1}}


def test_a_package_that_was_announced_without_digest_gets_the_one_of_its_bytes(world: FakeWorld, run: Machines) -> None:
    package = a_package()
    announce(world, package, is_announced=False)

    execution = run.run("intake", **intake_given())

    assert execution.end == "Ready"
    assert stored_version(world).size == len(package)
    assert len(stored_version(world).sha256) == 64


def test_every_change_of_the_intake_is_on_the_record_with_its_trace(world: FakeWorld, run: Machines) -> None:
    announce(world, a_package())

    run.run("intake", **intake_given())

    records = [one for one in world.tables.records if one.actor == "system"]
    assert [one.action for one in records] == ["VerifyPackage", "PublishVersion", "MeasureInit", "MarkReady"]
    assert {one.trace_id for one in records} == {TRACE}
    assert {one.on_behalf_of for one in records} == {stored_version(world).created_by} != {""}
