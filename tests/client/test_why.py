"""Why a version serves a tenant: five lines for people, the whole document for programs."""

from __future__ import annotations

import json

import httpx
import pytest

from hotswap.errors import ExitCode
from tests.client.conftest import Terminal

PLUGIN = "tax-engine"


@pytest.fixture
def admin(terminal: Terminal) -> Terminal:
    terminal.log_in("admin")
    terminal.api.routes[PLUGIN, "Production"] = "1.2.0"
    return terminal


def test_why_answers_in_five_lines(admin: Terminal) -> None:
    admin.clock.advance(3 * 60)

    result = admin.type("why", PLUGIN, "--tenant", "acme")

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == 5
    assert lines[0] == "✔ tax-engine 1.2.0 serves acme in Production · stable"
    assert "because" in lines[1]
    assert lines[1].endswith("1.2.0 is the stable version of Production.")
    assert lines[2].endswith("1.2.0 · tenant not pinned")
    assert lines[3].endswith("1.2.0 · stable · just now")
    assert lines[4].endswith("sha256:abababababab… · bucket 2518")


def test_why_nothing_serves_is_five_lines_too(admin: Terminal) -> None:
    result = admin.type("why", PLUGIN, "--tenant", "acme", "-e", "QA")

    lines = result.stdout.splitlines()
    assert len(lines) == 5
    assert lines[0] == "✖ nothing of tax-engine serves acme in QA · not-deployed"
    assert lines[3].endswith("nothing yet")


def test_why_shows_a_candidate_and_a_pin(admin: Terminal) -> None:
    shown = {
        "pluginId": PLUGIN,
        "tenantId": "acme",
        "environment": "Production",
        "configuredVersion": "1.2.0",
        "candidateVersion": "2.0.0",
        "candidatePercentage": 30.5,
        "pinnedVersion": "1.1.0",
        "resolvedVersion": "1.1.0",
        "reason": "pin",
        "rules": [{"rule": "pin", "matched": True, "why": "olga pinned the tenant to 1.1.0: audit season"}],
    }
    admin.api.script("GET", f"/tenants/acme/plugins/{PLUGIN}/effective", httpx.Response(200, json=shown))

    result = admin.type("why", PLUGIN, "--tenant", "acme")

    assert "1.2.0 · 2.0.0 at 30.5 % · tenant pinned to 1.1.0" in result.stdout
    assert "audit season" in result.stdout


def test_why_gives_programs_every_rule(admin: Terminal) -> None:
    result = admin.type("--json", "why", PLUGIN, "--tenant", "acme")

    document = json.loads(result.stdout)
    assert [rule["rule"] for rule in document["rules"]] == ["blocked", "stable"]


def test_why_needs_a_tenant(admin: Terminal) -> None:
    assert admin.type("why", PLUGIN).exit_code == ExitCode.USAGE
