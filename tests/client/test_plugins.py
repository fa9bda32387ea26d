"""Looking at plugins and versions, and taking plugins away."""

from __future__ import annotations

import json

import pytest

from hotswap.errors import ExitCode
from tests.client.conftest import Terminal


@pytest.fixture
def developer(logged_in: Terminal) -> Terminal:
    logged_in.api.add_plugin("tax-engine", description="Knows taxes", tags=["tax", "eu"])
    return logged_in


def test_list_shows_plugins_in_aligned_columns(developer: Terminal) -> None:
    result = developer.type("plugin", "list")

    head, row = result.stdout.splitlines()
    assert head.split() == ["PLUGIN", "TYPE", "STATUS", "TAGS", "REGISTERED"]
    assert row.index("PaymentGateway") == head.index("TYPE")
    assert row.endswith("just now")


def test_list_passes_the_filters_on(developer: Terminal) -> None:
    result = developer.type("plugin", "list", "--type", "other", "--tag", "a", "--tag", "b", "--status", "Active")

    query = developer.api.requests[-1].url.params
    assert (query["type"], query["tags"], query["status"]) == ("Other", "a,b", "Active")
    assert "No plugin matches." in result.stdout


def test_an_empty_list_says_how_to_begin(logged_in: Terminal) -> None:
    assert "next: hotswap plugin init my-plugin" in logged_in.type("plugin", "list").stdout


def test_show_lists_the_versions_of_a_plugin(developer: Terminal) -> None:
    developer.api.add_version("tax-engine", "1.0.0")

    result = developer.type("plugin", "show", "tax-engine")

    assert "Knows taxes" in result.stdout
    assert "1.0.0" in result.stdout
    assert "1.9 MB" in result.stdout
    document = json.loads(developer.type("--json", "plugin", "show", "tax-engine").stdout)
    assert document["versions"][0]["version"] == "1.0.0"


def test_deprecate_tells_everybody_why_and_what_instead(developer: Terminal) -> None:
    result = developer.type(
        "plugin", "deprecate", "tax-engine", "--reason", "Old", "--migration-guide", "Use taxes", "--yes"
    )

    shown = developer.type("plugin", "show", "tax-engine").stdout
    assert "Deprecated tax-engine" in result.stdout
    assert "Old" in shown
    assert "Use taxes" in shown


def test_deprecate_with_dry_run_changes_nothing(developer: Terminal) -> None:
    developer.type("--dry-run", "plugin", "deprecate", "tax-engine", "--reason", "Old")

    assert developer.api.plugins["tax-engine"]["status"] == "Active"


def test_delete_asks_first_and_then_deletes(developer: Terminal) -> None:
    refused = developer.type("plugin", "delete", "tax-engine")
    done = developer.type("plugin", "delete", "tax-engine", "--yes", "--json")

    assert refused.exit_code == ExitCode.USAGE
    assert json.loads(done.stdout) == {"pluginId": "tax-engine", "deleted": True}
    assert developer.api.plugins == {}


def test_delete_of_what_tenants_use_is_a_conflict_with_the_apis_own_fix(developer: Terminal) -> None:
    developer.api.installations["acme", "tax-engine"] = {"enabled": True}

    result = developer.type("plugin", "delete", "tax-engine", "--yes")

    assert result.exit_code == ExitCode.CONFLICT
    assert "fix: Disable it for every tenant first." in result.stderr


def test_versions_are_listed_with_digest_size_and_start_time(developer: Terminal) -> None:
    developer.api.add_version("tax-engine", "1.0.0")

    result = developer.type("version", "list", "tax-engine")

    assert "abababababab " in result.stdout
    assert "92 ms" in result.stdout


def test_a_plugin_without_versions_says_how_to_publish_one(developer: Terminal) -> None:
    result = developer.type("version", "list", "tax-engine")

    assert "tax-engine has no versions yet." in result.stdout
    assert "hotswap plugin publish FOLDER" in result.stdout


def test_a_ready_version_is_shown_with_what_runs_and_how_to_deploy_it(developer: Terminal) -> None:
    developer.api.add_version("tax-engine", "1.0.0", releaseNotes="First.")

    result = developer.type("version", "show", "tax-engine", "1.0.0")

    assert "main:handle · python3.13" in result.stdout
    assert "Lambda version 3" in result.stdout
    assert "First." in result.stdout
    assert "hotswap deploy create tax-engine 1.0.0 --environment Development --wait" in result.stdout


def test_a_rejected_version_is_shown_with_its_findings_errors_first(developer: Terminal) -> None:
    findings = [
        {"code": "PYC", "where": "a.pyc", "message": "Bytecode.", "fix": "Remove it.", "severity": "warning"},
        {"code": "ZIP_SLIP", "where": "../x", "message": "It leaves the folder.", "fix": "Rename it."},
    ]
    developer.api.add_version("tax-engine", "1.0.0", status="Rejected", findings=findings, initMs=None)

    result = developer.type("version", "show", "tax-engine", "1.0.0")

    assert "2 findings" in result.stdout
    assert result.stdout.index("ZIP_SLIP") < result.stdout.index("PYC")
    assert "fix:   Rename it." in result.stdout.replace("fix: ", "fix:   ")
    assert "raise the version" in result.stdout


@pytest.mark.parametrize("status", ["Draft", "Verifying"])
def test_an_unsettled_version_says_what_comes_next(developer: Terminal, status: str) -> None:
    developer.api.add_version("tax-engine", "1.0.0", status=status)

    assert "next: " in developer.type("version", "show", "tax-engine", "1.0.0").stdout


@pytest.mark.parametrize(
    "verb, told, status",
    [("deprecate", "deprecated", "Deprecated"), ("yank", "yanked", "Yanked"), ("block", "blocked", "Blocked")],
)
def test_a_version_is_retired_with_a_reason_and_it_says_who_is_pinned_to_it(
    developer: Terminal, verb: str, told: str, status: str
) -> None:
    developer.api.add_version("tax-engine", "1.0.0")

    result = developer.type("version", verb, "tax-engine", "1.0.0", "--reason", "Rounds wrongly.", "--yes")

    for word in (told, status, "Rounds wrongly.", "acme"):
        assert word in result.stdout
    assert "Rounds wrongly." in developer.type("version", "show", "tax-engine", "1.0.0").stdout


def test_a_yanked_version_may_be_chosen_again(developer: Terminal) -> None:
    developer.api.add_version("tax-engine", "1.0.0")
    developer.type("version", "yank", "tax-engine", "1.0.0", "--reason", "Rounds wrongly.")

    developer.type("version", "unyank", "tax-engine", "1.0.0", "--reason", "It does not.")

    assert developer.api.versions["tax-engine", "1.0.0"]["status"] == "Ready"


def test_blocking_asks_first_and_a_dry_run_changes_nothing(developer: Terminal) -> None:
    developer.api.add_version("tax-engine", "1.0.0")
    block = ("version", "block", "tax-engine", "1.0.0", "--reason", "Rounds wrongly.")

    refused = developer.type(*block)
    shown = developer.type("--dry-run", *block, "--yes")

    assert refused.exit_code == ExitCode.USAGE
    assert "would block" in shown.stdout
    assert developer.api.versions["tax-engine", "1.0.0"]["status"] == "Ready"


def test_retiring_without_a_reason_is_a_usage_error(developer: Terminal) -> None:
    assert developer.type("version", "yank", "tax-engine", "1.0.0").exit_code == ExitCode.USAGE
