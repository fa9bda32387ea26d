"""Keys of programs: shown once, listed without a secret, rotated, revoked only by who is sure."""

from __future__ import annotations

import json

import httpx
import pytest

from hotswap.errors import ExitCode
from tests.client.conftest import Terminal

ID = "key_01JD9X4Q2M8W6Z3T7R5N1B0KCE"
SECRET = "hsk_01JD9X4Q2M8W6Z3T7R5N1B0KCE_" + "s" * 43
KEY = {
    "id": ID,
    "name": "shop backend",
    "actions": ["invoke_plugin"],
    "tenants": ["acme"],
    "status": "Active",
    "createdBy": "ada",
    "createdAt": "2026-11-22T15:00:00.000Z",
    "expiresAt": None,
    "rotatedAt": None,
    "revokedAt": None,
    "overlapsUntil": None,
}


@pytest.fixture
def admin(terminal: Terminal) -> Terminal:
    terminal.log_in("admin")
    return terminal


def test_create_shows_the_key_whole_and_says_that_it_is_not_shown_again(admin: Terminal) -> None:
    admin.width = 40
    admin.api.script("POST", "/keys", httpx.Response(201, json={**KEY, "key": SECRET}))

    result = admin.type("key", "create", "shop backend", "--tenant", "acme", "--lifetime", "P90D")

    assert result.exit_code == 0
    assert SECRET in result.stdout.splitlines(), "in one line, to be copied"
    assert "not shown" in result.stdout
    assert admin.api.body("POST", "/keys") == {"name": "shop backend", "tenants": ["acme"], "lifetime": "P90D"}


def test_create_with_dry_run_shows_no_key(admin: Terminal) -> None:
    admin.api.script("POST", "/keys", httpx.Response(200, json={**KEY, "key": None}))

    result = admin.type("key", "create", "shop backend", "--dry-run")

    assert "Would create" in result.stdout
    assert "hsk_" not in result.stdout
    assert admin.api.sent("POST", "/keys")[-1].url.params["validateOnly"] == "true"


def test_list_shows_what_each_key_may_and_never_a_secret(admin: Terminal) -> None:
    page = {"items": [KEY, {**KEY, "tenants": None, "status": "Revoked"}], "nextCursor": None, "hasMore": False}
    admin.api.script("GET", "/keys", httpx.Response(200, json=page))

    lines = admin.type("key", "list").stdout.splitlines()

    assert lines[0].split() == ["KEY", "NAME", "STATUS", "MAY", "TENANTS", "CREATED"]
    assert "acme" in lines[1]
    assert "Revoked" in lines[2]
    assert " all " in lines[2]


def test_rotate_shows_the_new_key_and_until_when_the_old_one_is_good(admin: Terminal) -> None:
    told = {**KEY, "key": SECRET, "overlapsUntil": "2026-11-22T16:00:00.000Z"}
    admin.api.script("POST", f"/keys/{ID}/rotate", httpx.Response(200, json=told))

    result = admin.type("key", "rotate", ID, "--overlap", "PT1H")

    assert admin.api.body("POST", f"/keys/{ID}/rotate") == {"overlap": "PT1H"}
    assert "2026-11-22T16:00:00" in result.stdout
    assert SECRET in result.stdout


def test_revoke_asks_first(admin: Terminal) -> None:
    refused = admin.type("key", "revoke", ID)

    assert refused.exit_code == ExitCode.USAGE
    assert admin.api.sent("DELETE", f"/keys/{ID}") == []

    admin.api.script("DELETE", f"/keys/{ID}", httpx.Response(200, json={**KEY, "status": "Revoked"}))
    assert json.loads(admin.type("key", "revoke", ID, "--yes", "--json").stdout)["status"] == "Revoked"
