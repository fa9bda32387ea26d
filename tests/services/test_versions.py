"""Versions: announced once, uploaded as announced, taken in once, never reused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    PayloadTooLargeError,
    TransientError,
    ValidationError,
)
from chalicelib.domain.plugins import PluginType
from chalicelib.domain.versions import Version, VersionStatus
from chalicelib.services.plugins import RegisterPlugin, register_plugin
from chalicelib.services.versions import (
    INTAKE_LIFETIME,
    MAX_PACKAGE_BYTES,
    CreateVersion,
    FinalizeVersion,
    allow_download,
    create_version,
    finalize_version,
    intake_name,
)
from tests.fakes import FakeWorld

ANA = Caller("ana", frozenset({Role.DEVELOPER}), trace_id="trace-1")
BOB = Caller("bob", frozenset({Role.DEVELOPER}))
ANNOUNCED = CreateVersion(ANA, "echo", "1.0.0", sha256="ab" * 32, size=7)
FINALIZE = FinalizeVersion(ANA, "echo", "1.0.0")


@pytest.fixture
def world() -> FakeWorld:
    """Make a world in which ana has registered echo and announced 1.0.0."""
    world = FakeWorld()
    register_plugin(RegisterPlugin(ANA, "echo", PluginType.OTHER), world.ports)
    create_version(ANNOUNCED, world.ports)
    return world


def the_version(world: FakeWorld) -> Version:
    return world.ports.versions.get("echo", "1.0.0")


def test_an_announced_version_is_a_draft_with_an_upload_that_binds_its_bytes(world: FakeWorld) -> None:
    version, upload = create_version(ANNOUNCED._replace(version="1.1.0"), world.ports)

    assert (version.status, version.created_by) == (VersionStatus.DRAFT, "ana")
    assert upload.method == "PUT"
    assert upload.headers["x-amz-checksum-sha256"] == "ab" * 32
    assert upload.expires_at == "2026-11-22T15:15:00.000Z"


def test_the_same_announcement_again_signs_a_new_upload_since_the_first_may_have_expired(world: FakeWorld) -> None:
    world.clock.advance(seconds=3600)

    version, upload = create_version(ANNOUNCED, world.ports)

    assert version == the_version(world)
    assert upload.expires_at == "2026-11-22T16:15:00.000Z"
    assert world.tables.actions.count("CreateVersion") == 1


def test_a_number_is_never_announced_with_other_bytes(world: FakeWorld) -> None:
    with pytest.raises(ConflictError, match="never reused"):
        create_version(ANNOUNCED._replace(sha256="cd" * 32), world.ports)

    assert the_version(world).sha256 == "ab" * 32


@pytest.mark.parametrize("status", [status for status in VersionStatus if status is not VersionStatus.DRAFT])
def test_a_number_is_never_reused_whatever_became_of_it(world: FakeWorld, status: VersionStatus) -> None:
    world.tables.versions["echo", "1.0.0"] = replace(the_version(world), status=status)

    with pytest.raises(ConflictError):
        create_version(ANNOUNCED, world.ports)


@pytest.mark.parametrize("number", ["01.0.0", "1.0", "latest"])
def test_a_number_that_is_not_semver_announces_nothing(world: FakeWorld, number: str) -> None:
    with pytest.raises(ValidationError):
        create_version(ANNOUNCED._replace(version=number), world.ports)

    assert len(world.tables.versions) == 1


def test_a_package_of_101_megabytes_is_refused_before_it_is_sent(world: FakeWorld) -> None:
    with pytest.raises(PayloadTooLargeError):
        create_version(ANNOUNCED._replace(version="1.1.0", size=MAX_PACKAGE_BYTES + 1), world.ports)


@pytest.mark.parametrize("sha256, size", [("ab" * 32, 0), ("", 7)])
def test_digest_and_size_are_announced_together(world: FakeWorld, sha256: str, size: int) -> None:
    with pytest.raises(ValidationError, match="go together"):
        create_version(ANNOUNCED._replace(version="1.1.0", sha256=sha256, size=size), world.ports)


def test_nobody_publishes_into_the_plugin_of_someone_else(world: FakeWorld) -> None:
    world.artifacts.put(the_version(world).package_key, b"package")

    with pytest.raises(ForbiddenError):
        create_version(ANNOUNCED._replace(caller=BOB, version="6.6.6"), world.ports)
    with pytest.raises(ForbiddenError):
        finalize_version(FINALIZE._replace(caller=BOB), world.ports)

    assert world.executions.started == {}


def test_a_dry_run_of_a_version_changes_nothing(world: FakeWorld) -> None:
    world.artifacts.put(the_version(world).package_key, b"package")

    create_version(ANNOUNCED._replace(version="1.1.0", validate_only=True), world.ports)
    would_be = finalize_version(FINALIZE._replace(validate_only=True), world.ports)

    assert would_be.status is VersionStatus.VERIFYING
    assert the_version(world).status is VersionStatus.DRAFT
    assert len(world.tables.versions) == 1


def test_finalizing_starts_one_intake_with_ids_only(world: FakeWorld) -> None:
    world.artifacts.put(the_version(world).package_key, b"package")

    verifying = finalize_version(FINALIZE, world.ports)

    assert verifying.status is VersionStatus.VERIFYING
    assert world.executions.started == {
        intake_name(verifying): ("intake", {"plugin_id": "echo", "version": "1.0.0", "trace_id": "trace-1"})
    }


def test_finalizing_twice_runs_one_intake(world: FakeWorld) -> None:
    world.artifacts.put(the_version(world).package_key, b"package")
    finalize_version(FINALIZE, world.ports)

    finalize_version(FINALIZE, world.ports)

    assert len(world.executions.started) == 1
    assert world.tables.actions.count("FinalizeVersion") == 1


def test_finalizing_again_starts_the_intake_when_we_died_before_it_started(world: FakeWorld) -> None:
    world.artifacts.put(the_version(world).package_key, b"package")
    world.executions.is_down = True
    with pytest.raises(TransientError):
        finalize_version(FINALIZE, world.ports)
    world.executions.is_down = False

    finalize_version(FINALIZE, world.ports)

    assert len(world.executions.started) == 1


def test_an_intake_that_was_killed_can_be_begun_again_when_it_is_surely_over(world: FakeWorld) -> None:
    world.artifacts.put(the_version(world).package_key, b"package")
    finalize_version(FINALIZE, world.ports)
    world.clock.advance(seconds=INTAKE_LIFETIME.total_seconds() - 1)
    finalize_version(FINALIZE, world.ports)
    assert len(world.executions.started) == 1

    world.clock.advance(seconds=2)
    finalize_version(FINALIZE, world.ports)

    assert len(world.executions.started) == 2


def test_finalizing_without_an_upload_says_how_to_upload_and_leaves_the_draft(world: FakeWorld) -> None:
    with pytest.raises(ConflictError) as refused:
        finalize_version(FINALIZE, world.ports)

    assert "upload.url" in refused.value.fix
    assert the_version(world).status is VersionStatus.DRAFT


@pytest.mark.parametrize("status", [VersionStatus.READY, VersionStatus.REJECTED])
def test_a_decided_version_is_not_finalized_again(world: FakeWorld, status: VersionStatus) -> None:
    world.tables.versions["echo", "1.0.0"] = replace(the_version(world), status=status)

    with pytest.raises(ConflictError):
        finalize_version(FINALIZE, world.ports)


def test_an_unknown_version_is_not_finalized(world: FakeWorld) -> None:
    with pytest.raises(NotFoundError):
        finalize_version(FINALIZE._replace(version="9.9.9"), world.ports)


def test_the_name_of_an_intake_fits_step_functions_for_the_longest_names() -> None:
    version = Version(
        plugin_id="p" * 40,
        version="1.0.0-" + "a" * 58,
        sha256="ab" * 32,
        size=1,
        status=VersionStatus.DRAFT,
        created_at="",
        created_by="",
        package_key="k",
    )

    assert len(intake_name(version)) <= 80


@pytest.mark.parametrize(
    "one, other",
    [
        (("payment-processor-stripe-eu", "1.0.0"), ("payment-processor-stripe-us", "1.0.0")),
        (("echo", "1.0.0-" + "a" * 50 + ".1"), ("echo", "1.0.0-" + "a" * 50 + ".2")),
    ],
)
def test_no_two_versions_share_the_name_of_an_intake_however_much_of_it_is_cut(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    unannounced = [
        Version(plugin_id, number, "", 0, VersionStatus.DRAFT, created_at="", created_by="", package_key="k")
        for plugin_id, number in (one, other)
    ]

    assert len({intake_name(version) for version in unannounced}) == 2


def test_a_download_is_of_exactly_the_bytes_that_were_taken_in(world: FakeWorld) -> None:
    world.tables.versions["echo", "1.0.0"] = replace(the_version(world), object_version="v1")

    assert allow_download("echo", "1.0.0", world.ports).endswith(f"{'ab' * 32}.zip?versionId=v1")


def test_a_package_that_was_not_verified_is_not_downloaded(world: FakeWorld) -> None:
    with pytest.raises(ConflictError):
        allow_download("echo", "1.0.0", world.ports)
