"""States ``MarkReady`` and ``RejectVersion``: a decision is made once."""

import pytest

from chalicelib.domain.versions import VersionStatus
from chalicelib.steps._step import UnexpectedStepError
from chalicelib.steps.mark_ready import mark_ready
from chalicelib.steps.measure_init import measure_init
from chalicelib.steps.publish_version import publish_version
from chalicelib.steps.reject_version import reject_version
from chalicelib.steps.verify_package import verify_package
from tests.steps.worlds import (
    a_package,
    a_ready_version,
    a_world,
    announce,
    answer_badly,
    finding_codes,
    intake_given,
    run,
    stored_version,
)


def test_a_version_that_was_never_published_can_not_become_ready() -> None:
    world = a_world()
    announce(world, a_package())
    run(verify_package, world.ports, **intake_given())

    with pytest.raises(UnexpectedStepError):
        run(mark_ready, world.ports, **intake_given())

    assert stored_version(world).status is VersionStatus.VERIFYING


def test_a_version_with_an_error_among_its_findings_can_not_become_ready() -> None:
    world = a_world()
    announce(world, a_package())
    answer_badly(world, "1.0.0", "EntryPointFailed", "ImportError")
    for handler in (verify_package, publish_version, measure_init):
        run(handler, world.ports, **intake_given())

    with pytest.raises(UnexpectedStepError):
        run(mark_ready, world.ports, **intake_given())

    assert stored_version(world).status is VersionStatus.VERIFYING


def test_a_version_that_was_published_and_does_not_start_loses_its_name() -> None:
    world = a_world()
    announce(world, a_package())
    answer_badly(world, "1.0.0", "EntryPointFailed", "ImportError")
    for handler in (verify_package, publish_version, measure_init):
        run(handler, world.ports, **intake_given())
    assert world.functions.find_version_alias("echo", "v1-0-0") is not None

    answer = run(reject_version, world.ports, **intake_given())

    assert answer == {"status": "Rejected"}
    assert world.functions.find_version_alias("echo", "v1-0-0") is None


def test_a_version_that_is_given_back_keeps_its_name_for_the_next_attempt() -> None:
    world = a_world()
    announce(world, a_package())
    for handler in (verify_package, publish_version):
        run(handler, world.ports, **intake_given())

    answer = run(reject_version, world.ports, **intake_given(error={"Error": "States.Timeout", "Cause": ""}))

    assert answer == {"status": "Draft"}
    assert world.functions.find_version_alias("echo", "v1-0-0") is not None


def test_a_ready_version_is_never_rejected() -> None:
    world = a_world()
    version = a_ready_version(world)

    answer = run(reject_version, world.ports, **intake_given(error={"Error": "States.Timeout", "Cause": ""}))

    assert answer == {"status": "Ready"}
    assert stored_version(world) == version


def test_findings_about_the_package_are_not_mixed_with_a_failure_of_ours() -> None:
    world = a_world()
    announce(world, b"not a zip")
    run(verify_package, world.ports, **intake_given())

    run(reject_version, world.ports, **intake_given(error={"Error": "States.Timeout", "Cause": ""}))

    assert finding_codes(world) == ["NOT_A_ZIP"]


def test_a_version_that_is_gone_has_nothing_left_to_reject() -> None:
    assert run(reject_version, a_world().ports, **intake_given()) == {"status": "Deleted"}


def test_the_first_measurement_of_a_start_stays() -> None:
    world = a_world()
    announce(world, a_package())
    for handler in (verify_package, publish_version, measure_init):
        run(handler, world.ports, **intake_given())
    metrics = {"initMs": 0.1, "runMs": 0.1, "coldStart": False}
    probe = {"name": "echo", "version": "1.0.0", "sha256": stored_version(world).sha256}
    world.functions.respond("echo", "v1-0-0", {"ok": True, "probe": probe, "metrics": metrics})

    run(measure_init, world.ports, **intake_given())

    assert stored_version(world).init_ms == 12.5
