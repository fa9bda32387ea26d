"""Tenants, what they have installed, and their secrets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hotswap.errors import ExitCode
from tests.client.conftest import Terminal
from tests.client.fake_api import FakeApi

PLUGIN = "tax-engine"


@pytest.fixture
def admin(terminal: Terminal) -> Terminal:
    terminal.log_in("admin")
    terminal.api.add_plugin(PLUGIN)
    return terminal


def test_create_adds_a_tenant_named_after_its_id(admin: Terminal) -> None:
    result = admin.type("tenant", "create", "acme", "--tier", "Professional", "--ring", "beta")

    assert result.exit_code == 0
    assert admin.api.body("POST", "/tenants") == {
        "id": "acme",
        "name": "acme",
        "tier": "Professional",
        "ring": "beta",
    }
    assert "Added tenant acme" in result.stdout


def test_create_with_dry_run_changes_nothing(admin: Terminal) -> None:
    result = admin.type("--dry-run", "tenant", "create", "acme")

    assert "Would add tenant acme" in result.stdout
    assert admin.api.tenants == {}


def test_create_of_a_tenant_that_exists_is_a_conflict(admin: Terminal) -> None:
    admin.type("tenant", "create", "acme")

    assert admin.type("tenant", "create", "acme").exit_code == ExitCode.CONFLICT


def test_list_aligns_tenants_and_says_how_long_ago_they_came(admin: Terminal) -> None:
    admin.type("tenant", "create", "acme", "--name", "Acme Corporation")
    admin.clock.advance(3 * 60)

    result = admin.type("tenant", "list")

    assert result.stdout.splitlines()[0].split() == ["TENANT", "NAME", "TIER", "RING", "STATUS", "ADDED"]
    assert "3 min ago" in result.stdout


def test_an_empty_list_says_what_to_do_next(admin: Terminal) -> None:
    result = admin.type("tenant", "list")

    assert "There are no tenants yet." in result.stdout
    assert "next: hotswap tenant create acme" in result.stdout


def test_install_sends_the_configuration(admin: Terminal) -> None:
    result = admin.type("install", PLUGIN, "--tenant", "acme", "--config", '{"rate": 0.19}')

    assert "Installed tax-engine for tenant acme" in result.stdout
    assert admin.api.body("POST", f"/tenants/acme/plugins/{PLUGIN}/enable") == {"configuration": {"rate": 0.19}}


def test_install_reads_the_configuration_from_a_file_or_from_stdin(admin: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"rate": 0.07}')

    admin.type("install", PLUGIN, "--tenant", "acme", "--config", f"@{path}")
    admin.type("install", PLUGIN, "--tenant", "globex", "--config", "-", typed='{"rate": 0.2}')

    assert admin.api.installations["acme", PLUGIN]["configuration"] == {"rate": 0.07}
    assert admin.api.installations["globex", PLUGIN]["configuration"] == {"rate": 0.2}


@pytest.mark.parametrize(
    "config, what", [("{", "is not JSON"), ("[1]", "must be a JSON object"), ("@missing.json", "cannot be read")]
)
def test_install_refuses_what_is_no_json_object(admin: Terminal, config: str, what: str) -> None:
    result = admin.type("install", PLUGIN, "--tenant", "acme", "--config", config)

    assert result.exit_code == ExitCode.USAGE
    assert what in result.stderr
    assert "fix:" in result.stderr


def test_show_lists_what_a_tenant_has_installed(admin: Terminal) -> None:
    admin.type("tenant", "create", "acme")
    empty = admin.type("tenant", "show", "acme")
    admin.type("install", PLUGIN, "--tenant", "acme")

    full = admin.type("tenant", "show", "acme")

    assert "hotswap install PLUGIN --tenant acme" in empty.stdout
    assert "Enabled" in full.stdout
    document = json.loads(admin.type("--json", "tenant", "show", "acme").stdout)
    assert document["plugins"][0]["pluginId"] == PLUGIN


def test_show_tells_which_deployment_sent_a_tenant_back(api: FakeApi, admin: Terminal) -> None:
    admin.type("tenant", "create", "acme")
    admin.type("install", PLUGIN, "--tenant", "acme")
    installed = api.installations["acme", PLUGIN]
    pin = {"version": "1.0.0", "author": "system", "deploymentId": "dep_01"}
    api.installations["acme", PLUGIN] = {**installed, "pinnedVersion": "1.0.0", "pin": pin}

    shown = " ".join(admin.type("tenant", "show", "acme").stdout.split())

    assert "1.0.0, sent back by dep_01" in shown


def test_usage_tells_what_is_used_of_each_plugin_and_when_it_begins_anew(admin: Terminal) -> None:
    empty = admin.type("tenant", "usage", "acme")
    admin.type("install", PLUGIN, "--tenant", "acme")

    result = admin.type("tenant", "usage", "acme")

    assert "hotswap install PLUGIN --tenant acme" in empty.stdout
    assert result.stdout.splitlines()[0].split() == ["PLUGIN", "REQUESTS", "AT", "ONCE", "SECONDS", "RESETS"]
    for part in (PLUGIN, "60 / 60", "1 / 5", "1.25 / 6,000", "in 42 s"):
        assert part in result.stdout
    document = json.loads(admin.type("--json", "tenant", "usage", "acme").stdout)
    assert document["items"][0]["requestsPerMinute"]["used"] == 60


def test_install_sends_quotas_and_show_tells_them(admin: Terminal) -> None:
    admin.type("tenant", "create", "acme")
    quotas = ("--quota", "requestsPerMinute=600", "--quota", "concurrentExecutions=0")

    result = admin.type("install", PLUGIN, "--tenant", "acme", *quotas)

    assert admin.api.body("POST", f"/tenants/acme/plugins/{PLUGIN}/enable") == {
        "quotas": {"requestsPerMinute": 600, "concurrentExecutions": 0}
    }
    told = "concurrentExecutions 0, requestsPerMinute 600"
    assert told in result.stdout
    assert told in " ".join(admin.type("tenant", "show", "acme").stdout.split())


@pytest.mark.parametrize("quota", ["requestsPerMinute", "=5", "requestsPerMinute=-1", "a=1.5", "a=²"])
def test_install_refuses_a_quota_that_is_no_limit(admin: Terminal, quota: str) -> None:
    result = admin.type("install", PLUGIN, "--tenant", "acme", "--quota", quota)

    assert result.exit_code == ExitCode.USAGE
    assert "requestsPerMinute=600" in result.stderr
    assert admin.api.installations == {}


def test_rings_are_listed_and_set_over_the_state_that_was_seen(admin: Terminal) -> None:
    listed = admin.type("tenant", "rings", "list")
    dry = admin.type("--dry-run", "tenant", "rings", "set", "beta", "general")
    before = list(admin.api.rings)
    done = admin.type("tenant", "rings", "set", "beta", "general", "banks")

    assert [line.split() for line in listed.stdout.splitlines()[1:]] == [
        ["1", "internal"],
        ["2", "beta"],
        ["3", "general"],
    ]
    assert ("Would set the rings" in dry.stdout, before) == (True, ["internal", "beta", "general"])
    assert ("Set the rings" in done.stdout, admin.api.rings) == (True, ["beta", "general", "banks"])
    assert [request.headers["If-Match"] for request in admin.api.sent("PUT", "/rings")] == ['"7"', '"7"']
    assert json.loads(admin.type("--json", "tenant", "rings", "list").stdout)["etag"] == '"7"'


def test_uninstall_asks_first(admin: Terminal) -> None:
    admin.type("install", PLUGIN, "--tenant", "acme")

    nobody = admin.type("uninstall", PLUGIN, "--tenant", "acme")
    admin.is_interactive = True
    no = admin.type("uninstall", PLUGIN, "--tenant", "acme", typed="n\n")
    yes = admin.type("uninstall", PLUGIN, "--tenant", "acme", typed="y\n")

    assert (nobody.exit_code, no.exit_code, yes.exit_code) == (ExitCode.USAGE, ExitCode.FAILED, ExitCode.OK)
    assert "--yes" in nobody.stderr
    assert "Nothing was changed" in no.stderr
    assert ("acme", PLUGIN) not in admin.api.installations


def test_uninstall_can_keep_what_a_return_would_need(admin: Terminal) -> None:
    admin.type("install", PLUGIN, "--tenant", "acme")

    assert admin.type("uninstall", PLUGIN, "--tenant", "acme", "--keep-data", "--yes").exit_code == 0
    assert admin.api.installations["acme", PLUGIN]["enabled"] is False


def test_uninstall_with_yes_asks_nobody(admin: Terminal) -> None:
    admin.type("install", PLUGIN, "--tenant", "acme")

    assert admin.type("uninstall", PLUGIN, "--tenant", "acme", "--yes").exit_code == 0


def test_a_secret_is_read_from_stdin_without_the_line_end(admin: Terminal) -> None:
    result = admin.type("secret", "set", PLUGIN, "apiKey", "--tenant", "acme", typed="sk_123\n")

    assert admin.api.secrets == {("acme", PLUGIN, "apiKey"): "sk_123"}
    assert "sk_123" not in result.output


def test_a_secret_is_read_from_a_file_or_a_variable(admin: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("from-file\n")
    admin.environ["KEY"] = "from-env"

    admin.type("secret", "set", PLUGIN, "a", "--tenant", "acme", "--from-file", str(path))
    admin.type("secret", "set", PLUGIN, "b", "--tenant", "acme", "--from-env", "KEY")

    assert sorted(admin.api.secrets.values()) == ["from-env", "from-file"]


def test_a_secret_is_asked_for_on_a_terminal_and_not_echoed(admin: Terminal) -> None:
    admin.is_interactive = True

    result = admin.type("secret", "set", PLUGIN, "apiKey", "--tenant", "acme", typed="sk_typed\n")

    assert list(admin.api.secrets.values()) == ["sk_typed"]
    assert "sk_typed" not in result.output


@pytest.mark.parametrize("options", [("--from-env", "UNSET"), ("--from-env", "A", "--from-file", "b"), ()])
def test_a_secret_without_a_value_is_refused(admin: Terminal, options: tuple[str, ...]) -> None:
    result = admin.type("secret", "set", PLUGIN, "apiKey", "--tenant", "acme", *options)

    assert result.exit_code == ExitCode.USAGE
    assert admin.api.secrets == {}


def test_a_secret_may_stay_in_secrets_manager(admin: Terminal) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hotswap/acme/stripe-AbCdEf"
    command = ("secret", "set", PLUGIN, "apiKey", "--tenant", "acme", "--reference", arn)

    kept = admin.type(*command)
    both = admin.type(*command, "--from-env", "KEY")

    assert "Kept apiKey" in kept.stdout
    assert admin.api.body("PUT", f"/tenants/acme/plugins/{PLUGIN}/secrets/apiKey") == {"reference": arn}
    assert both.exit_code == ExitCode.USAGE


def test_a_secret_with_dry_run_is_not_kept(admin: Terminal) -> None:
    result = admin.type("--dry-run", "secret", "set", PLUGIN, "apiKey", "--tenant", "acme", typed="x")

    assert "Would keep" in result.stdout
    assert admin.api.secrets == {}


def test_a_secret_is_deleted_after_a_yes(admin: Terminal) -> None:
    admin.type("secret", "set", PLUGIN, "apiKey", "--tenant", "acme", typed="x")

    result = admin.type("--json", "--yes", "secret", "delete", PLUGIN, "apiKey", "--tenant", "acme")

    assert json.loads(result.stdout)["deleted"] is True
    assert admin.api.secrets == {}


def test_invoke_shows_what_came_back_which_version_served_and_why(admin: Terminal) -> None:
    admin.api.routes[PLUGIN, "Development"] = "2.0.0"

    result = admin.type(
        "invoke", PLUGIN, "charge", "--tenant", "acme", "-e", "development", "--input", '{"amount": 4200}'
    )

    assert "served by 2.0.0 · stable · 38 ms" in result.stdout
    assert '"paymentId": "pi_123"' in result.stdout
    assert admin.api.body("POST", f"/plugins/{PLUGIN}/invoke") == {
        "tenantId": "acme",
        "operation": "charge",
        "input": {"amount": 4200},
        "environment": "Development",
    }


def test_invoke_of_what_is_not_deployed_says_how_to_deploy_it(admin: Terminal) -> None:
    result = admin.type("invoke", PLUGIN, "charge", "--tenant", "acme")

    assert result.exit_code == ExitCode.FAILED
    assert "Deploy one." in result.stderr


def test_invoke_has_no_dry_run(admin: Terminal) -> None:
    assert admin.type("invoke", PLUGIN, "charge", "--tenant", "acme", "--dry-run").exit_code == ExitCode.USAGE


def test_a_tenant_is_changed_suspended_and_activated(admin: Terminal) -> None:
    admin.type("tenant", "create", "acme")

    changed = admin.type("tenant", "update", "acme", "--ring", "beta")
    suspended = admin.type("tenant", "suspend", "acme", "--yes")
    status = admin.api.tenants["acme"]["status"]
    activated = admin.type("tenant", "activate", "acme")

    assert "Changed tenant acme" in changed.stdout
    assert ("Suspended tenant acme" in suspended.stdout, status) == (True, "Suspended")
    assert "Activated tenant acme" in activated.stdout
    assert admin.api.tenants["acme"]["ring"] == "beta"
    assert admin.type("tenant", "update", "acme").exit_code == ExitCode.USAGE


def test_deleting_a_tenant_goes_on_until_all_is_gone_and_says_what_went(admin: Terminal) -> None:
    admin.type("tenant", "create", "acme")
    for plugin_id in (PLUGIN, "other"):
        admin.type("install", plugin_id, "--tenant", "acme")

    dry = admin.type("--dry-run", "--yes", "tenant", "delete", "acme")
    result = admin.type("--json", "--yes", "tenant", "delete", "acme")

    assert "Would erase tenant acme" in dry.stdout
    assert json.loads(result.stdout)["erased"] == {"installations": 2}
    assert admin.api.tenants == {}


def test_an_export_joins_all_pages(admin: Terminal) -> None:
    admin.type("tenant", "create", "acme")
    for plugin_id in (PLUGIN, "other"):
        admin.type("install", plugin_id, "--tenant", "acme")

    document = json.loads(admin.type("tenant", "export", "acme").stdout)

    assert [each["pluginId"] for each in document["plugins"]] == [PLUGIN, "other"]
    assert document["tenant"]["id"] == "acme"


def test_a_configuration_is_set_over_the_state_that_was_seen_and_restored(admin: Terminal) -> None:
    admin.type("install", PLUGIN, "--tenant", "acme", "--config", '{"rate": 1}')

    shown = admin.type("--json", "config", "show", PLUGIN, "--tenant", "acme")
    done = admin.type("config", "set", PLUGIN, '{"rate": 2}', "--tenant", "acme")
    given = admin.type("config", "set", PLUGIN, '{"rate": 3}', "--tenant", "acme", "--if-match", '"5"')
    tried = admin.type("config", "set", PLUGIN, '{"rate": 4}', "--tenant", "acme", "--try-version", "2.0.0")
    restored = admin.type("config", "restore", PLUGIN, "1", "--tenant", "acme")
    history = admin.type("config", "history", PLUGIN, "--tenant", "acme")

    sent = admin.api.sent("PUT", f"/tenants/acme/plugins/{PLUGIN}/config")
    assert json.loads(shown.stdout)["etag"] == '"7"'
    assert [result.exit_code for result in (done, given, tried, restored, history)] == [0] * 5
    assert [request.headers["If-Match"] for request in sent] == ['"7"', '"5"', '"7"']
    assert dict(sent[2].url.params) == {"version": "2.0.0", "validateOnly": "true"}
    assert "Restored revision 1" in restored.stdout
    assert '{"rate": 3}' in history.stdout


def test_a_tenant_is_pinned_with_a_reason_and_let_go(admin: Terminal) -> None:
    admin.type("install", PLUGIN, "--tenant", "acme")

    without = admin.type("pin", PLUGIN, "1.0.0", "--tenant", "acme")
    pinned = admin.type("pin", PLUGIN, "1.0.0", "--tenant", "acme", "--reason", "audit", "-e", "development")
    sent = admin.api.body("PUT", f"/tenants/acme/plugins/{PLUGIN}/pin")
    freed = admin.type("unpin", PLUGIN, "--tenant", "acme")

    assert without.exit_code == ExitCode.USAGE
    assert sent == {"version": "1.0.0", "reason": "audit", "environment": "Development"}
    assert "Pinned tax-engine for tenant acme" in pinned.stdout
    assert "Unpinned tax-engine for tenant acme" in freed.stdout
