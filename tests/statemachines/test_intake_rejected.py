"""A package that is not what it should be is rejected with a finding, and nothing is published."""

from collections.abc import Callable

import pytest

from chalicelib.domain.versions import Version, VersionStatus
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.worlds import a_package, announce, finding_codes, intake_given, stored_version

CASES: dict[str, tuple[Callable[[FakeWorld], Version], str]] = {
    "nothing uploaded": (lambda world: announce(world, None), "PACKAGE_MISSING"),
    "other bytes": (lambda world: announce(world, a_package(), sha256_said="ab" * 32), "CHECKSUM_MISMATCH"),
    "other size": (lambda world: announce(world, a_package(), size_said=7), "SIZE_MISMATCH"),
    "not a zip": (lambda world: announce(world, b"plugin"), "NOT_A_ZIP"),
    "a way out": (lambda world: announce(world, a_package(files={"../echo.py": "x = 1"})), "ZIP_SLIP"),
    "another name": (lambda world: announce(world, a_package(name="other")), "MANIFEST_DISAGREES"),
    "another version": (lambda world: announce(world, a_package("9.9.9"), "1.0.0"), "MANIFEST_DISAGREES"),
    "another type": (lambda world: announce(world, a_package(type="AuthProvider")), "MANIFEST_DISAGREES"),
    "another entry point": (
        lambda world: announce(world, a_package(), entry_point_said="main:run"),
        "MANIFEST_DISAGREES",
    ),
    "no entry point": (lambda world: announce(world, a_package(files={"main.py": "x = 1"})), "ENTRY_POINT_MISSING"),
}


@pytest.mark.parametrize("make, code", CASES.values(), ids=CASES)
def test_an_unsound_package_is_rejected_with_a_finding_before_anything_is_published(
    make: Callable[[FakeWorld], Version], code: str, world: FakeWorld, run: Machines
) -> None:
    make(world)

    execution = run.run("intake", **intake_given())

    assert (execution.status, execution.end) == ("SUCCEEDED", "Rejected")
    assert execution.states == ["VerifyPackage", "IsPackageSound?", "RejectVersion", "HowDidItEnd?", "Rejected"]
    assert stored_version(world).status is VersionStatus.REJECTED
    assert code in finding_codes(world)
    assert all(finding.fix for finding in stored_version(world).findings)
    assert world.functions.functions == {}
    assert not any(key.startswith("builds/") for key in world.artifacts.objects)
