"""Packages that nobody should run: each is rejected with what is wrong and how to mend it, and leaves nothing."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests import packages
from tests.stack.product import Product

ENTRY_POINT = "plugin.json#/entryPoint"

#: What is uploaded (a builder that is told the name of the plugin), the finding, and where it is.
BAD: dict[str, tuple[Callable[[str], bytes], str, str]] = {
    "zip slip": (lambda name: _echo(name, {"../../evil.py": "print('out')"}), "ZIP_SLIP", "../../evil.py"),
    "zip bomb": (lambda _: packages.bomb(), "ZIP_BOMB", "the archive"),
    "zip that lies about its size": (lambda _: packages.lying_bomb(), "ZIP_BOMB", "the archive"),
    "symbolic link": (lambda _: packages.symlink(), "ENTRY_LINK", "settings.txt"),
    "no zip": (lambda _: b"#!/bin/sh\necho not a zip\n", "NOT_A_ZIP", "the archive"),
    "no manifest": (lambda _: packages.without_manifest(), "MANIFEST_MISSING", "plugin.json"),
    "manifest in a folder": (lambda _: packages.in_a_folder(), "MANIFEST_MISSING", "echo-plugin/plugin.json"),
    "manifest of another plugin": (lambda _: _echo("somebody-elses"), "MANIFEST_DISAGREES", "plugin.json#/name"),
    "manifest of another version": (
        lambda name: _echo(name, version="9.9.9"),
        "MANIFEST_DISAGREES",
        "plugin.json#/version",
    ),
    "module of the entry point missing": (
        lambda name: packages.a_zip([("plugin.json", json.dumps(packages.a_manifest(name=name)))]),
        "ENTRY_POINT_MISSING",
        ENTRY_POINT,
    ),
    "function of the entry point missing": (
        lambda name: _echo(name, entryPoint="echo:run"),
        "ENTRY_POINT_MISSING",
        "echo.py",
    ),
    "entry point raises at import": (
        lambda name: packages.a_package(packages.RAISES_AT_IMPORT, name=name),
        "ENTRY_POINT_FAILED",
        ENTRY_POINT,
    ),
    "entry point ends the process": (
        lambda name: packages.a_package(packages.EXITS_AT_IMPORT, name=name),
        "ENTRY_POINT_FAILED",
        ENTRY_POINT,
    ),
    "library that is not shipped": (
        # It is installed beside the emulator, so only the runtime's own isolation can miss it.
        lambda name: packages.a_package("import pydantic\n" + packages.ECHO, name=name),
        "ENTRY_POINT_FAILED",
        ENTRY_POINT,
    ),
}
PLUGINS = {case: f"bad-package-{number}" for number, case in enumerate(BAD)}
VERSION = "1.0.0"


def _echo(name: str, files: Mapping[str, str | bytes] | None = None, **manifest: Any) -> bytes:
    return packages.a_package(files=files, name=name, **manifest)


@pytest.fixture(scope="module")
def decided(product: Product) -> dict[str, dict[str, Any]]:
    """Send every bad package in, each for a plugin of its own, and give the versions by case."""

    def decide(case: str) -> tuple[str, dict[str, Any]]:
        product.register(PLUGINS[case])
        product.send_in(PLUGINS[case], VERSION, BAD[case][0](PLUGINS[case]))
        return case, product.settled(PLUGINS[case], VERSION)

    # Each that runs at the same time starts a process for each state anew.
    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(decide, BAD))


@pytest.mark.parametrize("case", BAD)
def test_package_is_rejected_with_what_is_wrong_where_and_how_to_fix_it(
    decided: dict[str, dict[str, Any]], case: str
) -> None:
    _, code, where = BAD[case]
    version = decided[case]

    assert version["status"] == "Rejected"
    found = [finding for finding in version["findings"] if finding["code"] == code]
    assert found, version["findings"]
    assert where in {finding["where"] for finding in found}
    assert all(finding["message"] and finding["fix"] for finding in version["findings"])


@pytest.mark.parametrize("case", BAD)
def test_rejected_version_is_never_deployed_never_reused_and_leaves_nothing_that_could_be_called(
    product: Product, decided: dict[str, dict[str, Any]], case: str
) -> None:
    name = PLUGINS[case]

    deployed = product.begin(name, VERSION)
    announced = product.announce(name, VERSION, packages.a_package(name=name))

    assert (deployed.status, deployed.body["code"]) == (422, "UNPROCESSABLE")
    assert deployed.body["fix"] == "Read its findings, then publish a new version."
    assert (announced.status, announced.body["code"]) == (409, "CONFLICT")
    listed = product.ask("GET", f"/plugins/{name}/versions").body["items"]
    assert [(version["version"], version["status"]) for version in listed] == [(VERSION, "Rejected")]
    assert product.ask("GET", f"/deployments?pluginId={name}").body["items"] == []
    assert product.alias_names(name) == []


def test_text_of_what_the_module_raised_reaches_its_developer_and_no_path_of_ours(
    decided: dict[str, dict[str, Any]],
) -> None:
    (finding,) = decided["entry point raises at import"]["findings"]

    assert "KeyError" in finding["message"]
    assert "echo.py:2" in finding["message"]
    assert "/tmp" not in finding["message"]  # noqa: S108 - where the emulator unpacks


def test_other_bytes_than_announced_are_refused_by_the_store_and_the_right_ones_still_taken(product: Product) -> None:
    name, package = "wrong-bytes", packages.a_package(name="wrong-bytes")
    product.register(name)
    announced = product.announce(name, "1.0.0", package)

    wrong = product.upload(announced, bytes(len(package)))
    premature = product.finalize(name, "1.0.0")
    right = product.upload(announced, package)

    assert (wrong, right) == (400, 200)
    assert (premature.status, premature.body["code"]) == (409, "CONFLICT")
    assert "PUT the package" in premature.body["fix"]
    assert product.version(name, "1.0.0")["status"] == "Draft"
    assert product.finalize(name, "1.0.0").status == 202
    assert product.settled(name, "1.0.0")["status"] == "Ready"


def test_upload_address_that_is_too_old_or_was_changed_takes_nothing(product: Product) -> None:
    name, package = "late-upload", packages.a_package(name="late-upload")
    product.register(name)
    announced = product.announce(name, "1.0.0", package)
    url = announced.body["upload"]["url"]
    signed_at = url.partition("X-Amz-Date=")[2].partition("&")[0]

    for changed in (
        url.replace(signed_at, "20200101T000000Z"),
        url.replace("X-Amz-Expires=900", "X-Amz-Expires=604800"),
        url.replace("late-upload/1.0.0", "late-upload/1.0.1"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
    ):
        announced.body["upload"]["url"] = changed
        assert product.upload(announced, package) == 403
    assert product.finalize(name, "1.0.0").status == 409


def test_files_with_names_in_every_script_are_taken(product: Product) -> None:
    name = "names-of-the-world"
    files: dict[str, str | bytes] = {"données/größe.txt": "ä", "日本語.txt": "x", "קובץ.txt": "y"}
    product.register(name)

    product.send_in(name, "1.0.0", packages.a_package(files=files, name=name))

    assert product.settled(name, "1.0.0")["status"] == "Ready"
