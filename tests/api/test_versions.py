"""Versions over HTTP."""

from typing import Any

import pytest

from tests.api.gateway import Gateway, path_of
from tests.api.scenes import PACKAGE, PLUGIN, SHA256, a_draft, a_plugin, a_ready_version, uploaded
from tests.fakes import FakeWorld

VERSIONS = f"/v1/plugins/{PLUGIN}/versions"


def a_body(number: str = "1.0.0", **more: Any) -> dict[str, Any]:
    return {"version": number, "sha256": SHA256, "size": len(PACKAGE), **more}


def test_announcing_binds_the_upload_to_hash_and_size(api: Gateway) -> None:
    a_plugin(api)

    answer = api.post(VERSIONS, a_body(releaseNotes="The first one."))

    assert (answer.status, answer.headers["Location"]) == (201, "versions/1.0.0")
    assert (answer.json["status"], answer.json["sha256"]) == ("Draft", SHA256)
    assert answer.json["upload"]["headers"]["x-amz-checksum-sha256"] == SHA256


@pytest.mark.parametrize("number", ["1.0.0", "1.0.0-beta.1+5", "0.0.0", "10.20.30-rc.1", "1.0.0+build.5"])
def test_every_semver_can_be_announced_and_read(api: Gateway, number: str) -> None:
    a_plugin(api)

    answer = api.post(VERSIONS, a_body(number))

    assert (answer.status, answer.headers["Location"]) == (201, "versions/" + number.replace("+", "%2B"))
    assert api.get(path_of("plugins", PLUGIN, "versions", number)).json["version"] == number


@pytest.mark.parametrize("number", ["01.0.0", "1.0", "v1.0.0", "1.0.0-01", "1.0.0 ", "1.0.0\n", "", "1" * 65])
def test_what_is_not_semver_is_a_400_and_never_a_500(api: Gateway, number: str) -> None:
    a_plugin(api)

    answer = api.post(VERSIONS, a_body(number))

    assert (answer.status, answer.wrong) == (400, {"/version"})


def test_the_same_draft_again_signs_a_new_upload(api: Gateway) -> None:
    a_plugin(api)
    a_draft(api)

    assert api.post(VERSIONS, a_body()).status == 201


def test_a_taken_version_is_a_conflict(api: Gateway) -> None:
    a_plugin(api)
    a_draft(api)

    answer = api.post(VERSIONS, a_body(sha256="0" * 64))

    assert (answer.status, answer.code) == (409, "CONFLICT")


def test_101_megabytes_are_too_large(api: Gateway) -> None:
    a_plugin(api)

    answer = api.post(VERSIONS, a_body(size=101 * 1024 * 1024))

    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    "field, value", [("sha256", "XYZ"), ("sha256", SHA256.upper()), ("size", 0), ("size", "11"), ("size", 1.5)]
)
def test_what_can_not_bind_a_package_is_refused(api: Gateway, field: str, value: object) -> None:
    a_plugin(api)

    assert api.post(VERSIONS, {**a_body(), field: value}).wrong == {f"/{field}"}


def test_a_dry_run_signs_no_upload_and_creates_nothing(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)

    answer = api.post(f"{VERSIONS}?validateOnly=true", a_body())

    assert (answer.status, answer.json["upload"], world.tables.versions) == (200, None, {})


def test_a_signature_is_refused_since_nobody_would_check_it(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)

    answer = api.post(VERSIONS, a_body(signature="c2lnbmVk", keyId="key-1"))

    assert (answer.status, answer.code, answer.wrong) == (422, "UNPROCESSABLE", {"/signature", "/keyId"})
    assert world.tables.versions == {}


def test_versions_of_others_are_not_mine_to_make(api: Gateway) -> None:
    a_plugin(api)

    assert api.post(VERSIONS, a_body(), "bob").status == 403


def test_finalizing_starts_the_intake_once(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    a_draft(api)
    uploaded(world)

    first = api.post(f"{VERSIONS}/1.0.0/finalize", {})
    second = api.post(f"{VERSIONS}/1.0.0/finalize")

    assert (first.status, first.json["status"], first.headers["Location"]) == (202, "Verifying", "../1.0.0")
    assert second.status == 202
    assert len(world.executions.started) == 1


def test_finalizing_what_is_decided_is_a_conflict(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    a_ready_version(world, api)

    assert api.post(f"{VERSIONS}/1.0.0/finalize").status == 409


def test_finalizing_without_an_upload_is_a_conflict_that_says_what_to_do(api: Gateway) -> None:
    a_plugin(api)
    a_draft(api)

    answer = api.post(f"{VERSIONS}/1.0.0/finalize")

    assert answer.status == 409
    assert "PUT the package" in answer.json["fix"]


def test_finalizing_takes_no_fields(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    a_draft(api)
    uploaded(world)

    assert api.post(f"{VERSIONS}/1.0.0/finalize", {"force": True}).wrong == {"/force"}
    assert world.executions.started == {}


def test_versions_are_listed_by_precedence(api: Gateway) -> None:
    a_plugin(api)
    for number in ("1.0.0", "1.0.0-beta.1", "10.0.0", "2.0.0"):
        a_draft(api, number)

    first = api.get(f"{VERSIONS}?limit=3").json
    second = api.get(f"{VERSIONS}?limit=3&cursor={first['nextCursor']}").json

    listed = [item["version"] for item in [*first["items"], *second["items"]]]
    assert listed == ["10.0.0", "2.0.0", "1.0.0", "1.0.0-beta.1"]


def test_a_ready_version_is_downloaded_by_a_link_that_ends(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    a_ready_version(world, api)

    answer = api.get(f"{VERSIONS}/1.0.0/download")

    assert answer.json["url"].endswith("versionId=v1")
    assert answer.json["expiresAt"] == "2026-11-22T15:05:00Z"
    assert api.get(f"{VERSIONS}/1.0.0/download", "vera").status == 403


def test_what_was_not_verified_is_not_downloaded(api: Gateway) -> None:
    a_plugin(api)
    a_draft(api)

    assert api.get(f"{VERSIONS}/1.0.0/download").status == 409
    assert api.get(f"{VERSIONS}/9.9.9/download").status == 404
