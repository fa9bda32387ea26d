"""From a folder to a version that is Ready, and every way that this can be cut short."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from hotswap.errors import ExitCode
from hotswap.packages import read_package
from tests.client.conftest import Terminal
from tests.client.fake_api import STORAGE

NAME = "tax-engine"
VERSIONS = f"/plugins/{NAME}/versions"
VERSION = f"{VERSIONS}/0.1.0"


def publish(terminal: Terminal, folder: Path, *options: str) -> tuple[int, str, str]:
    result = terminal.type("plugin", "publish", str(folder), *options)
    return result.exit_code, result.stdout, result.stderr


def test_init_writes_a_plugin_that_passes_validation_and_its_own_tests(terminal: Terminal) -> None:
    made = terminal.type("plugin", "init", NAME, "--type", "BusinessLogic")
    folder = terminal.folder / NAME

    checked = terminal.type("plugin", "validate", str(folder))
    tested = subprocess.run(
        [sys.executable, "-m", "unittest", "discover", "tests"], cwd=folder, capture_output=True, text=True, check=False
    )

    assert (made.exit_code, checked.exit_code) == (0, 0)
    assert "tax-engine 0.1.0 is fit to be published" in checked.stdout
    assert tested.returncode == 0, tested.stderr


def test_init_leaves_tests_and_readme_out_of_the_package(plugin_folder: Path) -> None:
    package = read_package(plugin_folder)

    names = zipfile.ZipFile(io.BytesIO(package.content)).namelist()

    assert sorted(names) == ["plugin.json", "tax_engine.py"]


def test_init_with_dry_run_writes_nothing(terminal: Terminal) -> None:
    result = terminal.type("--dry-run", "plugin", "init", NAME)

    assert "Would write" in result.stdout
    assert not (terminal.folder / NAME).exists()


def test_init_does_not_write_over_what_is_there(terminal: Terminal, plugin_folder: Path) -> None:
    result = terminal.type("plugin", "init", NAME, "--folder", str(plugin_folder))

    assert result.exit_code == ExitCode.CONFLICT


@pytest.mark.parametrize("name", ["Tax", "t", "1st-plugin", "tax_engine", "tax-"])
def test_init_refuses_what_cannot_be_a_name(terminal: Terminal, name: str) -> None:
    result = terminal.type("plugin", "init", name)

    assert result.exit_code == ExitCode.USAGE
    assert "as in tax-engine" in result.stderr


def test_init_tells_its_files_as_json(terminal: Terminal) -> None:
    document = json.loads(terminal.type("--json", "plugin", "init", NAME).stdout)

    assert "plugin.json" in document["files"]


def test_validate_says_what_is_wrong_where_and_how_to_fix_it(
    terminal: Terminal, plugin_folder: Path, write_manifest: Callable[..., None]
) -> None:
    write_manifest(version="1.0", entryPoint="nowhere:handle")

    result = terminal.type("plugin", "validate", str(plugin_folder))

    assert result.exit_code == ExitCode.USAGE
    assert "where: plugin.json#/version" in result.stderr
    assert result.stderr.count("fix:") >= 2


def test_validate_lists_findings_as_json(
    terminal: Terminal, plugin_folder: Path, write_manifest: Callable[..., None]
) -> None:
    write_manifest(version="1.0")

    problem = json.loads(terminal.type("--json", "plugin", "validate", str(plugin_folder)).stderr)

    assert problem["errors"][0]["field"] == "plugin.json#/version"


def test_validate_of_nothing_says_what_to_name(terminal: Terminal) -> None:
    result = terminal.type("plugin", "validate", "missing")

    assert result.exit_code == ExitCode.USAGE
    assert "neither a folder nor a file" in result.stderr


def test_validate_of_a_file_that_is_too_big_does_not_read_it(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "big.zip"
    with path.open("wb") as file:
        file.truncate(101 * 1024 * 1024)

    assert "a package may have 100 MB" in terminal.type("plugin", "validate", str(path)).stderr


def test_pack_writes_the_same_bytes_each_time(terminal: Terminal, plugin_folder: Path, tmp_path: Path) -> None:
    terminal.type("plugin", "pack", str(plugin_folder), "-o", str(tmp_path / "a.zip"))
    result = terminal.type("plugin", "pack", str(plugin_folder))

    default = terminal.folder / "tax-engine-0.1.0.zip"
    assert "packed to" in result.stdout
    assert default.read_bytes() == (tmp_path / "a.zip").read_bytes()


def test_pack_with_dry_run_writes_nothing(terminal: Terminal, plugin_folder: Path) -> None:
    terminal.type("--dry-run", "plugin", "pack", str(plugin_folder))

    assert not list(terminal.folder.glob("*.zip"))


def test_publish_registers_uploads_and_waits_until_the_version_is_ready(
    logged_in: Terminal, plugin_folder: Path
) -> None:
    code, out, err = publish(logged_in, plugin_folder)

    assert code == 0
    assert "tax-engine 0.1.0 is Ready" in out
    assert "hotswap deploy create tax-engine 0.1.0" in out
    assert [line.split()[1] for line in err.splitlines()] == ["package", "plugin", "version", "upload", "intake"]
    assert logged_in.api.uploads[f"{STORAGE}/{NAME}/0.1.0"] == read_package(plugin_folder).content


def test_publish_takes_a_zip_too(logged_in: Terminal, plugin_folder: Path) -> None:
    logged_in.type("plugin", "pack", str(plugin_folder))

    code, *_ = publish(logged_in, logged_in.folder / "tax-engine-0.1.0.zip")

    assert code == 0


def test_publish_prints_only_the_version_as_json(logged_in: Terminal, plugin_folder: Path) -> None:
    code, out, err = publish(logged_in, plugin_folder, "--json")

    assert (code, err) == (0, "")
    assert json.loads(out)["status"] == "Ready"


def test_publish_sends_nothing_when_the_checks_find_errors(
    logged_in: Terminal, plugin_folder: Path, write_manifest: Callable[..., None]
) -> None:
    write_manifest(entryPoint="nowhere:handle")
    before = len(logged_in.api.requests)

    code, _, err = publish(logged_in, plugin_folder)

    assert code == ExitCode.USAGE
    assert "not fit to be published" in err
    assert len(logged_in.api.requests) == before


def test_publish_again_leaves_alone_what_is_published(logged_in: Terminal, plugin_folder: Path) -> None:
    publish(logged_in, plugin_folder)
    uploads = len(logged_in.api.sent("PUT", f"{STORAGE}/{NAME}/0.1.0"))

    code, out, _ = publish(logged_in, plugin_folder)

    assert code == 0
    assert "was published before and is Ready" in out
    assert len(logged_in.api.sent("PUT", f"{STORAGE}/{NAME}/0.1.0")) == uploads


def test_publish_of_other_bytes_under_the_same_number_is_a_conflict(logged_in: Terminal, plugin_folder: Path) -> None:
    publish(logged_in, plugin_folder)
    (plugin_folder / "tax_engine.py").write_text("def handle(operation, input, context):\n    return {}\n")

    code, _, err = publish(logged_in, plugin_folder)

    assert code == ExitCode.CONFLICT
    assert "a version never changes" in err
    assert 'raise "version" in plugin.json' in err


def test_publish_goes_on_with_a_draft_whose_upload_was_interrupted(logged_in: Terminal, plugin_folder: Path) -> None:
    package = read_package(plugin_folder)
    logged_in.api.add_plugin(NAME)
    logged_in.api.add_version(NAME, "0.1.0", status="Draft", sha256=package.sha256, size=len(package.content))

    code, *_ = publish(logged_in, plugin_folder)

    assert code == 0
    assert logged_in.api.versions[NAME, "0.1.0"]["status"] == "Ready"


def test_publish_waits_for_an_intake_that_runs_already(logged_in: Terminal, plugin_folder: Path) -> None:
    package = read_package(plugin_folder)
    logged_in.api.add_plugin(NAME)
    logged_in.api.add_version(NAME, "0.1.0", status="Verifying", sha256=package.sha256)

    code, *_ = publish(logged_in, plugin_folder)

    assert code == 0
    assert logged_in.api.sent("POST", f"{VERSION}/finalize") == []


def test_publish_asks_for_another_upload_when_the_url_has_ended(logged_in: Terminal, plugin_folder: Path) -> None:
    logged_in.api.script("PUT", f"{STORAGE}/{NAME}/0.1.0", httpx.Response(403, text="<Code>AccessDenied</Code>"))

    code, *_ = publish(logged_in, plugin_folder)

    assert code == 0
    assert len(logged_in.api.sent("POST", VERSIONS)) == 2


def test_publish_says_what_the_storage_said_when_it_refuses(logged_in: Terminal, plugin_folder: Path) -> None:
    text = "<Error><Code>BadDigest</Code><Message>The checksum does not match.</Message></Error>"
    logged_in.api.script("PUT", f"{STORAGE}/{NAME}/0.1.0", httpx.Response(400, text=text))

    code, _, err = publish(logged_in, plugin_folder)

    assert code == ExitCode.FAILED
    assert "BadDigest: The checksum does not match." in err


def test_publish_shows_the_findings_of_a_rejected_version(logged_in: Terminal, plugin_folder: Path) -> None:
    logged_in.api.intake_status = "Rejected"
    logged_in.api.findings = [
        {
            "code": "ENTRY_POINT_FAILED",
            "where": "tax_engine.py:3",
            "message": "It raised ImportError.",
            "fix": "Vendor it.",
            "severity": "error",
        }
    ]

    code, _, err = publish(logged_in, plugin_folder)
    again, out, _ = publish(logged_in, plugin_folder, "--json")

    assert (code, again) == (ExitCode.FAILED, ExitCode.FAILED)
    assert "It raised ImportError." in err
    assert "where: tax_engine.py:3" in err
    assert json.loads(out)["status"] == "Rejected"


def test_publish_exits_with_6_when_the_intake_takes_longer_than_the_timeout(
    logged_in: Terminal, plugin_folder: Path
) -> None:
    logged_in.api.intake_status = "Verifying"

    code, _, err = publish(logged_in, plugin_folder, "--timeout", "10s")

    assert code == ExitCode.TIMED_OUT
    assert f"hotswap version show {NAME} 0.1.0" in err
    assert 9.9 < sum(logged_in.clock.slept_seconds) < 10.1


def test_publish_asks_ever_more_slowly(logged_in: Terminal, plugin_folder: Path) -> None:
    logged_in.api.intake_status = "Verifying"

    publish(logged_in, plugin_folder, "--timeout", "60s")

    assert len(logged_in.api.sent("GET", VERSION)) < 40


def test_publish_survives_that_somebody_else_registers_the_plugin_meanwhile(
    logged_in: Terminal, plugin_folder: Path
) -> None:
    logged_in.api.script("GET", f"/plugins/{NAME}", httpx.Response(404, json={"detail": "not there"}))
    logged_in.api.add_plugin(NAME)

    code, *_ = publish(logged_in, plugin_folder)

    assert code == 0


@pytest.mark.parametrize("path", [f"GET /plugins/{NAME}", "POST /plugins", f"POST {VERSIONS}"])
def test_publish_stops_at_the_request_that_is_refused(logged_in: Terminal, plugin_folder: Path, path: str) -> None:
    method, address = path.split()
    logged_in.api.script(method, address, httpx.Response(403, json={"detail": "Not yours.", "code": "FORBIDDEN"}))

    code, _, err = publish(logged_in, plugin_folder)

    assert code == ExitCode.NOT_ALLOWED
    assert "Not yours." in err


def test_publish_of_a_number_that_a_deleted_version_used_shows_the_refusal(
    logged_in: Terminal, plugin_folder: Path
) -> None:
    refusal = httpx.Response(409, json={"detail": "Version 0.1.0 was used before.", "code": "CONFLICT"})
    logged_in.api.script("POST", VERSIONS, refusal)

    code, _, err = publish(logged_in, plugin_folder)

    assert code == ExitCode.CONFLICT
    assert "was used before" in err


def test_publish_with_dry_run_asks_the_api_and_changes_nothing(logged_in: Terminal, plugin_folder: Path) -> None:
    unregistered = publish(logged_in, plugin_folder, "--dry-run")
    logged_in.api.add_plugin(NAME)

    registered = publish(logged_in, plugin_folder, "--dry-run")

    assert (unregistered[0], registered[0]) == (0, 0)
    assert "would be published" in registered[1]
    assert logged_in.api.versions == {}
    assert logged_in.api.requests[-1].url.params["validateOnly"] == "true"


def test_publish_needs_an_upload_from_the_api(logged_in: Terminal, plugin_folder: Path) -> None:
    logged_in.api.script("POST", VERSIONS, httpx.Response(201, json={"version": "0.1.0", "status": "Draft"}))

    code, _, err = publish(logged_in, plugin_folder)

    assert code == ExitCode.FAILED
    assert "gave no place to upload it to" in err
