"""State ``VerifyPackage``, beyond what the machine's scenarios show."""

from hashlib import sha256

import pytest

from chalicelib.domain.findings import Finding
from chalicelib.domain.versions import VersionStatus
from chalicelib.steps._intake import IntakeEndedError
from chalicelib.steps.reject_version import reject_version
from chalicelib.steps.verify_package import verify_package
from tests.steps.worlds import (
    a_package,
    a_ready_version,
    a_world,
    announce,
    finding_codes,
    intake_given,
    run,
    stored_version,
)


def test_a_sound_package_is_built_under_its_own_digest() -> None:
    world = a_world()
    package = a_package()
    announce(world, package)

    answer = run(verify_package, world.ports, **intake_given())

    version = stored_version(world)
    assert answer == {"is_sound": True}
    assert (version.sha256, version.size, version.object_version) == (sha256(package).hexdigest(), len(package), "v1")
    assert version.build_key in world.artifacts.objects


def test_the_bytes_that_were_read_first_are_the_ones_that_count() -> None:
    world = a_world()
    package = a_package()
    version = announce(world, package, is_announced=False)
    run(verify_package, world.ports, **intake_given())
    world.artifacts.put(version.package_key, a_package(files={"echo.py": "def handle(*_): return {'evil': 1}\n"}))

    answer = run(verify_package, world.ports, **intake_given())

    assert answer == {"is_sound": True}
    assert stored_version(world).sha256 == sha256(package).hexdigest()
    assert stored_version(world).object_version == "v1"


def test_two_wrong_things_are_both_told() -> None:
    world = a_world()
    announce(world, a_package(), sha256_said="ab" * 32, size_said=7)

    run(verify_package, world.ports, **intake_given())

    assert finding_codes(world) == ["CHECKSUM_MISMATCH", "SIZE_MISMATCH"]


def test_a_warning_stays_with_a_version_that_is_sound() -> None:
    world = a_world()
    announce(world, a_package(files={"echo.py": "def handle(operation, input, context): ...\n", "x.dll": "MZ"}))

    answer = run(verify_package, world.ports, **intake_given())

    assert answer == {"is_sound": True}
    assert [one.severity for one in stored_version(world).findings] == ["warning"]


def test_a_version_that_is_ready_is_not_read_again() -> None:
    world = a_world()
    version = a_ready_version(world)
    world.artifacts.objects.clear()

    answer = run(verify_package, world.ports, **intake_given())

    assert answer == {"is_sound": True}
    assert stored_version(world) == version


def test_a_rejected_version_is_not_taken_up_again() -> None:
    world = a_world()
    announce(world, b"not a zip")
    run(verify_package, world.ports, **intake_given())
    run(reject_version, world.ports, **intake_given())

    with pytest.raises(IntakeEndedError):
        run(verify_package, world.ports, **intake_given())

    assert stored_version(world).status is VersionStatus.REJECTED


def test_a_repeated_run_leaves_no_second_record() -> None:
    world = a_world()
    announce(world, a_package())

    for _ in range(2):
        run(verify_package, world.ports, **intake_given())

    assert world.tables.actions.count("VerifyPackage") == 1


def test_a_missing_package_tells_how_to_upload_one() -> None:
    world = a_world()
    announce(world, None)

    answer = run(verify_package, world.ports, **intake_given())

    (finding,) = stored_version(world).findings
    assert answer == {"is_sound": False}
    assert isinstance(finding, Finding)
    assert "upload.url" in finding.fix


def test_a_schema_of_which_no_check_can_be_made_is_a_finding_and_no_failure_of_ours() -> None:
    world = a_world()
    circle = {"definitions": {"a": {"$ref": "#/definitions/a"}}, "$ref": "#/definitions/missing"}
    announce(world, a_package(operations={"handle": {"input": circle}}, healthCheck=None))

    answer = run(verify_package, world.ports, **intake_given())

    (finding,) = stored_version(world).findings
    assert answer == {"is_sound": False}
    assert finding.where.startswith("plugin.json#/operations/handle/input")
