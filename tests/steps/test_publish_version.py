"""State ``PublishVersion``: the lease is given back whatever happens, and wrong code gets no name."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import ConflictError, TransientError
from chalicelib.domain.health import NOBODY
from chalicelib.domain.isolation import IsolationFixedError
from chalicelib.domain.versions import VersionStatus
from chalicelib.steps._step import UnexpectedStepError
from chalicelib.steps.measure_init import measure_init
from chalicelib.steps.publish_version import WrongCodeError, publish_version
from chalicelib.steps.reject_version import reject_version
from chalicelib.steps.verify_package import verify_package
from tests.fakes import FakeWorld
from tests.fakes.functions import FakeFunction
from tests.steps.worlds import PLUGIN, a_package, a_world, announce, intake_given, run, stored_version


@pytest.fixture(name="world")
def verified_world() -> FakeWorld:
    world = a_world()
    announce(world, a_package())
    run(verify_package, world.ports, **intake_given())
    return world


def test_it_answers_with_the_lambda_version_and_gives_the_lease_back(world: FakeWorld) -> None:
    answer = run(publish_version, world.ports, **intake_given())

    assert answer == {"lambda_version": "1"}
    assert stored_version(world).lambda_version == "1"
    assert world.tables.publish_leases == {}


@pytest.mark.parametrize("method", ["stage", "publish", "put_version_alias"])
@pytest.mark.parametrize(
    "error, raised",
    [
        (TransientError("throttled"), TransientError),
        (ConflictError("no"), ConflictError),
        (OSError("a bug"), UnexpectedStepError),
    ],
    ids=["transient", "domain", "bug"],
)
def test_the_publish_lease_is_given_back_whatever_fails(
    world: FakeWorld, method: str, error: Exception, raised: type[Exception]
) -> None:
    world.functions.fail_next(method, error)

    with pytest.raises(raised):
        run(publish_version, world.ports, **intake_given())

    assert world.tables.publish_leases == {}


def test_a_build_that_was_exchanged_after_its_verification_gets_no_alias(world: FakeWorld) -> None:
    world.artifacts.put(stored_version(world).build_key, b"something else")

    with pytest.raises(WrongCodeError):
        run(publish_version, world.ports, **intake_given())

    assert world.functions.find_version_alias(PLUGIN, "v1-0-0") is None
    assert world.tables.publish_leases == {}


def test_an_alias_that_holds_other_code_is_not_taken_for_ours(world: FakeWorld) -> None:
    run(publish_version, world.ports, **intake_given())
    key = PLUGIN, "1.0.0"
    world.tables.versions[key] = replace(world.tables.versions[key], code_sha256="other")

    with pytest.raises(WrongCodeError):
        run(publish_version, world.ports, **intake_given())


@pytest.mark.parametrize("asked, kept", [(None, {}), (2, {"v1-0-0": 2})])
def test_r16_containers_are_kept_for_the_versions_alias_and_for_no_environments(
    asked: int | None, kept: dict[str, int]
) -> None:
    world = a_world()
    announce(world, a_package(resources={} if asked is None else {"provisionedConcurrency": asked}))
    run(verify_package, world.ports, **intake_given())

    run(publish_version, world.ports, **intake_given())

    assert world.functions.functions[PLUGIN].started == kept


def test_containers_are_kept_also_if_a_run_before_died_after_the_alias() -> None:
    world = a_world()
    announce(world, a_package(resources={"provisionedConcurrency": 2}))
    run(verify_package, world.ports, **intake_given())
    world.functions.fail_next("keep_started", TransientError("throttled"))
    with pytest.raises(TransientError):
        run(publish_version, world.ports, **intake_given())

    run(publish_version, world.ports, **intake_given())

    assert world.functions.functions[PLUGIN].started == {"v1-0-0": 2}


def test_a_version_that_asks_for_another_isolation_than_its_function_has_is_rejected_and_told_why() -> None:
    world = a_world()
    world.functions.functions[PLUGIN] = FakeFunction(is_isolated=True)
    announce(world, a_package())
    run(verify_package, world.ports, **intake_given())

    for _ in range(2):  # a repeat says it once
        with pytest.raises(IsolationFixedError):
            run(publish_version, world.ports, **intake_given())
    run(reject_version, world.ports, **intake_given())

    version = stored_version(world)
    assert version.status is VersionStatus.REJECTED
    assert [finding.code for finding in version.findings] == ["MANIFEST_ISOLATION_FIXED"]
    assert world.tables.publish_leases == {}


def test_the_entry_point_of_an_isolated_version_is_probed_in_a_container_of_nobodys() -> None:
    world = a_world()
    announce(world, a_package(isolation="per_tenant"))
    run(verify_package, world.ports, **intake_given())
    run(publish_version, world.ports, **intake_given())
    world.functions.respond(PLUGIN, "v1-0-0", {"ok": False, "failure": {"message": "no"}})

    run(measure_init, world.ports, **intake_given())

    assert [call.isolated_for for call in world.functions.calls] == [NOBODY]
