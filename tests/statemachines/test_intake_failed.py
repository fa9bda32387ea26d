"""When the intake itself fails, its author learns whose fault it is, and the version number is not used up."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import TransientError
from chalicelib.domain.plugins import PluginStatus
from chalicelib.domain.versions import VersionStatus
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines, raises
from tests.steps.worlds import PLUGIN, a_package, announce, answer_truly, finding_codes, intake_given, stored_version

TRIES = 9


@pytest.mark.parametrize("function", ["verify_package", "publish_version", "measure_init", "mark_ready"])
def test_an_unexpected_error_gives_the_draft_back_and_blames_the_intake(
    function: str, world: FakeWorld, run: Machines
) -> None:
    announce(world, a_package())
    run.functions.before_next(function, raises(RuntimeError("secret detail of ours")))

    execution = run.run("intake", **intake_given())

    (finding,) = stored_version(world).findings
    assert execution.states[-3:] == ["RejectVersion", "HowDidItEnd?", "IntakeFailed"]
    assert stored_version(world).status is VersionStatus.DRAFT
    assert finding.code == "INTAKE_FAILED"
    assert "again" in finding.fix


@pytest.mark.parametrize("function", ["verify_package", "publish_version", "measure_init", "mark_ready"])
def test_the_next_attempt_makes_the_same_version_ready(function: str, world: FakeWorld, run: Machines) -> None:
    version = announce(world, a_package())
    answer_truly(world, "1.0.0", version.sha256)
    run.functions.before_next(function, raises(RuntimeError("we failed")))
    run.run("intake", **intake_given())

    execution = run.run("intake", "second-attempt", **intake_given())

    assert execution.end == "Ready"
    assert stored_version(world).status is VersionStatus.READY


def test_a_version_that_was_ready_before_the_answer_got_lost_stays_ready(world: FakeWorld, run: Machines) -> None:
    announce(world, a_package())
    run.functions.after_next("mark_ready", raises(RuntimeError("the answer got lost")))

    execution = run.run("intake", **intake_given())

    assert execution.states[-3:] == ["RejectVersion", "HowDidItEnd?", "Ready"]
    assert stored_version(world).status is VersionStatus.READY


def test_an_outage_delays_the_decision_and_does_not_lose_it(world: FakeWorld, run: Machines) -> None:
    announce(world, b"not a zip")
    for _ in range(TRIES):
        run.functions.before_next("reject_version", raises(TransientError("the table does not answer")))

    execution = run.run("intake", **intake_given())

    assert execution.states[-4:] == ["RestBeforeRejecting", "RejectVersion", "HowDidItEnd?", "Rejected"]
    assert stored_version(world).status is VersionStatus.REJECTED
    assert finding_codes(world) == ["NOT_A_ZIP"]


def test_a_plugin_that_was_deleted_meanwhile_gets_no_function_back(world: FakeWorld, run: Machines) -> None:
    announce(world, a_package())
    deleted = replace(world.ports.plugins.get(PLUGIN), status=PluginStatus.DELETED)
    run.functions.before_next("publish_version", lambda _: world.tables.plugins.update({PLUGIN: deleted}))

    execution = run.run("intake", **intake_given())

    assert execution.end == "Rejected"
    assert [version.status for version in world.tables.versions.values()] == [VersionStatus.DELETED]
    assert world.functions.functions == {}


def test_a_version_that_was_deleted_meanwhile_stays_deleted(world: FakeWorld, run: Machines) -> None:
    version = announce(world, a_package())
    deleted = replace(version, status=VersionStatus.DELETED)
    key = PLUGIN, version.version
    run.functions.before_next("verify_package", lambda _: world.tables.versions.update({key: deleted}))

    execution = run.run("intake", **intake_given())

    assert execution.end == "Rejected"
    assert world.tables.versions[key] == deleted
