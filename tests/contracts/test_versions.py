"""Contract of the version repository and of the right to publish."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import ConflictError, NotFoundError, StaleRevisionError, TransientError
from chalicelib.domain.findings import Finding
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.versions import VersionStatus
from chalicelib.ports import Ports
from tests.contracts.things import NOW, a_record, a_version

PLUGIN = "stripe-gateway"


def test_add_keeps_every_field_as_it_was_given(ports: Ports) -> None:
    version = replace(
        a_version("1.0.0-beta.1+5"),
        release_notes="first",
        object_version="abc",
        findings=(Finding("ZIP_SLIP", "../x", "It leaves the package.", "Name it inside."),),
        manifest={"operations": {"charge": {"input": {"multipleOf": 0.01, "minimum": 0}}}, "empty": {}},
        lambda_version="7",
        code_sha256="aGFzaA==",
        init_ms=12.75,
        ready_at=NOW,
        is_sandbox_enabled=True,
    )

    ports.versions.add(version, a_record())

    assert ports.versions.get(PLUGIN, "1.0.0-beta.1+5") == version


def test_add_refuses_the_second_of_two_creators_of_one_number(ports: Ports) -> None:
    ports.versions.add(a_version(created_by="first"), a_record())

    with pytest.raises(ConflictError):
        ports.versions.add(a_version(created_by="second"), a_record())

    assert ports.versions.get(PLUGIN, "1.0.0").created_by == "first"


def test_numbers_that_differ_only_in_their_build_are_two_versions(ports: Ports) -> None:
    ports.versions.add(a_version("1.0.0"), a_record())
    ports.versions.add(a_version("1.0.0+1"), a_record())

    assert ports.versions.get(PLUGIN, "1.0.0+1").version == "1.0.0+1"
    assert ports.versions.get(PLUGIN, "1.0.0").version == "1.0.0"


def test_a_deleted_number_is_never_free_again(ports: Ports) -> None:
    ports.versions.add(a_version(), a_record())
    ports.versions.save(replace(a_version(), status=VersionStatus.DELETED), a_record())

    with pytest.raises(ConflictError):
        ports.versions.add(a_version(), a_record())

    with pytest.raises(NotFoundError):
        ports.versions.get(PLUGIN, "1.0.0")


def test_find_shows_also_a_deleted_version(ports: Ports) -> None:
    ports.versions.add(a_version(), a_record())
    ports.versions.save(replace(a_version(), status=VersionStatus.DELETED), a_record())

    found = ports.versions.find(PLUGIN, "1.0.0")

    assert found is not None
    assert found.status is VersionStatus.DELETED


@pytest.mark.parametrize("number", ["2.0.0", "01.0.0", "", "x" * 300])
def test_what_is_not_there_is_not_found_whatever_its_spelling(ports: Ports, number: str) -> None:
    ports.versions.add(a_version(), a_record())

    assert ports.versions.find(PLUGIN, number) is None
    with pytest.raises(NotFoundError):
        ports.versions.get(PLUGIN, number)


def test_the_same_number_of_another_plugin_is_another_version(ports: Ports) -> None:
    ports.versions.add(a_version(), a_record())

    ports.versions.add(a_version(plugin_id="other-plugin"), a_record())

    assert ports.versions.get("other-plugin", "1.0.0").plugin_id == "other-plugin"


def test_save_refuses_the_second_of_two_who_read_the_same(ports: Ports) -> None:
    ports.versions.add(a_version(), a_record())
    read = ports.versions.get(PLUGIN, "1.0.0")
    saved = ports.versions.save(replace(read, status=VersionStatus.VERIFYING), a_record())

    with pytest.raises(StaleRevisionError):
        ports.versions.save(replace(read, status=VersionStatus.REJECTED), a_record())

    assert ports.versions.get(PLUGIN, "1.0.0") == saved
    assert saved.revision == 1


def test_pages_go_from_the_newest_by_precedence_and_leave_deleted_ones_out(ports: Ports) -> None:
    for number in ("1.2.0", "1.10.0", "1.10.0-rc.1", "0.9.0", "1.10.0-rc.11", "1.10.0-rc.2"):
        ports.versions.add(a_version(number), a_record())
    ports.versions.save(replace(a_version("1.2.0"), status=VersionStatus.DELETED), a_record())

    first = ports.versions.page(PLUGIN, PageRequest(3))
    second = ports.versions.page(PLUGIN, PageRequest(3, first.next_position))

    assert [version.version for version in first.items] == ["1.10.0", "1.10.0-rc.11", "1.10.0-rc.2"]
    assert [version.version for version in second.items] == ["1.10.0-rc.1", "0.9.0"]
    assert second.next_position is None


def test_the_right_to_publish_has_one_holder_until_it_expires(ports: Ports) -> None:
    now = ports.clock.now()
    ports.publish_leases.acquire(PLUGIN, "1.0.0", now=now, until=now + timedelta(seconds=60))

    with pytest.raises(TransientError):
        ports.publish_leases.acquire(PLUGIN, "1.1.0", now=now, until=now + timedelta(seconds=60))

    later = now + timedelta(seconds=60)
    ports.publish_leases.acquire(PLUGIN, "1.1.0", now=later, until=later + timedelta(seconds=60))
    with pytest.raises(TransientError):
        ports.publish_leases.acquire(PLUGIN, "1.0.0", now=later, until=later + timedelta(seconds=60))


def test_the_right_to_publish_can_be_renewed_by_its_holder(ports: Ports) -> None:
    now = ports.clock.now()
    ports.publish_leases.acquire(PLUGIN, "1.0.0", now=now, until=now + timedelta(seconds=60))

    ports.publish_leases.acquire(PLUGIN, "1.0.0", now=now, until=now + timedelta(seconds=120))

    later = now + timedelta(seconds=90)
    with pytest.raises(TransientError):
        ports.publish_leases.acquire(PLUGIN, "1.1.0", now=later, until=later)


def test_the_right_to_publish_is_free_after_release_and_only_its_holder_releases(ports: Ports) -> None:
    now = ports.clock.now()
    ports.publish_leases.acquire(PLUGIN, "1.0.0", now=now, until=now + timedelta(seconds=60))

    ports.publish_leases.release(PLUGIN, "1.1.0")
    with pytest.raises(TransientError):
        ports.publish_leases.acquire(PLUGIN, "1.1.0", now=now, until=now + timedelta(seconds=60))

    ports.publish_leases.release(PLUGIN, "1.0.0")
    ports.publish_leases.acquire(PLUGIN, "1.1.0", now=now, until=now + timedelta(seconds=60))
    with pytest.raises(TransientError):
        ports.publish_leases.acquire(PLUGIN, "1.0.0", now=now, until=now)
