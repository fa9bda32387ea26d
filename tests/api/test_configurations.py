"""Configurations over HTTP: checked, guarded by ETag, with a history, and each tenant's own."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.routes import Route, Target
from tests.api.gateway import Answer, Gateway
from tests.api.scenes import PLUGIN, a_plugin, a_ready_version, a_tenant, an_installation
from tests.fakes import FakeWorld

BASE = f"/v1/tenants/acme/plugins/{PLUGIN}/config"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["currency"],
    "additionalProperties": False,
    "properties": {
        "currency": {"enum": ["eur", "usd"]},
        "limits": {"type": "object", "properties": {"a/b": {"type": "integer"}}},
    },
}
#: The ETags of an installation that was made when the fake clock began: milliseconds, then one more a change.
FIRST, NEXT = '"1795359600000"', '"1795359600001"'


@pytest.fixture
def installed(world: FakeWorld, api: Gateway) -> Gateway:
    """Let acme have a plugin of one version, configured with euros."""
    a_plugin(api)
    a_version_with(world, api, "1.0.0", SCHEMA)
    a_tenant(api)
    an_installation(api, configuration={"currency": "eur"})
    return api


def a_version_with(world: FakeWorld, api: Gateway, number: str, schema: dict[str, Any]) -> None:
    ready = a_ready_version(world, api, number)
    manifest = {**ready.manifest, "configSchema": schema}
    world.tables.versions[PLUGIN, number] = replace(ready, manifest=manifest)


def put(api: Gateway, configuration: object, etag: str | None = FIRST, *, query: str = "", as_: str = "olga") -> Answer:
    headers = {} if etag is None else {"If-Match": etag}
    return api.put(BASE + query, {"configuration": configuration}, as_, headers=headers)


def test_a_configuration_is_read_changed_and_read_again(installed: Gateway) -> None:
    before = installed.get(BASE, "olga")

    changed = put(installed, {"currency": "usd"}, before.headers["ETag"])

    assert (before.headers["ETag"], before.json["configuration"]) == (FIRST, {"currency": "eur"})
    assert (changed.status, changed.headers["ETag"]) == (200, NEXT)
    assert (changed.json["revision"], changed.json["checkedAgainst"]) == (2, "1.0.0")
    assert installed.get(BASE, "root").json == changed.json


@pytest.mark.parametrize(
    "etag, status, code",
    [
        (None, 428, "PRECONDITION_REQUIRED"),
        ("", 428, "PRECONDITION_REQUIRED"),
        ('"0"', 412, "PRECONDITION_FAILED"),
        (NEXT, 412, "PRECONDITION_FAILED"),
        (FIRST.strip('"'), 412, "PRECONDITION_FAILED"),
        ("W/" + FIRST, 412, "PRECONDITION_FAILED"),
        ('"' + "9" * 400 + '"', 412, "PRECONDITION_FAILED"),
    ],
)
def test_a_change_that_names_no_state_or_another_one_changes_nothing(
    installed: Gateway, etag: str | None, status: int, code: str
) -> None:
    answer = put(installed, {"currency": "usd"}, etag)

    assert (answer.status, answer.code) == (status, code)
    assert answer.json["fix"]
    assert installed.get(BASE, "olga").json["configuration"] == {"currency": "eur"}


def test_the_second_of_two_who_read_the_same_is_refused(installed: Gateway) -> None:
    first = put(installed, {"currency": "usd"})
    second = put(installed, {"currency": "eur"})

    assert (first.status, second.status) == (200, 412)


def test_an_etag_from_before_the_plugin_was_installed_anew_is_stale(world: FakeWorld, installed: Gateway) -> None:
    installed.delete(BASE.removesuffix("/config"), "olga")
    world.clock.advance(seconds=1)
    an_installation(installed, configuration={"currency": "eur"})

    stale = put(installed, {"currency": "usd"})

    assert stale.status == 412
    assert installed.get(BASE, "olga").json["revision"] == 1


def test_any_state_may_be_asked_for(installed: Gateway) -> None:
    assert put(installed, {"currency": "usd"}, "*").status == 200


def test_all_errors_come_at_once_each_with_its_pointer_and_a_fix(installed: Gateway) -> None:
    answer = put(installed, {"currency": "yen", "limits": {"a/b": "x"}, "colour": 1})

    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    assert answer.wrong == {"/configuration", "/configuration/currency", "/configuration/limits/a~1b"}
    assert all(error["fix"] for error in answer.json["errors"])


def test_enable_checks_the_configuration_too(world: FakeWorld, api: Gateway) -> None:
    a_plugin(api)
    a_version_with(world, api, "1.0.0", SCHEMA)
    a_tenant(api)

    answer = api.post(f"/v1/tenants/acme/plugins/{PLUGIN}/enable", {"configuration": {"currency": "yen"}}, "olga")

    assert (answer.status, answer.wrong) == (400, {"/configuration/currency"})
    assert world.tables.installations == {}


def test_the_schema_is_of_the_version_that_serves_and_not_of_the_newest(world: FakeWorld, installed: Gateway) -> None:
    a_version_with(world, installed, "2.0.0", {"required": ["region"]})
    newest = put(installed, {"currency": "usd"})
    target = Target("1.0.0", "v1-0-0", "1", "ab" * 32)
    world.tables.routes[PLUGIN, "Development"] = Route(PLUGIN, "Development", "salt", stable=target, epoch=1)

    serving = put(installed, {"currency": "usd"})

    assert (newest.status, newest.wrong) == (400, {"/configuration"})
    assert (serving.status, serving.json["checkedAgainst"]) == (200, "1.0.0")


def test_a_dry_run_checks_against_another_version_and_changes_nothing(world: FakeWorld, installed: Gateway) -> None:
    a_version_with(world, installed, "2.0.0", {"required": ["region"]})

    bad = put(installed, {"currency": "eur"}, query="?validateOnly=true&version=2.0.0")
    good = put(installed, {"region": "eu"}, query="?validateOnly=true&version=2.0.0")
    real = put(installed, {"region": "eu"}, query="?version=2.0.0")
    unknown = put(installed, {"region": "eu"}, query="?validateOnly=true&version=9.9.9")

    assert (bad.status, bad.wrong) == (400, {"/configuration"})
    assert (good.status, good.json["checkedAgainst"]) == (200, "2.0.0")
    assert (real.status, real.wrong) == (400, {"/version"})
    assert unknown.status == 404
    assert installed.get(BASE, "olga").json["configuration"] == {"currency": "eur"}


def test_65_kilobytes_are_too_much(installed: Gateway) -> None:
    assert put(installed, {"currency": "e" * 66_560}).code == "PAYLOAD_TOO_LARGE"


def test_the_history_says_who_when_and_what_and_restoring_adds_to_it(installed: Gateway) -> None:
    put(installed, {"currency": "usd"}, as_="root")

    stale = installed.post(f"{BASE}/restore", {"revision": 1}, "olga", headers={"If-Match": FIRST})
    missing = installed.post(f"{BASE}/restore", {"revision": 1}, "olga")
    restored = installed.post(f"{BASE}/restore", {"revision": 1}, "olga", headers={"If-Match": NEXT})
    items = installed.get(f"{BASE}/revisions", "olga").json["items"]

    assert (stale.status, missing.status) == (412, 428)
    assert (restored.json["configuration"], restored.json["revision"]) == ({"currency": "eur"}, 3)
    assert [(each["revision"], each["author"], each["restoredFrom"]) for each in items] == [
        (3, "olga", 1),
        (2, "root", None),
        (1, "root", None),
    ]


def test_what_never_was_or_does_not_fit_any_more_is_not_restored(world: FakeWorld, installed: Gateway) -> None:
    seen = {"If-Match": FIRST}
    never = installed.post(f"{BASE}/restore", {"revision": 7}, "olga", headers=seen)
    a_version_with(world, installed, "2.0.0", {"required": ["region"]})
    put(installed, {"region": "eu"})

    unfit = installed.post(f"{BASE}/restore", {"revision": 1}, "olga", headers={"If-Match": NEXT})

    assert (never.status, unfit.status) == (404, 400)


def test_the_same_configuration_again_is_no_new_revision(installed: Gateway) -> None:
    answer = put(installed, {"currency": "eur"})

    assert (answer.status, answer.json["revision"], answer.headers["ETag"]) == (200, 1, FIRST)


@pytest.mark.parametrize(
    "method, path, body",
    [
        ("GET", "", None),
        ("PUT", "", {"configuration": {}}),
        ("GET", "/revisions", None),
        ("POST", "/restore", {"revision": 1}),
    ],
)
def test_another_tenants_configuration_is_not_found(installed: Gateway, method: str, path: str, body: object) -> None:
    answer = installed.send(method, BASE + path, "otto", body=body, headers={"If-Match": "*"})

    assert (answer.status, answer.json["detail"]) == (404, "There is no tenant 'acme'.")
